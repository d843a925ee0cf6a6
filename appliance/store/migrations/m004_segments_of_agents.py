"""Finds an agent's segments: his wrap-ups, and what cuts them short."""

from __future__ import annotations

from sqlite_utils import Database


def apply(db: Database) -> None:
    """Creates the index."""
    db.execute("CREATE INDEX segment_agent ON segment(agent_id, started)")
