"""The thread that watches the store for foyer-pbx: does the requests made of it, and wakes the threads that
bring Asterisk in line with the store.

One cheap look at the database's version every 20 ms notices every commit of any process.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from appliance.errors import DeviceGone, FoyerError, TransientError
from appliance.pbx.actions import Actions
from appliance.store import Store, events, requests
from appliance.store.requests import Request

_log = logging.getLogger(__name__)

TARGET = "pbx"
LOOK_EVERY_S = 0.02
RETRY_S = 1.0
FOLLOWED_AT_ONCE = 1000
NO_ANSWER = "The telephone exchange does not answer just now."
_MEMBERS_DEPEND_ON = ("agent", "site", "apply")
_CALLERS_DEPEND_ON = ("person", "site", "apply")
_CALLBACKS_DEPEND_ON = ("callback",)


class Worker:
    """`run` until stopped. `wake_members` is called after a commit on which the queues' members depend,
    `wake_callers` after one on which what is known of callers depends, `wake_callbacks` after one about
    somebody who is to be called back.
    """

    def __init__(
        self,
        store: Store,
        actions: Actions,
        wake_members: Callable[[], None],
        wake_callers: Callable[[], None],
        wake_callbacks: Callable[[], None],
    ) -> None:
        self._store = store
        self._actions = actions
        self._wakes = (
            (_MEMBERS_DEPEND_ON, wake_members),
            (_CALLERS_DEPEND_ON, wake_callers),
            (_CALLBACKS_DEPEND_ON, wake_callbacks),
        )
        self._seen = 0

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Follows the store. What this process had claimed before it was restarted has failed."""
        with self._store.change() as change:
            requests.abandon(change, TARGET)
        with self._store.read() as db:
            self._seen = events.latest_id(db)
        # Who is woken may have looked before, and something was committed in between.
        for _, wake in self._wakes:
            wake()
        version: int | None = None
        while not stop.wait(LOOK_EVERY_S):
            beat()
            seen = self._store.version()
            if seen == version:
                continue
            try:
                self._follow()
                self._work(beat)
                version = seen
            except TransientError as error:
                _log.error("Requests cannot be worked on: %s", error)
                stop.wait(RETRY_S)

    def _follow(self) -> None:
        with self._store.read() as db:
            new = events.since(db, self._seen, FOLLOWED_AT_ONCE)
        while new:
            for kinds, wake in self._wakes:
                if any(event.kind in kinds for event in new):
                    wake()
            self._seen = new[-1].id
            if len(new) < FOLLOWED_AT_ONCE:
                return
            with self._store.read() as db:
                new = events.since(db, self._seen, FOLLOWED_AT_ONCE)

    def _work(self, beat: Callable[[], None]) -> None:
        while True:
            beat()
            with self._store.read() as db:
                if not requests.is_waiting(db, TARGET):
                    return
            with self._store.change() as change:
                request = requests.claim(change, TARGET)
            if request is None:
                return
            self._do(request)

    def _do(self, request: Request) -> None:
        try:
            is_done, result = True, self._actions.perform(request)
        except (DeviceGone, TransientError) as error:
            is_done, result = False, {"error": NO_ANSWER, "hint": "Try again in a moment."}
            _log.warning("%s of %s failed: %s", request.kind, request.who, error)
        except FoyerError as error:
            is_done, result = False, error.sentence.to_dict()
            _log.info("%s of %s failed: %s", request.kind, request.who, error)
        with self._store.change() as change:
            requests.finish(change, request.id, is_done, result)
