"""The messages that wait for somebody, found at once: every page says how many there are."""

from __future__ import annotations

from sqlite_utils import Database


def apply(db: Database) -> None:
    """Adds the index; its condition is that of voicemails.inbox."""
    db.execute(
        "CREATE INDEX message_waiting ON message (created)"
        " WHERE kind = 'voicemail' AND duration_ms > 0 AND done_at IS NULL"
    )
