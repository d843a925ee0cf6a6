"""The thread that lets go of what is old: events, raw rows of calls, finished requests, forgotten wrap-ups,
and the recordings of people who were erased.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

from appliance.errors import TransientError
from appliance.store import Change, Store, conversations, doomed_files, events, feeds, requests

_log = logging.getLogger(__name__)

EVERY_S = 30.0
TICK_S = 1.0
PAUSE_S = 0.1
"""Between two deletions, so that nobody else waits long for the database."""

PRUNED: tuple[Callable[[Change], int], ...] = (events.prune, feeds.prune, requests.prune)


class Housekeeping:
    """`run` until stopped, or `tidy` once."""

    def __init__(self, store: Store, recordings: Path) -> None:
        self._store = store
        self._recordings = recordings
        self._stubborn: set[str] = set()

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Tidies up every half minute."""
        waited_s = EVERY_S
        while not stop.is_set():
            beat()
            if waited_s >= EVERY_S:
                waited_s = 0.0
                try:
                    self.tidy(stop)
                except TransientError as error:
                    _log.error("Nothing can be tidied up: %s", error)
            stop.wait(TICK_S)
            waited_s += TICK_S

    def tidy(self, stop: threading.Event) -> None:
        """Ends wrap-ups that were forgotten and deletes what is too old, some thousand rows at a time.

        Raises `TransientError` when the store cannot be written.
        """
        with self._store.change() as change:
            conversations.end_wrap_ups(change)
        for prune in PRUNED:
            while True:
                with self._store.change() as change:
                    count = prune(change)
                # Each deletes a few thousand rows at most: fewer mean that there are no more.
                if count < 1000 or stop.wait(PAUSE_S):
                    break
        self.delete_doomed()

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
        file = self._recordings / path
        try:
            # The folder may be a link out of the recordings only if somebody meddled: leave that alone.
            if file.parent.resolve().is_relative_to(self._recordings.resolve()):
                file.unlink(missing_ok=True)
                _sync(file.parent)
        except OSError as error:
            if path not in self._stubborn:
                self._stubborn.add(path)
                _log.error("The recording %s of an erased person cannot be deleted: %s", path, error)
            return False
        return True


def _sync(folder: Path) -> None:
    """Makes a deletion survive a power cut; the folder may be gone as well."""
    if not folder.is_dir():
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
