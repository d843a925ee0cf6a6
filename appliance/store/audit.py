"""Who did what, for the administrator to read. Rows are never changed, and kept for two years; nothing secret
goes into a detail.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from appliance.store.db import Change
from appliance.store.ids import new_id
from appliance.store.text import to_json

_KEPT_MS = 2 * 365 * 24 * 3600 * 1000


@dataclass(frozen=True)
class Entry:
    """`at` is ms UTC; `who` a user id or the name of a process; `action` such as "user.disable"."""

    id: str
    at: int
    who: str
    action: str
    subject: str
    detail: dict[str, Any]


def record(change: Change, who: str, action: str, subject: str = "", **detail: Any) -> None:
    """Writes one row into the change that it is about."""
    change.db.execute(
        "INSERT INTO audit (id, at, who, action, subject, detail) VALUES (?, ?, ?, ?, ?, ?)",
        (new_id(), change.now, who, action, subject, to_json(detail)),
    )


def recent(
    db: Database, limit: int = 100, before: str | None = None, *, who: str = "", action: str = ""
) -> list[Entry]:
    """The newest rows first, of one `who` or one `action` if given; `before` is the id of the last row of
    the page before.
    """
    rows = db.query(
        "SELECT id, at, who, action, subject, detail FROM audit"
        " WHERE (:before IS NULL OR (at, rowid) < (SELECT at, rowid FROM audit WHERE id = :before))"
        " AND (:who = '' OR who = :who) AND (:action = '' OR action = :action)"
        " ORDER BY at DESC, rowid DESC LIMIT :limit",
        {"before": before, "who": who, "action": action, "limit": limit},
    )
    return [Entry(**{**row, "detail": json.loads(row["detail"])}) for row in rows]


def actions(db: Database) -> list[str]:
    """Every action that stands in the journal, in alphabetical order."""
    return [str(row[0]) for row in db.execute("SELECT DISTINCT action FROM audit ORDER BY action")]


def prune(change: Change, kept_ms: int = _KEPT_MS) -> int:
    """Deletes rows older than `kept_ms`, at most 5,000 at a time; returns how many."""
    return change.db.execute(
        "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ? ORDER BY at LIMIT 5000)",
        (change.now - kept_ms,),
    ).rowcount
