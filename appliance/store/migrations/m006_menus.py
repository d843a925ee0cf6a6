"""What a caller did in a menu: the segment's flow and step, and the key that was pressed."""

from __future__ import annotations

from sqlite_utils import Database


def apply(db: Database) -> None:
    """Adds the columns; segments of other kinds have none of it."""
    for name in ("flow_id", "step_id", "pressed"):
        db.execute(f"ALTER TABLE segment ADD COLUMN {name} TEXT")
