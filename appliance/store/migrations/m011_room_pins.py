"""The PINs of conference rooms leave the revisions, where an undo would have brought an old one back, and
become secrets like other credentials. Fields go that no reader of this release looks at.

The release before looks for the PINs in the revision: put back on this database, it finds every room open.
A number left there to keep its rooms shut would not help, since a revision that is saved after the migration
has none. Whoever goes back behind this step takes the snapshot that was made before it (db.py, `migrate`), or
gives the rooms their PINs anew.
"""

from __future__ import annotations

import json
import time

from sqlite_utils import Database


def apply(db: Database) -> None:
    """The rooms that there are keep their PINs; every revision says only whether one is asked for."""
    rows = db.execute("SELECT number, site FROM revision ORDER BY number DESC").fetchall()
    newest = rows[0][0] if rows else 0
    for number, text in rows:
        document = json.loads(text)
        rooms = [room for room in document.get("rooms", ()) if "pin" in room]
        for room in rooms:
            pin = room.pop("pin")
            room["locked"] = pin != ""
            if pin and number == newest:
                _keep(db, room["id"], pin)
        if rooms:
            new = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
            db.execute("UPDATE revision SET site = ? WHERE number = ?", (new, number))


def _keep(db: Database, room_id: str, pin: str) -> None:
    db.execute(
        "INSERT INTO secret (name, value, updated) VALUES (?, ?, ?)",
        (f"room:{room_id}", pin, time.time_ns() // 1_000_000),
    )
