"""Recordings that have to go: those of people who were erased, and those in which nobody spoke. A chore of
housekeeping.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from appliance.durable import sync_folder
from appliance.store import Store, doomed_files, records

_log = logging.getLogger(__name__)

HEADER_BYTES = 44
"""A wav file without any sound: MixMonitor makes it when the caller comes in, and writes once two talk."""
SAFE_S = 24 * 3600.0
"""Longer than anybody waits in a queue."""
DAYS = 8
"""How many days back files are looked at: more than enough to find each one day later."""
EVERY_S = 3600.0

_DAY = re.compile(r"[0-9]{4}/[0-9]{2}/[0-9]{2}")


class Recordings:
    """`tidy` now and then."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._stubborn: set[str] = set()
        self._looked_at: float | None = None

    def tidy(self, stop: threading.Event) -> None:
        """Deletes what has to go, the empty ones once an hour. Raises `TransientError` when the store cannot
        be used.
        """
        self.delete_doomed()
        now = time.monotonic()
        if self._looked_at is None or now - self._looked_at >= EVERY_S:
            self._looked_at = now
            self.delete_empty(stop)

    def delete_empty(self, stop: threading.Event) -> None:
        """Deletes the files of calls that nobody answered: without sound, of a call that is over or unknown,
        and no message's.
        """
        for day in sorted(self._days(), reverse=True)[:DAYS]:
            if stop.is_set():
                return
            empty = [file for file in day.glob("*.wav") if _is_empty(file)]
            with self._store.read() as db:
                gone = [file for file in empty if not records.has_recording(db, file.stem)]
            for file in gone:
                self._is_deleted(str(file.relative_to(self._folder)))

    def _days(self) -> Iterator[Path]:
        for day in self._folder.glob("*/*/*"):
            if _DAY.fullmatch(str(day.relative_to(self._folder))):
                yield day

    def delete_doomed(self) -> None:
        """Deletes the recordings that have to go; one that cannot be deleted is tried again the next time.

        A crash in between changes nothing: the row is there until the file is gone for good.
        """
        with self._store.read() as db:
            doomed = doomed_files.doomed(db)
        gone = [path for path in doomed if self._is_deleted(path)]
        if gone:
            with self._store.change() as change:
                doomed_files.gone(change, gone)

    def _is_deleted(self, path: str) -> bool:
        file = self._folder / path
        try:
            # The folder may be a link out of the recordings only if somebody meddled: leave that alone.
            if file.parent.resolve().is_relative_to(self._folder.resolve()):
                file.unlink(missing_ok=True)
                # The day's folder may be gone as well.
                if file.parent.is_dir():
                    sync_folder(file.parent)
        except OSError as error:
            if path not in self._stubborn:
                self._stubborn.add(path)
                _log.error("The recording %s cannot be deleted: %s", path, error)
            return False
        return True


def _is_empty(file: Path) -> bool:
    """Whether nothing was written for so long that nothing will be."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return False
    return status.st_size <= HEADER_BYTES and time.time() - status.st_mtime > SAFE_S
