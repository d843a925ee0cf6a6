"""What foyer-apply says of a revision, kept so that a page can say it in any language: hint and values beside
the message, which is a msgid from here on.
"""

from __future__ import annotations

from sqlite_utils import Database


def apply(db: Database) -> None:
    """Adds the two columns; what was said before stays as it is, in English."""
    db.execute("ALTER TABLE apply_state ADD COLUMN hint TEXT NOT NULL DEFAULT ''")
    # JSON: the values by placeholder.
    db.execute("ALTER TABLE apply_state ADD COLUMN filling TEXT NOT NULL DEFAULT '{}'")
