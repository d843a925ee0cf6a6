"""The thread that lets go of what is old: events, raw rows of calls, finished requests, and forgotten
wrap-ups.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from appliance.errors import TransientError
from appliance.store import Change, Store, conversations, events, feeds, requests

_log = logging.getLogger(__name__)

EVERY_S = 30.0
TICK_S = 1.0
PAUSE_S = 0.1
"""Between two deletions, so that nobody else waits long for the database."""

PRUNED: tuple[Callable[[Change], int], ...] = (events.prune, feeds.prune, requests.prune)


class Housekeeping:
    """`run` until stopped, or `tidy` once."""

    def __init__(self, store: Store) -> None:
        self._store = store

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
