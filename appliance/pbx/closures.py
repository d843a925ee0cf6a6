"""Opening hours that somebody closed by hand for the rest of a day, with one click or a code on a phone.

What counts is in AstDB, family `foyer-closed`, where the dialplan writes and reads it also while every
process of ours is dead: the date, on the schedule's own clock, for which it is closed. So it ends by itself,
and no revision and no undo ever touches it. This thread tells the pages, in live rows hours/<schedule>
({"closed": "2026-11-23"}), and takes out what is over.
"""

from __future__ import annotations

import datetime
import logging
import threading
import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

from appliance.errors import FoyerError, NotFoundError, RejectedError
from appliance.pbx.ami_session import ActionSession
from appliance.pbx.running import RunningSite
from appliance.store import Store, live
from appliance.store.schedules import Schedule

_log = logging.getLogger(__name__)

FAMILY = "foyer-closed"
LOOK_EVERY_S = 2.0
TICK_S = 0.25


class Closures:
    """`run` until stopped; `close` from any thread."""

    def __init__(self, store: Store, mirror: ActionSession, running: RunningSite) -> None:
        self._store = store
        self._mirror = mirror
        self._running = running
        self._woken = threading.Event()

    def close(self, schedule_id: str, is_closed: bool) -> None:
        """Closes a schedule for the rest of its day, or opens it again.

        Raises `NotFoundError` if the running site has no such schedule, and what the session raises.
        """
        schedule = self._running.get().schedule(schedule_id)
        if schedule is None:
            raise NotFoundError("These opening hours are no longer part of the settings.")
        place = {"Family": FAMILY, "Key": schedule.id}
        if is_closed:
            self._mirror.ami().ask("DBPut", {**place, "Val": f"{self._today(schedule):%Y%m%d}"})
        else:
            self._forget(schedule.id)
        self._woken.set()

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Looks every two seconds, and when somebody closed or opened."""
        was_reached, looked_at = True, 0.0
        while not stop.is_set():
            beat()
            is_due = time.monotonic() - looked_at >= LOOK_EVERY_S
            if not self._woken.wait(TICK_S) and not is_due:
                continue
            self._woken.clear()
            looked_at = time.monotonic()
            try:
                self.look()
                was_reached = True
            except FoyerError as error:
                if was_reached:
                    _log.warning("What is closed by hand cannot be read: %s", error)
                was_reached = False

    def look(self) -> None:
        """Compares once what AstDB holds with the live rows."""
        site, rows = self._running.get(), {}
        for schedule_id, date in self._held().items():
            schedule = site.schedule(schedule_id)
            today = self._today(schedule) if schedule else None
            if today is None or date != f"{today:%Y%m%d}":
                self._forget(schedule_id)
            else:
                rows[schedule_id] = {"closed": today.isoformat()}
        with self._store.read() as db:
            is_known = live.snapshot(db).rows["hours"] == rows
        if not is_known:
            with self._store.change() as change:
                live.replace(change, "hours", rows)

    def _today(self, schedule: Schedule) -> datetime.date:
        zone = schedule.time_zone or self._running.get().time_zone
        return datetime.datetime.now(ZoneInfo(zone)).date()

    def _forget(self, key: str) -> None:
        try:
            self._mirror.ami().ask("DBDel", {"Family": FAMILY, "Key": key})
        except RejectedError:
            # It is gone already.
            return

    def _held(self) -> dict[str, str]:
        prefix = f"/{FAMILY}/"
        try:
            items = self._mirror.ami().list_of("DBGetTree", {"Family": FAMILY})
        except RejectedError:
            # How Asterisk says that the family is empty.
            return {}
        return {
            item.get("Key").removeprefix(prefix): item.get("Val")
            for item in items
            if item.event == "DBGetTreeResponse" and item.get("Key").startswith(prefix)
        }
