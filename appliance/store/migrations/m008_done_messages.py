"""Who has dealt with a message that a caller left, and when."""

from __future__ import annotations

from sqlite_utils import Database


def apply(db: Database) -> None:
    """Adds the columns; only messages of kind voicemail ever have something in them."""
    db.execute("ALTER TABLE message ADD COLUMN done_at INTEGER")
    db.execute("ALTER TABLE message ADD COLUMN done_by TEXT")
