"""Tests of phone lines, with what came of them (store/line_tests.py)."""

from __future__ import annotations

from sqlite_utils import Database


def apply(db: Database) -> None:
    """Adds the table: `port_id` is "" for a line without ports, times are ms UTC; `done` is null while the
    test goes on, `result` is JSON.
    """
    db.execute(
        """
        CREATE TABLE line_test (
            id TEXT PRIMARY KEY,
            line_id TEXT NOT NULL,
            port_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            number TEXT NOT NULL,
            who TEXT NOT NULL,
            asked INTEGER NOT NULL,
            done INTEGER,
            result TEXT NOT NULL DEFAULT '{}'
        ) WITHOUT ROWID
        """
    )
    db.execute("CREATE INDEX line_test_of_line ON line_test (line_id, asked)")
