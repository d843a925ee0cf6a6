"""The thread that mirrors what flows must know of callers into AstDB.

It reads AstDB when it starts, whenever Asterisk has booted, and every ten minutes; in between it remembers
what it wrote, and looks when a person or the site changed. At most so many entries at a time, so that whoever
else asks Asterisk for something does not wait. What has to be there is decided by `caller_facts.py`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from appliance.errors import FoyerError, RejectedError
from appliance.pbx import caller_facts
from appliance.pbx.ami_session import ActionSession
from appliance.pbx.conf.inputs import prompt_language
from appliance.pbx.running import RunningSite
from appliance.store import Store, countries, people, site
from appliance.store.countries import Country
from appliance.store.people import Treatment

_log = logging.getLogger(__name__)

READ_EVERY_S = 600.0
RETRY_S = 1.0
TICK_S = 0.5
# A call of somebody new is a change of people, too: how long to gather such changes.
GATHER_S = 0.2
AT_ONCE = 100


class Callers:
    """`run` until stopped; `wake` and `read_again` from any thread."""

    def __init__(self, store: Store, actions: ActionSession, running: RunningSite) -> None:
        self._store = store
        self._actions = actions
        self._running = running
        self._countries = countries.load()
        self._basis: tuple[Country, str, list[Treatment]] | None = None
        self._want: dict[str, str] = {}
        # The spellings of each number; to find them takes longer than all the rest.
        self._spelled: dict[str, tuple[str, ...]] = {}
        self._woken = threading.Event()
        self._is_unknown = threading.Event()
        self._is_unknown.set()
        self._have: dict[str, str] = {}

    def wake(self) -> None:
        """Somebody may be treated otherwise now: look soon."""
        self._woken.set()

    def read_again(self) -> None:
        """What AstDB holds may be another thing than was written: Asterisk has booted."""
        self._is_unknown.set()
        self._woken.set()

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Looks whenever woken, and reads everything anew every ten minutes."""
        self._woken.set()
        was_reached = True
        read_at = time.monotonic()
        while not stop.is_set():
            beat()
            if time.monotonic() - read_at >= READ_EVERY_S:
                read_at = time.monotonic()
                self.read_again()
            if not self._woken.wait(TICK_S):
                continue
            self._woken.clear()
            try:
                is_more = self.look(beat)
                was_reached = True
            except FoyerError as error:
                if was_reached:
                    _log.warning("What is known of callers cannot be mirrored: %s", error)
                is_more, was_reached = True, False
            if is_more:
                self._woken.set()
            stop.wait(GATHER_S if was_reached else RETRY_S)

    def look(self, beat: Callable[[], None]) -> bool:
        """Compares once and writes some of what differs; returns whether there is more to write.

        Raises `DeviceGone` or `TransientError` when Asterisk cannot be asked: then everything is read again.
        """
        ami = self._actions.ami()
        self._decide(beat)
        if self._is_unknown.is_set():
            self._is_unknown.clear()
            self._have = self._read()
        todo = caller_facts.differences(self._want, self._have)
        for key, value in todo[:AT_ONCE]:
            wanted = caller_facts.action(key, value)
            try:
                ami.ask(wanted.name, wanted.fields)
            except RejectedError as error:
                _log.warning("%s %s: %s", wanted.name, dict(wanted.fields), error)
            except FoyerError:
                self._is_unknown.set()
                raise
            if value:
                self._have[key] = value
            else:
                self._have.pop(key, None)
        return len(todo) > AT_ONCE

    def _decide(self, beat: Callable[[], None]) -> None:
        """What AstDB has to hold. Numbers are read as the history reads them, in the newest site's
        country.
        """
        with self._store.read() as db:
            country = countries.find_or_generic(site.country(db), self._countries)
            treated = people.treatments(db)
        basis = (country, prompt_language(self._running.get(), country), treated)
        if basis == self._basis:
            return
        is_other_country = self._basis is None or country != self._basis[0]
        before = {} if is_other_country else self._spelled
        self._spelled = {}
        for one in treated:
            # Half a millisecond for a number that is new: a minute for a hundred thousand, after a start.
            beat()
            known = before.get(one.number)
            self._spelled[one.number] = known or tuple(caller_facts.spellings(one.number, country))
        self._want = caller_facts.entries(treated, self._spelled.__getitem__, basis[1])
        self._basis = basis

    def _read(self) -> dict[str, str]:
        try:
            return caller_facts.held(
                self._actions.ami().list_of("DBGetTree", {"Family": caller_facts.FAMILY})
            )
        except RejectedError:
            # How Asterisk says that the family is empty.
            return {}
        except FoyerError:
            self._is_unknown.set()
            raise
