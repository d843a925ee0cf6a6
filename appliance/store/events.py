"""The append-only list of what changed, which browsers and processes follow by id. `Change.event` writes
it.

A follower takes a snapshot together with `latest_id` in one read, then asks `since` that id. If `is_gap`
says that rows it has not seen were pruned, it takes a new snapshot.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlite_utils import Database

from appliance.store.db import Change

_KEPT_MS = 24 * 3600 * 1000


@dataclass(frozen=True)
class Event:
    """`at` is ms UTC; `subject` is the id of the thing that changed, `ids` are those of its relatives."""

    id: int
    at: int
    kind: str
    subject: str
    ids: dict[str, str | int]


def since(db: Database, last_id: int, limit: int = 1000) -> list[Event]:
    """The events after `last_id`, oldest first, at most `limit` of them."""
    rows = db.execute(
        "SELECT id, at, kind, subject, ids FROM event WHERE id > ? ORDER BY id LIMIT ?", (last_id, limit)
    )
    return [Event(number, at, kind, subject, json.loads(ids)) for number, at, kind, subject, ids in rows]


def latest_id(db: Database) -> int:
    """The id of the newest event ever written, pruned or not; 0 before the first."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event'").fetchone()
    return int(row[0]) if row else 0


def is_gap(db: Database, last_id: int) -> bool:
    """Whether a follower at `last_id` must start anew.

    True if later events were pruned, or if it comes from the future: the database was put back from a backup.
    """
    latest = latest_id(db)
    oldest = db.execute("SELECT min(id) FROM event").fetchone()[0]
    first_kept = latest + 1 if oldest is None else int(oldest)
    return last_id + 1 < first_kept or last_id > latest


def prune(change: Change, kept_ms: int = _KEPT_MS) -> int:
    """Deletes events older than `kept_ms`, at most 5,000 at a time; returns how many."""
    return change.db.execute(
        "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at < ? ORDER BY id LIMIT 5000)",
        (change.now - kept_ms,),
    ).rowcount
