"""The site that Asterisk is to run: the revision that foyer-apply makes live, or goes back to when that
fails.
"""

from __future__ import annotations

from appliance.store import Store, site
from appliance.store.sitemodel import Site


class RunningSite:
    """Reads a revision's document only when another one is wanted. May be used from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: tuple[int, Site] = (0, Site())

    def get(self) -> Site:
        """The document; the empty site on a box that has none yet. Raises as `site.revision` does."""
        known = self._known
        with self._store.read() as db:
            number = site.desired(db)
            if number != known[0]:
                known = self._known = (number, site.revision(db, number))
        return known[1]
