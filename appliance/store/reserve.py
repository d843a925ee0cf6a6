"""A file of nothing beside the database, given up when the disk is full, so that the database can still be
written to.

Made by foyer-setup, and again by foyer-pbx once there is room. `Store.change()` gives it up: before a change
for which there might be no room, since what has failed half-way can only be undone.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from appliance import space

_log = logging.getLogger(__name__)

BYTES = 64 * 1024 * 1024
"""As much as the write-ahead log may grow to."""
SHARE = 50
"""A small disk gives less: one part in fifty."""
NEEDED_BYTES = 8 * 1024 * 1024
"""More than any change writes: the rows of one batch, a site with thousands of numbers."""
_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


def make(db: Path) -> bool:
    """Makes the reserve of this database if there is none and the disk has room; returns whether it did."""
    file = _file(db)
    size, free = space.of(db.parent)
    length = min(BYTES, size // SHARE)
    if file.exists() or free < space.resumes_above(size) + length:
        return False
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o660)
    try:
        os.posix_fallocate(handle, 0, length)
    finally:
        os.close(handle)
    part.rename(file)
    return True


@contextlib.contextmanager
def given_up_if_full(db: Path) -> Iterator[None]:
    """Around a change: frees the reserve if the disk has hardly any room. If SQLite finds none all the same
    (somebody else was quicker, or the change is a large one), the error goes on, and the next try has room.
    """
    with contextlib.suppress(OSError):
        if space.of(db.parent)[1] < NEEDED_BYTES:
            _give_up(db)
    try:
        yield
    except sqlite3.Error as error:
        # The shared memory beside the database cannot grow either, and that is an I/O error.
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _FULL:
            _give_up(db)
        raise


def _give_up(db: Path) -> None:
    try:
        _file(db).unlink()
    except FileNotFoundError:
        return
    _log.error("The disk is full: what was kept back for the database is used now.")


def _file(db: Path) -> Path:
    return db.with_suffix(".reserve")
