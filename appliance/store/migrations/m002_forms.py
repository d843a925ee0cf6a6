"""What the pages need so that a form counts once and a half-filled one survives: sent forms, drafts."""

from __future__ import annotations

from sqlite_utils import Database


def apply(db: Database) -> None:
    """Creates the two tables."""
    db.executescript(FORMS)


FORMS = """
CREATE TABLE sent_form (                  -- the tokens of forms that were carried out, kept for a week
    token TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sent_form_at ON sent_form(at);

CREATE TABLE draft (                      -- what somebody has typed and not yet saved
    name TEXT PRIMARY KEY,
    data TEXT NOT NULL,                   -- JSON
    updated INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""
