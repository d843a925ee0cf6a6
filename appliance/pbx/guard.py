"""The guard against fraud, as far as people see it: whether expensive calls are stopped, and their release.

The guard itself is the dialplan's (pbx/dialplan/foyer-limits.conf), and holds with this process dead: it
stops expensive calls in AstDB. Here that becomes a row for the pages (`guard/outbound`: {"since": ms}) and an
entry of the journal.
"""

from __future__ import annotations

import contextlib
import threading

from appliance.errors import RejectedError
from appliance.pbx.ami_session import ActionSession
from appliance.store import Store, audit, live

FAMILY = "foyer-guard"
KIND, ROW = "guard", "outbound"


class Guard:
    """`tidy` is a chore of housekeeping; `release` answers a request."""

    def __init__(self, store: Store, mirror: ActionSession) -> None:
        self._store = store
        self._mirror = mirror

    def tidy(self, _stop: threading.Event) -> None:
        """Tells the pages what AstDB says. `DeviceGone` or `TransientError`: it cannot be asked now."""
        since = self._stopped()
        with self._store.read() as db:
            known = live.snapshot(db).rows[KIND].get(ROW)
        if (known or {}).get("since") == since:
            return
        with self._store.change() as change:
            if since is None:
                live.drop(change, KIND, ROW)
                return
            live.put(change, KIND, ROW, {"since": since})
            audit.record(change, "foyer-pbx", "outbound.stop")

    def release(self) -> None:
        """Expensive calls may be made again, and the hour begins anew."""
        # An empty family is refused.
        with contextlib.suppress(RejectedError):
            self._mirror.ami().ask("DBDelTree", {"Family": FAMILY})
        with self._store.change() as change:
            live.drop(change, KIND, ROW)

    def _stopped(self) -> int | None:
        """Since when, in ms; None if they are not."""
        try:
            found = self._mirror.ami().list_of("DBGetTree", {"Family": FAMILY})
        except RejectedError:
            return None
        since = next((one.get("Val") for one in found if one.get("Key") == f"/{FAMILY}/stopped"), "")
        return int(since) * 1000 if since.isdecimal() else None
