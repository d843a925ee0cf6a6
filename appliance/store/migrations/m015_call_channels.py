"""A call knows over which channel of a telephone card it came in or went out."""

from __future__ import annotations

from sqlite_utils import Database


def apply(db: Database) -> None:
    """Adds the column: DAHDI's number of the channel; NULL for calls over no card."""
    db.execute("ALTER TABLE conversation ADD COLUMN card_channel INTEGER")
