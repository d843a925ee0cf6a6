"""Follows one log file from where it was left: by inode and offset, through rotation, truncation and cut
lines.

Used by `feed.py`, which keeps the position in the same transaction as what it read, and by
`log_rotation.py`. Nothing is ever written here.
"""

from __future__ import annotations

import logging
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from appliance.store.feeds import Position

_log = logging.getLogger(__name__)

CHUNK_BYTES = 16 * 1024
LINE_BYTES = 1024 * 1024
"""A line longer than this is no event of a call; it is skipped."""
LATE_S = 1.0
"""How long the old file is still read after a rotation: its writer may not have noticed yet."""

_ROTATED = re.compile(r"[.-][0-9][0-9.-]*")


@dataclass(frozen=True)
class Chunk:
    """Whole lines, without their ends, and the position after the last of them."""

    lines: tuple[str, ...]
    position: Position


class LogFile:
    """Reads on at `position`; what `read` returned is not returned again."""

    def __init__(self, path: Path, position: Position) -> None:
        self._path = path
        self._position = position
        self._file: int | None = None
        self._rest = b""
        self._replaced_at: float | None = None

    def close(self) -> None:
        """Lets go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def read(self) -> Chunk | None:
        """The next lines; None if there are none yet."""
        if self._file is None and not self._open():
            return None
        assert self._file is not None
        start = self._position.offset + len(self._rest)
        data = os.pread(self._file, CHUNK_BYTES, start)
        if not data:
            self._look_for_another(start)
            return None
        self._replaced_at = None
        whole, end, rest = (self._rest + data).rpartition(b"\n")
        if not end:
            self._rest = rest
            if len(rest) > LINE_BYTES:
                self._skip(len(rest), "a line without an end")
            return None
        self._rest = rest
        offset = self._position.offset + len(whole) + len(end)
        self._position = Position(self._position.inode, offset)
        return Chunk(tuple(whole.decode("utf-8", "replace").split("\n")), self._position)

    def _open(self) -> bool:
        """Opens the file that was read last, under whatever name it has now. If none ever was, the oldest
        there is.
        """
        known = files_of(self._path)
        path = next((path for path, inode in known if inode == self._position.inode), None)
        if path is not None:
            return self._open_file(path, keeps_offset=True)
        if self._position.inode:
            _log.warning("%s: the file read last is gone; reading goes on with the present one.", self._path)
            return self._open_file(self._path, keeps_offset=False)
        return bool(known) and self._open_file(known[0][0], keeps_offset=False)

    def _open_file(self, path: Path, *, keeps_offset: bool) -> bool:
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        self.close()
        self._file, self._rest, self._replaced_at = file, b"", None
        status = os.fstat(file)
        offset = self._position.offset if keeps_offset else 0
        self._position = Position(status.st_ino, 0 if status.st_size < offset else offset)
        return True

    def _look_for_another(self, end: int) -> None:
        """At the end of the file: it may have been emptied, or another have taken its place."""
        assert self._file is not None
        if os.fstat(self._file).st_size < end:
            _log.warning("%s was emptied; reading begins anew.", self._path)
            self._position, self._rest = Position(self._position.inode, 0), b""
            return
        try:
            is_present = self._path.stat().st_ino == self._position.inode
        except FileNotFoundError:
            return  # Renamed, and the new one is not there yet.
        if is_present:
            self._replaced_at = None
            return
        now = time.monotonic()
        if self._replaced_at is None:
            self._replaced_at = now
        elif now - self._replaced_at >= LATE_S:
            if self._rest:
                self._skip(len(self._rest), "a line that was cut short")
            self._open_file(self._next_file(), keeps_offset=False)

    def _next_file(self) -> Path:
        """The file that came after the one that is open: the present one, unless it was rotated more than
        once.
        """
        known = files_of(self._path)
        inodes = [inode for _, inode in known]
        if self._position.inode in inodes[:-1]:
            return known[inodes.index(self._position.inode) + 1][0]
        return self._path

    def _skip(self, count: int, what: str) -> None:
        _log.warning("%s: %s of %d bytes at %d is skipped.", self._path, what, count, self._position.offset)
        self._position = Position(self._position.inode, self._position.offset + count)
        self._rest = b""


def files_of(log: Path) -> list[tuple[Path, int]]:
    """A log's files with their inodes, the oldest first, the present one last."""
    found: list[tuple[bool, int, Path, int]] = []
    for path in log.parent.glob(f"{log.name}*"):
        suffix = path.name.removeprefix(log.name)
        if suffix and not _ROTATED.fullmatch(suffix):
            continue
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        found.append((not suffix, status.st_mtime_ns, path, status.st_ino))
    return [(path, inode) for _, _, path, inode in sorted(found)]
