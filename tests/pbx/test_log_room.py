"""Blocks that are kept for Asterisk's logs, on a full ext4 as a box has it: no line is lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.pbx.ami_session import ActionSession
from appliance.pbx.log_file import LogFile
from appliance.pbx.log_room import AHEAD_BYTES, keep
from appliance.pbx.log_rotation import FILES, FREE_BYTES, Limits, LogRotation
from appliance.pbx.rows import CEL
from appliance.store import Store
from appliance.store.feeds import Position
from tests.pbx.test_log_rotation import nobody, read_to_the_end
from tests.small_disk import SmallDisk, small_ext4

__all__ = ["nobody"]

LINES = [f"{number:05} {'x' * 600}" for number in range(2000)]
NOBODY = 65534


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_ext4(tmp_path / "disk", 100) as disk:
        yield disk


def append(log: Path, lines: list[str]) -> None:
    """As Asterisk, which is not root: some of the last blocks are root's."""
    text = "".join(f"{line}\n" for line in lines)
    with log.open("ab") as file:
        subprocess.run(
            ["/usr/bin/cat"], input=text.encode(), stdout=file, user=NOBODY, group=NOBODY, check=False
        )


def read(log: Path) -> list[str]:
    """As the thread `history` reads it."""
    lines: list[str] = []
    file = LogFile(log, Position())
    while chunk := file.read():
        lines += chunk.lines
    file.close()
    return lines


def kept(log: Path) -> int:
    """What there is on the disk behind the log's end, in bytes."""
    status = log.stat()
    return status.st_blocks * 512 - status.st_size


def test_a_full_disk_loses_no_line(disk: SmallDisk) -> None:
    log, other = disk.path / "cel.jsonl", disk.path / "other"
    for path in (log, other):
        append(path, LINES[:1])
    keep(log)
    disk.fill(leave=0)
    for path in (log, other):
        append(path, LINES[1:])
    assert read(log) == LINES
    assert len(read(other)) < len(LINES) // 100, "what was to be shown: this one has no room"


def test_room_is_made_again_once_half_of_it_is_used(disk: SmallDisk) -> None:
    log = disk.path / "queue_log"
    keep(log)
    assert (log.stat().st_size, kept(log)) == (0, AHEAD_BYTES)
    assert log.stat().st_mode & 0o777 == 0o660 & ~_umask()
    append(log, LINES)
    os.sync()
    keep(log)
    assert AHEAD_BYTES // 2 <= kept(log) < AHEAD_BYTES
    append(log, LINES * 2)
    os.sync()
    keep(log)
    assert AHEAD_BYTES <= kept(log) <= AHEAD_BYTES + 64 * 1024
    assert read(log) == LINES * 3


def test_no_room_is_an_error_only_when_it_is_needed(disk: SmallDisk) -> None:
    log = disk.path / "cel.jsonl"
    keep(log)
    disk.fill(leave=0)
    keep(log)
    # For root there is a twentieth more.
    with pytest.raises(OSError, match="space"):
        for number in range(disk.size // AHEAD_BYTES):
            keep(disk.path / f"queue_log.{number}")


def _umask() -> int:
    before = os.umask(0)
    os.umask(before)
    return before


def test_a_new_file_has_room_at_once(store: Store, disk: SmallDisk, nobody: ActionSession) -> None:
    logs = LogRotation(store, disk.path, nobody, Limits(size_bytes=100, pause_s=0))
    log = disk.path / FILES[CEL]
    append(log, LINES[:1])
    read_to_the_end(store, CEL, log)
    disk.fill(leave=FREE_BYTES - 100_000)
    logs.keep_room()
    logs.turn_call_events()
    assert log.stat().st_size, "there may be no room for another soon"
    disk.fill(leave=FREE_BYTES + 100_000)
    logs.turn_call_events()
    assert (log.stat().st_size, kept(log)) == (0, AHEAD_BYTES)
