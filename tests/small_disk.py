"""A small file system to be filled in a test: of memory, or the one that a box's data is on."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from appliance import space
from tests.until import until

# Linux's list of devices (admin-guide/devices.txt); the test root has none of them by itself.
LOOP_CONTROL, LOOP, LOOPS = os.makedev(10, 237), 7, 64


class SmallDisk:
    """At `path`. `fill` and `clear` may be called again and again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    @property
    def size(self) -> int:
        """In bytes."""
        return space.of(self.path)[0]

    @property
    def free(self) -> int:
        """In bytes."""
        return space.of(self.path)[1]

    def fill(self, leave: int) -> None:
        """Leaves this many bytes free, to a page."""
        self.clear()
        handle = os.open(self._ballast, os.O_WRONLY | os.O_CREAT)
        try:
            until(lambda: self._is_filled(handle, leave), 10, "the disk to be full")
        finally:
            os.close(handle)

    def _is_filled(self, handle: int, leave: int) -> bool:
        """False: others wrote between the look and the filling."""
        try:
            os.posix_fallocate(handle, 0, self.free - leave)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            return False
        return True

    def clear(self) -> None:
        """Frees what was filled."""
        self._ballast.unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(path: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mounts it; tests run in a mount namespace of their own."""
    path.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", path], check=True)
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


@contextlib.contextmanager
def small_ext4(path: Path, megabytes: int) -> Iterator[SmallDisk]:
    """The same as ext4, whose room ends in other ways than memory's: it keeps some for root and some for its
    own tables, and gives out none before data is written out.
    """
    path.mkdir(exist_ok=True)
    disk = path.with_suffix(".img")
    with disk.open("wb") as file:
        file.truncate(megabytes << 20)
    subprocess.run(["mkfs.ext4", "-q", disk], check=True)
    for name, device in (
        ("loop-control", LOOP_CONTROL),
        *((f"loop{number}", os.makedev(LOOP, number)) for number in range(LOOPS)),
    ):
        kind = stat.S_IFBLK if device != LOOP_CONTROL else stat.S_IFCHR
        with contextlib.suppress(FileExistsError):
            os.mknod(f"/dev/{name}", 0o600 | kind, device)
    subprocess.run(["mount", "-o", "loop", disk, path], check=True)
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)
        disk.unlink()
