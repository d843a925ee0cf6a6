"""When the data disk counts as full, and what Asterisk was told of it.

The one place of these limits: foyer-disk stops recording by them, foyer-pbx tells the pages, the checks of
the box's health say it in words. Recording is what fills a disk; it stops first, so that calls go on and the
database stays writable.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

STOP_BYTES = 10**9
"""Room for 60 calls that are recorded already, 16 kB a second each, to go on for 17 minutes."""
STOP_SHARE = 20
"""A disk is not full because it is small: at most one part in twenty has to stay free."""


def stops_below(size: int) -> int:
    """No new call is recorded with less free than this, in bytes, on a disk of `size` bytes."""
    return min(STOP_BYTES, size // STOP_SHARE)


def resumes_above(size: int) -> int:
    """Calls are recorded again with more free than this: far enough away that it does not flap."""
    return 2 * stops_below(size)


def is_full(size: int, free: int, was_full: bool) -> bool:
    """Whether recording has to be stopped, or to stay so."""
    return free <= resumes_above(size) if was_full else free < stops_below(size)


def of(place: Path) -> tuple[int, int]:
    """Size of the file system at `place`, and what is free for others than root, in bytes. OSError."""
    status = os.statvfs(place)
    return status.f_blocks * status.f_frsize, status.f_bavail * status.f_frsize


@dataclass(frozen=True)
class Told:
    """What Asterisk was told last, and when (ms UTC)."""

    is_full: bool
    since: int

    def write(self, file: Path) -> None:
        """Keeps it, whole or not at all."""
        part = file.with_suffix(".part")
        part.write_text(f"{'full' if self.is_full else 'room'} {self.since}\n")
        part.rename(file)


def told(file: Path) -> Told | None:
    """What was kept; None if nothing was, since the box was switched on."""
    try:
        word, _, since = file.read_text().strip().partition(" ")
    except FileNotFoundError:
        return None
    return Told(word == "full", int(since)) if since.isdigit() else None
