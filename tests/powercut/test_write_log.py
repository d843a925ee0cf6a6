"""The log that real QEMU writes, and the disks that are made of it."""

from __future__ import annotations

import random
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.powercut import write_log
from tests.powercut.write_log import BLOCK, Cut, Entry, Flag, Piece

DISK = 1 << 20
SECTOR = 512
# A command of qemu-io(1) each.
COMMANDS = st.lists(
    st.one_of(
        st.builds(
            lambda pattern, sector, count: f"write -P {pattern} {sector * SECTOR} {count * SECTOR}",
            st.integers(1, 255),
            st.integers(0, DISK // SECTOR - 64),
            st.integers(1, 64),
        ),
        st.builds(
            lambda kind, block, count: f"{kind} {block * BLOCK} {count * BLOCK}",
            st.sampled_from(("discard", "write -z")),
            st.integers(0, DISK // BLOCK - 16),
            st.integers(1, 16),
        ),
        st.just("flush"),
    ),
    max_size=12,
)


def logged(folder: Path, commands: Sequence[str]) -> tuple[Path, tuple[Entry, ...]]:
    """The log of these commands of qemu-io; the disk itself is left in folder/disk."""
    disk, log = folder / "disk", folder / "log"
    for path in (disk, log):
        path.write_bytes(b"")
    with disk.open("r+b") as file:
        file.truncate(DISK)
    options = f"driver=blklogwrites,discard=unmap,file.driver=file,file.discard=unmap,file.filename={disk}"
    arguments = [part for command in commands for part in ("-c", command)]
    subprocess.run(
        ["qemu-io", "--image-opts", f"{options},log.driver=file,log.filename={log}", *arguments],
        check=True,
        capture_output=True,
    )
    return log, write_log.read(log)


def replayed(folder: Path, log: Path, entries: tuple[Entry, ...], cut: Cut) -> bytes:
    disk = folder / "replayed"
    disk.write_bytes(bytes(DISK))
    write_log.replay(log, entries, cut, disk)
    return disk.read_bytes()


@settings(max_examples=15, deadline=None)
@given(COMMANDS, st.randoms(use_true_random=False))
def test_the_whole_log_makes_the_disk(commands: list[str], chance: Random) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log, entries = logged(folder, ["write -P 7 0 512", *commands, "flush"])
        cut = write_log.cut(entries, len(entries), chance)
        assert replayed(folder, log, entries, cut) == (folder / "disk").read_bytes()


def test_what_was_flushed_is_there_and_the_rest_is_as_chance_has_it(tmp_path: Path) -> None:
    log, entries = logged(
        tmp_path,
        ["write -P 1 0 64k", "flush", "write -P 2 16k 16k", "discard 0 4k", "write -P 3 32k 1k"],
    )
    done = next(number for number, entry in enumerate(entries, 1) if entry.flags & Flag.FLUSH) + 3
    found = set()
    for seed in range(60):
        cut = write_log.cut(entries, done, random.Random(seed))
        disk = replayed(tmp_path, log, entries, cut)
        assert disk[4096 : 16 << 10] == b"\1" * (12 << 10), "what was flushed and left alone"
        assert disk[64 << 10 :] == bytes(DISK - (64 << 10)), "what was never written"
        # A block is the old one or the new one, never a mixture.
        blocks = [disk[(16 << 10) + at : (16 << 10) + at + BLOCK] for at in range(0, 16 << 10, BLOCK)]
        assert all(len(set(block)) == 1 for block in blocks)
        found.add((disk[0], bytes(block[0] for block in blocks), disk[32 << 10]))
    assert (1, b"\1\1\1\1", 1) in found, "all of it was lost at least once"
    assert (0, b"\2\2\2\2", 3) in found, "all of it survived at least once"
    assert len(found) > 10


def test_of_two_writes_to_a_place_the_later_wins(tmp_path: Path) -> None:
    log, entries = logged(tmp_path, ["write -P 1 0 4k", "write -P 2 0 4k", "flush"])
    survivors = tuple(piece for entry in entries[:2] for piece in write_log.blocks(entry))
    assert replayed(tmp_path, log, entries, Cut(2, 0, survivors))[0] == 2


def test_at_a_moment_something_is_not_flushed() -> None:
    kinds = [Flag(0), Flag.FLUSH, Flag(0), Flag.DISCARD, Flag.FLUSH, Flag.FLUSH, Flag(0)]
    entries = tuple(Entry(kind, 0, 0, 0, 0) for kind in kinds)
    assert {write_log.moment(entries, 2, 7, random.Random(seed)) for seed in range(100)} == {3, 4, 7}
    assert [write_log.safe(entries, done) for done in range(8)] == [0, 0, 2, 2, 2, 5, 6, 6]


@pytest.mark.parametrize(
    ("offset", "size", "pieces"),
    [
        (0, 512, [(0, 512)]),
        (3584, 1024, [(3584, 512), (4096, 512)]),
        (4096, 8192, [(4096, 4096), (8192, 4096)]),
        (2048, 10240, [(2048, 2048), (4096, 4096), (8192, 4096)]),
        (0, 0, []),
    ],
)
def test_a_request_is_torn_between_blocks(offset: int, size: int, pieces: list[tuple[int, int]]) -> None:
    torn = write_log.blocks(Entry(Flag(0), offset, size, 100, 100 + size))
    assert torn == [Piece(start, length, 100 + start - offset) for start, length in pieces]


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"no log at all" * 100):
        (tmp_path / "log").write_bytes(content)
        with pytest.raises(ValueError, match="log"):
            write_log.read(tmp_path / "log")
