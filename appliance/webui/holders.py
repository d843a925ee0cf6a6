"""Which of an agent's open pages has the phone. Used by pages/desk.py alone."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from appliance.errors import ConflictError
from appliance.store import now_ms
from appliance.webui.i18n import N_

# What a page asks ends after 8 s (post.js): whatever comes later than this is no late request, but a wish by
# a clock that was set back.
LATE_S = 15.0


class Wish(NamedTuple):
    """A page that asks for the phone. `wanted_at` is when its agent wanted it there, in ms by the clock of
    that browser; 0 if he did not, but the page only connects again.
    """

    page: str
    browser: str = ""
    wanted_at: int = 0


class Held(NamedTuple):
    """Who has a phone. `turn` grows with every change of hands: a page that took the phone and is then shown
    its status of a moment before must not believe that somebody else has it since. `at` is when, by `clock`.
    """

    wish: Wish
    turn: int
    at: float = 0.0

    @property
    def page(self) -> str:
        """The page that has it."""
        return self.wish.page


NOBODY = Held(Wish(""), 0)


class Holders:
    """Which open page has each agent's phone: the last one that was opened, in whichever browser.

    Only this process knows, and forgets it with a restart: then every page keeps what it has.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._held: dict[str, Held] = {}
        self._turns = itertools.count(now_ms())  # so that no turn comes again after a restart

    def get(self, agent_id: str) -> Held:
        """The page that has the phone; a page "" if none is known."""
        with self._guard:
            return self._held.get(agent_id, NOBODY)

    def take(self, agent_id: str, wish: Wish) -> Held:
        """Gives the phone to a page. A page that only connects again gets it unless another took it
        meanwhile: ConflictError. So is a page of the same browser whose wish is the older one: it was left
        while it asked, and what it asked came late.
        """
        with self._guard:
            before = self._held.get(agent_id, NOBODY)
            if before.page == wish.page:
                return before
            is_late = (
                wish.browser == before.wish.browser != ""
                and wish.wanted_at < before.wish.wanted_at
                and self._clock() - before.at < LATE_S
            )
            if before.page and (is_late or not wish.wanted_at):
                raise ConflictError(N_("The phone is open in another browser."))
            self._held[agent_id] = now = Held(wish, next(self._turns), self._clock())
        return now
