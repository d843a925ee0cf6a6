"""Alarms and errors of telephone cards' ports, by quarters of an hour (store/port_history.py)."""

from __future__ import annotations

from sqlite_utils import Database


def apply(db: Database) -> None:
    """Adds the table: `at` is when the quarter began, ms UTC; `seen` and the alarms are milliseconds in it,
    the rest are counts.
    """
    db.execute(
        """
        CREATE TABLE port_quarter (
            port TEXT NOT NULL,
            at INTEGER NOT NULL,
            seen INTEGER NOT NULL,
            red INTEGER NOT NULL,
            blue INTEGER NOT NULL,
            yellow INTEGER NOT NULL,
            bipolar INTEGER NOT NULL,
            crc INTEGER NOT NULL,
            ebit INTEGER NOT NULL,
            frame INTEGER NOT NULL,
            slips INTEGER NOT NULL,
            irq INTEGER NOT NULL,
            PRIMARY KEY (port, at)
        ) WITHOUT ROWID
        """
    )
