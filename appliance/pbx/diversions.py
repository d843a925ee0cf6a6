"""Do not disturb and forwarding of agents' internal numbers: set by a code on a phone or on a page, kept in
AstDB (pbx/dialplan/foyer-divert.conf says how), told to the pages in live rows divert/<agent>.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from appliance.pbx.astdb import Family
from appliance.pbx.running import RunningSite
from appliance.store import Store, countries, live
from appliance.store.diversions import QUIET, WHEN, Diversion, refuse_unfit


class Diversions:
    """`look` is of AstdbWatch's thread; `set` from any thread, and wakes it."""

    FAMILY = "foyer-divert"

    def __init__(
        self,
        store: Store,
        family: Family,
        running: RunningSite,
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._family = family
        self._running = running
        self._countries = countries.load()
        self._wake = wake

    def set(self, agent_id: str, wanted: Diversion) -> None:
        """Makes these the agent's wishes.

        Raises `NotFoundError` if there is no such agent, `RejectedError`, with the field, for a number that
        the agent may not call or that is the agent's own, and what the session raises.
        """
        site = self._running.get()
        country = countries.find_or_generic(site.country, self._countries)
        refuse_unfit(site, country, agent_id, wanted)
        keys = wanted.keys()
        for name in (QUIET, *WHEN):
            if name in keys:
                self._family.put(f"{agent_id}-{name}", keys[name])
            else:
                self._family.forget(f"{agent_id}-{name}")
        self._wake()

    def look(self) -> None:
        """Compares once what AstDB holds with the live rows; forgets agents who are gone."""
        site, held = self._running.get(), dict[str, dict[str, Any]]()
        for key, value in self._family.held().items():
            agent_id, _, name = key.partition("-")
            if site.agent(agent_id) is None or name not in (QUIET, *WHEN):
                self._family.forget(key)
            else:
                held.setdefault(agent_id, {})[name] = value == "yes" if name == QUIET else value
        rows = {agent_id: Diversion.of(row).to_row() for agent_id, row in held.items()}
        with self._store.read() as db:
            is_known = live.snapshot(db).rows["divert"] == rows
        if not is_known:
            with self._store.change() as change:
                live.replace(change, "divert", rows)
