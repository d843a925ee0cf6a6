"""A conversation knows that its person was erased, so that nothing is written into it any more."""

from __future__ import annotations

from sqlite_utils import Database


def apply(db: Database) -> None:
    """Adds the column: when that was, ms UTC; NULL for all others."""
    db.execute("ALTER TABLE conversation ADD COLUMN erased INTEGER")
