"""The thread that lets go of what is old: events, raw rows of calls, finished requests, forgotten wrap-ups,
what was deleted and stands in the database's log yet, and what its other chores look after (`disk.py`,
`recordings.py`, `log_rotation.py`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from appliance.errors import DeviceGone, TransientError
from appliance.store import (
    Change,
    Store,
    audit,
    callbacks,
    conversations,
    events,
    feeds,
    line_tests,
    requests,
)

_log = logging.getLogger(__name__)

EVERY_S = 10.0
TICK_S = 1.0
LOG_EVERY_S = 3600.0
PAUSE_S = 0.1
"""Between two deletions, so that nobody else waits long for the database."""

PRUNED: tuple[Callable[[Change], int], ...] = (
    events.prune,
    feeds.prune,
    requests.prune,
    audit.prune,
    callbacks.prune,
    line_tests.prune,
)


type Chore = Callable[[threading.Event], None]
"""Something to be done now and then, which ends early once the event is set. Raises `TransientError` or
`DeviceGone` when it cannot be done now.
"""


class Housekeeping:
    """`run` until stopped, or `tidy` once."""

    def __init__(self, store: Store, *chores: Chore) -> None:
        self._store = store
        self._chores = (self._tidy_store, self._empty_log, *chores)
        self._emptied_at: float | None = None

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Tidies up every ten seconds: what the pages are to know of the disk, they learn here."""
        waited_s = EVERY_S
        while not stop.is_set():
            beat()
            if waited_s >= EVERY_S:
                waited_s = 0.0
                self.tidy(stop, beat)
            stop.wait(TICK_S)
            waited_s += TICK_S

    def tidy(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Does every chore that can be done now."""
        for chore in self._chores:
            beat()
            try:
                chore(stop)
            except (DeviceGone, TransientError) as error:
                _log.error("Not everything can be tidied up: %s", error)

    def _tidy_store(self, stop: threading.Event) -> None:
        """Ends wrap-ups that were forgotten and deletes what is too old, some thousand rows at a time."""
        with self._store.change() as change:
            conversations.end_wrap_ups(change)
        for prune in PRUNED:
            while True:
                with self._store.change() as change:
                    count = prune(change)
                # Each deletes a few thousand rows at most: fewer mean that there are no more.
                if count < 1000 or stop.wait(PAUSE_S):
                    break

    def _empty_log(self, _stop: threading.Event) -> None:
        """Once an hour: of an erased person, nothing stays in the database's log."""
        now = time.monotonic()
        is_due = self._emptied_at is None or now - self._emptied_at >= LOG_EVERY_S
        if is_due and self._store.empty_log():
            self._emptied_at = now
