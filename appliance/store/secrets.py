"""Credentials that the box itself must be able to read: a line's password, a conference room's PIN, the
random passwords of phones.

Names: `line:<line id>`, `room:<room id>`, `sip:<agent id>` (browser), `sip:<agent id>d` (desk phone).
They are not part of the site document, so no undo brings an old one back, and never part of an event, an
audit row or a log.
"""

from __future__ import annotations

import secrets

from sqlite_utils import Database

from appliance.store.db import Change

_RANDOM_BYTES = 24


def put(change: Change, name: str, value: str) -> None:
    """Keeps `value` under `name`, in place of what was there."""
    change.db.execute(
        "INSERT INTO secret (name, value, updated) VALUES (?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated = excluded.updated",
        (name, value, change.now),
    )


def get(db: Database, name: str) -> str | None:
    """The value, or None if none was ever put there."""
    row = db.execute("SELECT value FROM secret WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else None


def ensure(change: Change, name: str) -> str:
    """The value; a new random one (192 bits as 32 letters, digits, - and _) if there is none yet."""
    value = get(change.db, name)
    if value is None:
        value = secrets.token_urlsafe(_RANDOM_BYTES)
        put(change, name, value)
    return value


def drop(change: Change, name: str) -> None:
    """Forgets it; nothing happens if there is none."""
    change.db.execute("DELETE FROM secret WHERE name = ?", (name,))
