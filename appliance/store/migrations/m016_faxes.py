"""Faxes: how many pages one has, and those that wait for somebody or for their PDF, found at once."""

from __future__ import annotations

from sqlite_utils import Database


def apply(db: Database) -> None:
    """Adds the column, which only messages of kind fax have, and indexes with the conditions of faxes.py."""
    db.execute("ALTER TABLE message ADD COLUMN pages INTEGER")
    db.execute(
        "CREATE INDEX message_fax_waiting ON message (created)"
        " WHERE kind = 'fax' AND pages IS NOT NULL AND body <> 'quiet' AND done_at IS NULL"
    )
    db.execute("CREATE INDEX message_fax_unseen ON message (created) WHERE kind = 'fax' AND pages IS NULL")
