"""Opening hours that somebody closed by hand for the rest of a day, with one click or a code on a phone.

AstDB's family `foyer-closed` has the date, on the schedule's own clock, for which it is closed: so it ends by
itself. The pages know it from live rows hours/<schedule> ({"closed": "2026-11-23"}); what is over is taken
out.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from zoneinfo import ZoneInfo

from appliance.errors import NotFoundError
from appliance.pbx.astdb import Family
from appliance.pbx.running import RunningSite
from appliance.store import Store, callbacks, live
from appliance.store.schedules import Schedule


class Closures:
    """`look` is of AstdbWatch's thread; `close` from any thread, and wakes it."""

    FAMILY = "foyer-closed"

    def __init__(self, store: Store, family: Family, running: RunningSite, wake: Callable[[], None]) -> None:
        self._store = store
        self._family = family
        self._running = running
        self._wake = wake

    def close(self, schedule_id: str, is_closed: bool) -> None:
        """Closes a schedule for the rest of its day, or opens it again.

        Raises `NotFoundError` if the running site has no such schedule, and what the session raises.
        """
        schedule = self._running.get().schedule(schedule_id)
        if schedule is None:
            raise NotFoundError("These opening hours are no longer part of the settings.")
        if is_closed:
            self._family.put(schedule.id, f"{self._today(schedule):%Y%m%d}")
        else:
            self._family.forget(schedule.id)
        self._wake()

    def look(self) -> None:
        """Compares once what AstDB holds with the live rows."""
        site, rows = self._running.get(), {}
        for schedule_id, date in self._family.held().items():
            schedule = site.schedule(schedule_id)
            today = self._today(schedule) if schedule else None
            if today is None or date != f"{today:%Y%m%d}":
                if schedule:
                    self._expire(schedule, date)
                self._family.forget(schedule_id)
            else:
                rows[schedule_id] = {"closed": today.isoformat()}
        with self._store.read() as db:
            is_known = live.snapshot(db).rows["hours"] == rows
        if not is_known:
            with self._store.change() as change:
                live.replace(change, "hours", rows)

    def _expire(self, schedule: Schedule, date: str) -> None:
        """Who left a number on a day that was closed by hand is not called on a later one, also if nobody
        was there on that day to see it.
        """
        site = self._running.get()
        queues = {queue.id for queue in site.queues if queue.schedule_id == schedule.id}
        zone = ZoneInfo(schedule.time_zone or site.time_zone)
        ended = datetime.datetime.strptime(date, "%Y%m%d").replace(tzinfo=zone) + datetime.timedelta(days=1)
        with self._store.change() as change:
            callbacks.expire(change, queues, round(ended.timestamp() * 1000))

    def _today(self, schedule: Schedule) -> datetime.date:
        zone = schedule.time_zone or self._running.get().time_zone
        return datetime.datetime.now(ZoneInfo(zone)).date()
