"""What foyer-pbx has read of Asterisk's two logs: how far, and the raw rows of the calls of the last days.

The rows of a batch, the conversation built from them and the new offset are one change, so that every line
counts once whatever dies when.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from appliance.store.db import Change
from appliance.store.text import storable, to_json

_KEPT_MS = 7 * 24 * 3600 * 1000


@dataclass(frozen=True)
class Position:
    """Which file (inode) was read, up to which byte; (0, 0) if none ever was."""

    inode: int = 0
    offset: int = 0


@dataclass(frozen=True)
class RawEvent:
    """One line of a log, as parsed: `at` is ms UTC, `seq` the order in which the lines were read."""

    seq: int
    source: str
    linkedid: str
    at: int
    row: dict[str, Any]


def position(db: Database, source: str) -> Position:
    """How far `source` has been read."""
    row = db.execute("SELECT inode, offset FROM feed WHERE source = ?", (source,)).fetchone()
    return Position(*row) if row else Position()


def advance(change: Change, source: str, inode: int, offset: int) -> None:
    """`source` has been read up to here."""
    change.db.execute(
        "INSERT INTO feed (source, inode, offset, at) VALUES (?, ?, ?, ?) ON CONFLICT (source) DO UPDATE"
        " SET inode = excluded.inode, offset = excluded.offset, at = excluded.at",
        (source, inode, offset, change.now),
    )


def heard(db: Database, source: str) -> int:
    """When `source` was last advanced, ms UTC; 0 if it never was."""
    row = db.execute("SELECT at FROM feed WHERE source = ?", (source,)).fetchone()
    return int(row[0]) if row else 0


def add(change: Change, source: str, rows: Iterable[tuple[str, int, Mapping[str, Any]]]) -> None:
    """Keeps lines as (linkedid, at in ms, row), in this order."""
    change.db.conn.executemany(
        "INSERT INTO pbx_event (source, linkedid, at, row) VALUES (?, ?, ?, ?)",
        ((source, storable(linkedid), at, to_json(dict(row))) for linkedid, at, row in rows),
    )


def of_call(db: Database, linkedid: str) -> list[RawEvent]:
    """All rows kept of one call, in the order in which they were read."""
    rows = db.execute(
        "SELECT seq, source, linkedid, at, row FROM pbx_event WHERE linkedid = ? ORDER BY seq", (linkedid,)
    )
    return [RawEvent(seq, source, linked, at, json.loads(row)) for seq, source, linked, at, row in rows]


def not_kept_yet(
    source: str, rows: Iterable[tuple[str, int, Mapping[str, Any]]], after: int
) -> list[RawEvent]:
    """What `add` will have kept of these lines, if the last one kept so far is number `after`."""
    return [
        RawEvent(seq, source, storable(linkedid), at, json.loads(to_json(dict(row))))
        for seq, (linkedid, at, row) in enumerate(rows, after + 1)
    ]


def extent(db: Database, linkedid: str) -> tuple[int, int]:
    """How many rows are kept of one call, and their bytes. Rows are added by the feed alone; erasing a person
    deletes some, and makes others shorter.
    """
    found = db.execute(
        "SELECT count(*), coalesce(sum(octet_length(row)), 0) FROM pbx_event WHERE linkedid = ?", (linkedid,)
    ).fetchone()
    return int(found[0]), int(found[1])


def prune(change: Change, kept_ms: int = _KEPT_MS) -> int:
    """Deletes rows older than `kept_ms`, at most 5,000 at a time; returns how many. Those of calls whose end
    is not known stay: a box that was without power for weeks learns of it from the next start of Asterisk.
    """
    return change.db.execute(
        "DELETE FROM pbx_event WHERE seq IN (SELECT seq FROM pbx_event WHERE at < ? AND linkedid NOT IN"
        " (SELECT origin FROM conversation WHERE state = 'open' AND origin != '')"
        " ORDER BY at LIMIT 5000)",
        (change.now - kept_ms,),
    ).rowcount
