"""The thread that watches the store for foyer-pbx: does the requests made of it, and wakes the threads that
bring Asterisk in line with the store.

One cheap look at the database's version every 20 ms notices every commit of any process. What takes Asterisk
a while is looked after meanwhile, and what others ask does not wait for it. What one user asks is done in its
order.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from appliance.errors import DeviceGone, FoyerError, TransientError
from appliance.pbx.actions import Actions, Result
from appliance.pbx.handing_on import Look
from appliance.store import Store, events, requests
from appliance.store.requests import Request

_log = logging.getLogger(__name__)

TARGET = "pbx"
LOOK_EVERY_S = 0.02
LOOK_AFTER_EVERY_S = 0.05
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
        self._begun: dict[str, tuple[Request, Look]] = {}  # by the request's id
        self._looked_at = 0.0

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
            try:
                self._look_after(beat)
                seen = self._store.version()
                if seen == version:
                    continue
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
            busy = {request.who for request, _ in self._begun.values()}
            with self._store.change() as change:
                request = requests.claim(change, TARGET, busy)
            if request is None:
                return
            self._do(request, partial(self._actions.perform, request))

    def _look_after(self, beat: Callable[[], None]) -> None:
        """Finishes what was begun and is done, or came to nothing."""
        if self._begun and time.monotonic() - self._looked_at >= LOOK_AFTER_EVERY_S:
            self._looked_at = time.monotonic()
            for request, look in list(self._begun.values()):
                beat()  # of an Asterisk that hangs, each look waits for its answer
                self._do(request, partial(_looked, look))

    def _do(self, request: Request, perform: Callable[[], Result]) -> None:
        """Does it, or looks again at what was begun."""
        result: Result
        try:
            is_done, result = True, perform()
        except (DeviceGone, TransientError) as error:
            is_done, result = False, {"error": NO_ANSWER, "hint": "Try again in a moment."}
            _log.warning("%s of %s failed: %s", request.kind, request.who, error)
        except FoyerError as error:
            is_done, result = False, error.sentence.to_dict()
            _log.info("%s of %s failed: %s", request.kind, request.who, error)
        if not isinstance(result, dict):
            self._begun[request.id] = (request, result)
            return
        with self._store.change() as change:
            requests.finish(change, request.id, is_done, result)
        self._begun.pop(request.id, None)


def _looked(look: Look) -> Result:
    """What to tell of it now."""
    return {} if look() else look
