"""Recordings that must go from the disk: noted in the change that erased their rows, deleted afterwards.

A file cannot be deleted within a transaction: too early, and the rows come back without it; too late, and a
crash leaves a recording of which nobody knows. So its path is a row until it is gone. foyer-pbx deletes
(housekeeping.py).
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from appliance.store.db import Change


def doom(change: Change, paths: Iterable[str]) -> None:
    """These files, relative to the recordings' folder, have to go."""
    change.db.conn.executemany(
        "INSERT OR IGNORE INTO doomed_file (path, since) VALUES (?, ?)",
        ((path, change.now) for path in paths),
    )


def doomed(db: Database, limit: int = 100) -> list[str]:
    """The files that have to go, those that wait longest first."""
    rows = db.execute("SELECT path FROM doomed_file ORDER BY since, path LIMIT ?", (limit,))
    return [str(row[0]) for row in rows]


def gone(change: Change, paths: Iterable[str]) -> None:
    """These files are on the disk no more."""
    change.db.conn.executemany("DELETE FROM doomed_file WHERE path = ?", ((path,) for path in paths))
