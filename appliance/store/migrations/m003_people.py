"""How a person's calls are treated (blocked, priority), and the files of people who were erased."""

from __future__ import annotations

from sqlite_utils import Database


def apply(db: Database) -> None:
    """Adds the columns and the table."""
    db.executescript(PEOPLE)


PEOPLE = """
ALTER TABLE person ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE person ADD COLUMN priority TEXT NOT NULL DEFAULT 'normal';
-- Those whose calls are not like everybody's: few, and looked up whenever anybody changes.
CREATE INDEX person_treated ON person(id) WHERE blocked = 1 OR priority <> 'normal' OR language <> '';

CREATE TABLE doomed_file (                -- recordings of erased people: on the disk until the row is gone
    path TEXT PRIMARY KEY,                -- relative to the recordings' directory
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""
