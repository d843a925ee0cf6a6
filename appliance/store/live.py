"""What goes on at this moment: calls, queues, phones, lines, from foyer-pbx; telephony cards, from foyer-hw.
Shown by the pages.

Nothing here is history: after a restart of Asterisk or of either process, `replace` makes it right again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from appliance.store import events
from appliance.store.db import Change
from appliance.store.text import to_json

_OF_CALLS = ("pbx", "queue", "caller", "parked", "agent", "line")
_OF_OFFICE = ("fault", "disk", "guard", "hours", "divert")
_OF_CARDS = ("card", "span", "socket", "port", "signal", "dahdi")
KINDS = (*_OF_CALLS, *_OF_OFFICE, *_OF_CARDS)


@dataclass(frozen=True)
class LiveSnapshot:
    """The rows as `rows[kind][id]`, every kind present; `last_event_id` is where to follow events from."""

    last_event_id: int
    rows: dict[str, dict[str, dict[str, Any]]]


def put(change: Change, kind: str, row_id: str, data: Mapping[str, Any]) -> bool:
    """Sets one row; returns whether that changed anything, and only then is there an event."""
    text = to_json(dict(data))
    changed = change.db.execute(
        "INSERT INTO live (kind, id, data, updated) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (kind, id) DO UPDATE SET data = excluded.data, updated = excluded.updated"
        " WHERE data <> excluded.data",
        (kind, row_id, text, change.now),
    ).rowcount
    if changed:
        change.event("live", row_id, kind=kind)
    return bool(changed)


def drop(change: Change, kind: str, row_id: str) -> bool:
    """Removes one row; returns whether it was there."""
    gone = change.db.execute("DELETE FROM live WHERE kind = ? AND id = ?", (kind, row_id)).rowcount
    if gone:
        change.event("live", row_id, kind=kind)
    return bool(gone)


def replace(change: Change, kind: str, rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Makes `rows` (by id) all there is of `kind`; what stays the same makes no event."""
    known = [str(row[0]) for row in change.db.execute("SELECT id FROM live WHERE kind = ?", (kind,))]
    for row_id in known:
        if row_id not in rows:
            drop(change, kind, row_id)
    for row_id, data in rows.items():
        put(change, kind, row_id, data)


def snapshot(db: Database) -> LiveSnapshot:
    """Everything, as of one moment if `db` is of one `store.read()` block."""
    rows: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in KINDS}
    for kind, row_id, data in db.execute("SELECT kind, id, data FROM live ORDER BY kind, id"):
        rows.setdefault(kind, {})[row_id] = json.loads(data)
    return LiveSnapshot(events.latest_id(db), rows)
