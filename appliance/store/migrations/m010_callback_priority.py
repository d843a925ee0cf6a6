"""Who had priority keeps it when called back."""

from __future__ import annotations

from sqlite_utils import Database


def apply(db: Database) -> None:
    """Adds the column: app_queue's priority, as the caller had it."""
    db.execute("ALTER TABLE callback ADD COLUMN priority INTEGER NOT NULL DEFAULT 0")
