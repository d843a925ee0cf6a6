"""Tells the pages whether calls are recorded (the live row disk/recording), and keeps the database's reserve.
A chore of housekeeping.

What stops recording is foyer-disk; this process only looks at what it has told Asterisk.
"""

from __future__ import annotations

import threading
from pathlib import Path

from appliance import space
from appliance.errors import TransientError
from appliance.store import Store, live, reserve


class Disk:
    """`tidy` now and then."""

    def __init__(self, store: Store, told: Path) -> None:
        self._store = store
        self._told = told

    def tidy(self, _stop: threading.Event) -> None:
        """Raises `TransientError` when the disk cannot be used."""
        told = space.told(self._told)
        rows = {"recording": {"full": told.is_full, "since": told.since}} if told else {}
        with self._store.read() as db:
            is_known = live.snapshot(db).rows["disk"] == rows
        if not is_known:
            with self._store.change() as change:
                live.replace(change, "disk", rows)
        try:
            reserve.make(self._store.path)
        except OSError as error:
            raise TransientError(f"No space can be kept for the database: {error.strerror}.") from error
