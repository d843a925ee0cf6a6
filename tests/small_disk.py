"""A small file system of memory, to be filled in a test."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from appliance import space
from tests.until import until


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
