"""The thread that makes the queues' members agree with the agents' states, and ends the wrap-ups of those who
have finished early.

It looks when woken (Asterisk booted, an agent's state, his wrap-up or the live site changed) and every five
seconds. What to do is decided by `membership.py`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from appliance.errors import FoyerError, RejectedError
from appliance.pbx.ami_session import ActionSession
from appliance.pbx.list_order import ListOrder
from appliance.pbx.membership import actual, reconcile, resting, wanted
from appliance.pbx.running import RunningSite
from appliance.store import Store, agents, now_ms, wrap_ups

_log = logging.getLogger(__name__)

EVERY_S = 5.0
RETRY_S = 1.0
TICK_S = 0.5


class Members:
    """`run` until stopped; `wake` from any thread."""

    def __init__(self, store: Store, actions: ActionSession, site: RunningSite) -> None:
        self._store = store
        self._actions = actions
        self._site = site
        self._order = ListOrder()
        self._woken = threading.Event()

    def wake(self) -> None:
        """Something may have changed: look at once."""
        self._woken.set()

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Looks whenever woken, and every five seconds."""
        was_reached = True
        due = 0.0
        while not stop.is_set():
            beat()
            if not self._woken.wait(TICK_S) and time.monotonic() < due:
                continue
            self._woken.clear()
            try:
                self.look()
                was_reached = True
            except FoyerError as error:
                if was_reached:
                    _log.warning("The queues' members cannot be looked at: %s", error)
                was_reached = False
            due = time.monotonic() + (EVERY_S if was_reached else RETRY_S)

    def look(self) -> int:
        """Compares once, and does what is needed; returns how many actions that took.

        Raises `DeviceGone` or `TransientError` when Asterisk cannot be asked. An action that Asterisk refuses
        is logged and left to the next look.
        """
        ami = self._actions.ami()
        with self._store.read() as db:
            states = agents.current(db)
        site = self._site.get()
        queues, have = actual(ami.list_of("QueueStatus"))
        now = now_ms()
        want = wanted(site, states, now)
        at_rest = resting(site, have, now // 1000)
        with self._store.read() as db:
            ready = {
                agent
                for agent, last_call in at_rest.items()
                if wrap_ups.is_over(db, agent, last_call * 1000, now)
            }
        actions = reconcile(want, queues, have, ready, self._order.anew(site, want, have, at_rest))
        for action in actions:
            try:
                ami.ask(action.name, action.fields)
            except RejectedError as error:
                _log.warning("%s %s: %s", action.name, dict(action.fields), error)
        return len(actions)
