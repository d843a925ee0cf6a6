"""What went wrong on the ports of telephone cards, by quarters of an hour, as telephone companies count
(RFC 4805, dsx1IntervalTable): foyer-hw adds, the pages show.

A port is known by its card's lasting name and its number on it ("PCI Bus 04 Slot 06:2"). Older than a week is
forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlite_utils import Database

from appliance.store.db import Change

QUARTER_MS = 15 * 60 * 1000
KEPT_MS = 7 * 24 * 3600 * 1000
# How long the port was watched, and how long it was in which alarm (the worst of them counts), in
# milliseconds.
SEEN = "seen"
ALARMS = ("red", "blue", "yellow")
# Errors: hw/dahdi/proc_span.py has their names.
COUNTERS = ("bipolar", "crc", "ebit", "frame", "slips", "irq")
_COLUMNS = (SEEN, *ALARMS, *COUNTERS)


@dataclass(frozen=True)
class Quarter:
    """The quarter of an hour that began `at` (ms UTC). `counts` are by the names above; what is 0 is left
    out.
    """

    at: int
    counts: Mapping[str, int]


def add(change: Change, quarter: int, ports: Mapping[str, Mapping[str, int]]) -> None:
    """Adds to what is known of a quarter, by port, and forgets what is old: also what a clock that was wrong
    has put into the future.
    """
    names = ", ".join(_COLUMNS)
    marks = ", ".join("?" for _ in _COLUMNS)
    sums = ", ".join(f"{name} = {name} + excluded.{name}" for name in _COLUMNS)
    for port, counts in ports.items():
        change.db.execute(
            f"INSERT INTO port_quarter (port, at, {names}) VALUES (?, ?, {marks})"  # noqa: S608 - names of ours
            f" ON CONFLICT (port, at) DO UPDATE SET {sums}",
            (port, quarter, *(counts.get(name, 0) for name in _COLUMNS)),
        )
        change.event("live", port, kind="history")
    change.db.execute(
        "DELETE FROM port_quarter WHERE at < ? OR at > ?", (change.now - KEPT_MS, change.now + QUARTER_MS)
    )


def of_port(db: Database, port: str, since: int) -> list[Quarter]:
    """The quarters of a port that began at `since` (ms UTC) or later, the oldest first."""
    rows = db.execute(
        f"SELECT at, {', '.join(_COLUMNS)} FROM port_quarter"  # noqa: S608 - names of ours
        " WHERE port = ? AND at >= ? ORDER BY at",
        (port, since),
    )
    return [
        Quarter(at, {name: count for name, count in zip(_COLUMNS, counts, strict=True) if count})
        for at, *counts in rows
    ]
