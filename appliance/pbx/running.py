"""The site that Asterisk is to run, with the public holidays: the revision that foyer-apply makes live, or
goes back to when that fails.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

from appliance.store import Store, holidays, site
from appliance.store.sitemodel import Site


class RunningSite:
    """Reads a revision's document only when another one is wanted, or another year has come. May be used from
    any thread.
    """

    def __init__(self, store: Store, today: Callable[[], datetime.date] = datetime.date.today) -> None:
        self._store = store
        self._today = today
        self._known: tuple[int, int, Site] = (0, 0, Site())

    def get(self) -> Site:
        """The document; the empty site on a box that has none yet. Raises as `site.revision` does."""
        known, day = self._known, self._today()
        with self._store.read() as db:
            number = site.desired(db)
            if (number, day.year) != known[:2]:
                shown = holidays.observed(site.revision(db, number), day)
                known = self._known = (number, day.year, shown)
        return known[2]
