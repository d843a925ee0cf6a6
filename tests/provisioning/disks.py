"""Disks for the tests of flash.sh: a table that a stand-in for lsblk reads, and loop devices to write to.

No test can reach a disk of the machine: the test root's /dev has none, which `guard` makes sure of, and the
stand-in names only those of the table.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

# linux/loop.h, linux/major.h, linux/miscdevice.h
LOOP_CTL_GET_FREE = 0x4C82
LOOP_MAJOR = 7
LOOP_CONTROL = os.makedev(10, 237)

# What `lsblk --pairs` prints, from disks.json beside it: a list of trees of {"NAME": ..., "children": [...]}.
LSBLK = """#!/usr/bin/python3
import json, pathlib, sys

def flat(disk):
    yield disk
    for child in disk.get("children", ()):
        yield from flat(child)

disks = json.loads(pathlib.Path(__file__).with_name("disks.json").read_text())
columns = sys.argv[sys.argv.index("--output") + 1].split(",")
assert "--pairs" in sys.argv
if sys.argv[-1].startswith("/dev/"):
    disks = [item for disk in disks for item in flat(disk) if item["NAME"] == sys.argv[-1][5:]]
    if not disks:
        sys.exit("lsblk: not a block device")
if "--nodeps" not in sys.argv:
    disks = [item for disk in disks for item in flat(disk)]
for disk in disks:
    print(" ".join('%s="%s"' % (column, disk.get(column, "")) for column in columns))
"""


def disk(name: str, size: int = 32_010_928_128, **more: object) -> dict[str, object]:
    """A row of the table: a disk of that size in bytes, on which nothing stands unless told otherwise."""
    row = {"NAME": name, "TYPE": "disk", "SIZE": str(size), "RO": "0", "TRAN": "usb", "MODEL": "Sample Stick"}
    return {**row, **more}


def part(name: str, kind: str = "part", **more: object) -> dict[str, object]:
    """What stands on a disk: a partition, or another kind of layer."""
    return {"NAME": name, "TYPE": kind, "SIZE": "1000000", "RO": "0", **more}


def put_lsblk(folder: Path, disks: list[dict[str, object]]) -> None:
    """Puts the stand-in into a folder that is to stand first in PATH."""
    folder.mkdir(exist_ok=True)
    (folder / "disks.json").write_text(json.dumps(disks))
    (folder / "lsblk").write_text(LSBLK)
    (folder / "lsblk").chmod(0o755)


def guard() -> None:
    """Fails the test when a disk of the machine could be reached."""
    for node in Path("/dev").iterdir():
        try:
            status = node.lstat()
        except FileNotFoundError:  # a loop device of a test that runs beside this one
            continue
        if stat.S_ISBLK(status.st_mode):
            assert os.major(status.st_rdev) == LOOP_MAJOR, f"{node} is no place for this test"


@contextmanager
def loop_device(file: Path) -> Iterator[str]:
    """The name, such as "loop3", of a block device that stands on the file; skips where there is no such."""
    guard()
    control = Path("/dev/loop-control")
    if not control.exists():
        os.mknod(control, 0o600 | stat.S_IFCHR, LOOP_CONTROL)
    try:
        handle = os.open(control, os.O_RDWR)
    except OSError:
        pytest.skip("this kernel has no loop devices")
    try:
        node = _attached(handle, file)
    finally:
        os.close(handle)
    try:
        yield node.name
    finally:
        subprocess.run(["losetup", "--detach", node], check=True)
        node.unlink()


def _attached(control: int, file: Path) -> Path:
    """The node of a free loop device that now stands on the file. Between "this one is free" and taking it,
    whoever else uses the kernel may have taken it: then the next free one is asked for.
    """
    for attempt in range(10):
        number = fcntl.ioctl(control, LOOP_CTL_GET_FREE)
        node = Path(f"/dev/loop{number}")
        with suppress(FileExistsError):
            os.mknod(node, 0o600 | stat.S_IFBLK, os.makedev(LOOP_MAJOR, number))
        if subprocess.run(["losetup", node, file], check=attempt == 9).returncode == 0:
            return node
    raise AssertionError("unreachable: the last attempt raises")
