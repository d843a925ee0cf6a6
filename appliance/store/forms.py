"""Forms that count once, and drafts that survive a reload or a power cut. Used by foyer-webui only."""

from __future__ import annotations

import json
from typing import Any

from sqlite_utils import Database

from appliance.errors import ConflictError
from appliance.store.db import Change

_KEPT_MS = 7 * 24 * 3600 * 1000
_FOR_GOOD = 2**62


class AlreadySent(ConflictError):
    """The very same form was carried out before: answer as the first time, do nothing again."""

    def __init__(self) -> None:
        super().__init__("This was already saved.")


def claim(change: Change, token: str) -> None:
    """Marks the form as carried out, in the transaction that carries it out. AlreadySent if it was before."""
    _insert(change, token, change.now)
    change.db.execute("DELETE FROM sent_form WHERE at < ?", (change.now - _KEPT_MS,))


def claim_for_good(change: Change, token: str) -> None:
    """The same for what may never happen a second time: a one-time password. AlreadySent if it was before."""
    _insert(change, token, _FOR_GOOD)


def was_sent(db: Database, token: str) -> bool:
    """Whether a form with this token was carried out."""
    return db.execute("SELECT 1 FROM sent_form WHERE token = ?", (token,)).fetchone() is not None


def put_draft(change: Change, name: str, data: dict[str, Any]) -> None:
    """Keeps what was typed so far under a name."""
    change.db.execute(
        "INSERT INTO draft (name, data, updated) VALUES (?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET data = excluded.data, updated = excluded.updated",
        (name, json.dumps(data, ensure_ascii=False), change.now),
    )


def draft(db: Database, name: str) -> dict[str, Any]:
    """What was typed so far, or nothing."""
    row = db.execute("SELECT data FROM draft WHERE name = ?", (name,)).fetchone()
    data = json.loads(row[0]) if row else {}
    return data if isinstance(data, dict) else {}


def drop_old_drafts(change: Change, prefix: str, before: int) -> None:
    """Forgets the drafts whose names begin with `prefix` and that nobody has touched since `before` (ms)."""
    change.db.execute(
        "DELETE FROM draft WHERE substr(name, 1, ?) = ? AND updated < ?", (len(prefix), prefix, before)
    )


def drop_draft(change: Change, name: str) -> None:
    """Forgets a draft; nothing happens if there is none."""
    change.db.execute("DELETE FROM draft WHERE name = ?", (name,))


def _insert(change: Change, token: str, at: int) -> None:
    cursor = change.db.execute("INSERT OR IGNORE INTO sent_form (token, at) VALUES (?, ?)", (token, at))
    if cursor.rowcount == 0:
        raise AlreadySent
