"""Numbers that callers left to be called back."""

from __future__ import annotations

from sqlite_utils import Database

_TABLE = """
CREATE TABLE callback (
    id TEXT PRIMARY KEY,
    call_uuid TEXT NOT NULL UNIQUE,
    queue_id TEXT NOT NULL,
    number TEXT NOT NULL,
    asked INTEGER NOT NULL,
    left_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL DEFAULT 0,
    try_uuid TEXT UNIQUE,
    placed_at INTEGER,
    dialled_at INTEGER,
    over TEXT,
    stop TEXT NOT NULL DEFAULT '',
    stopped_by TEXT,
    ended_at INTEGER
)
"""


def apply(db: Database) -> None:
    """Adds the table. Nobody is called twice at a time, whatever else goes wrong: the last index says so."""
    db.execute(_TABLE)
    db.execute("CREATE INDEX callback_state ON callback (state)")
    db.execute("CREATE UNIQUE INDEX callback_once_at_a_time ON callback (number) WHERE state = 'placed'")
