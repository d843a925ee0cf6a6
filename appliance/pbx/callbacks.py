"""The thread that has callers called back who left a number: puts a leg of the box into the queue in the
place of each, and says what became of it.

What holds whatever happens is in store/callbacks.py. All else is the dialplan's (dialplan/foyer-back.conf):
once a try is placed, it goes on with this process dead. So each look compares how things are: the rows, the
legs that are up, the log.
"""

from __future__ import annotations

import datetime
import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from appliance.errors import FoyerError, RejectedError
from appliance.pbx import backlog
from appliance.pbx.ami import Ami
from appliance.pbx.ami_session import ActionSession
from appliance.pbx.ami_wire import Field
from appliance.pbx.queue_places import Line, leg_of, lines
from appliance.pbx.rows import OTHER_HALF
from appliance.pbx.running import RunningSite
from appliance.store import Store, callbacks, live, now_ms
from appliance.store.callbacks import Callback
from appliance.store.schedules import is_open
from appliance.store.site_queues import Queue
from appliance.store.sitemodel import Site

_log = logging.getLogger(__name__)

EVERY_S = 1.0
TICK_S = 0.25
PLACED_AT_ONCE = 20
"""Legs that wait in one queue; those behind are no nearer to their turn without one."""
FOLLOWED_S = 5
"""An order to Asterisk that it has not begun after so many seconds is not followed any more."""
UNSEEN_MS = (FOLLOWED_S + 2) * 1000
"""Whole seconds in the dialplan: after so long a try that is not to be seen has come to nothing."""
DAY_MS = 24 * 3600 * 1000

type Legs = Mapping[str, list[str]]
"""The channels that are up, by the id of their call."""


class Callbacks:
    """`run` until stopped; `wake` from any thread."""

    def __init__(self, store: Store, session: ActionSession, running: RunningSite, logs: Path) -> None:
        self._store = store
        self._session = session
        self._running = running
        self._logs = logs
        self._woken = threading.Event()

    def wake(self) -> None:
        """Something may have changed: look at once."""
        self._woken.set()

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Looks every second, and when woken."""
        was_reached, looked_at = True, 0.0
        while not stop.is_set():
            beat()
            if not self._woken.wait(TICK_S) and time.monotonic() - looked_at < EVERY_S:
                continue
            self._woken.clear()
            looked_at = time.monotonic()
            try:
                self.look()
                was_reached = True
            except FoyerError as error:
                if was_reached:
                    _log.warning("Nobody can be called back now: %s", error)
                was_reached = False

    def look(self) -> None:
        """Compares once, and does what is needed. Raises `DeviceGone` or `TransientError`."""
        with self._store.read() as db:
            known = callbacks.open_ones(db)
            closed = {name: str(row["closed"]) for name, row in live.snapshot(db).rows["hours"].items()}
        if not known:
            return
        site, now = self._running.get(), now_ms()
        for one in known:
            if not one.stop and not _is_wanted(site, site.queue(one.queue_id), one, closed, now):
                with self._store.change() as change:
                    callbacks.stop(change, one.id, callbacks.EXPIRED)
        ami = self._session.ami()
        legs = _legs(ami)
        for one in known:
            if one.state == "placed":
                self._follow(ami, site, one, legs, now)
        with self._store.read() as db:
            known = callbacks.open_ones(db)
        if any(one.state == "waiting" and one.next_at <= now for one in known):
            self._place(ami, site, known, now)

    def _follow(self, ami: Ami, site: Site, one: Callback, legs: Legs, now: int) -> None:
        """A try that is placed: it goes on, or shall end, or has ended."""
        channels = legs.get(one.try_uuid or "", [])
        if channels:
            if one.stop and one.dialled_at is None:
                _hang_up(ami, channels)
            return
        if one.over is None and now - (one.placed_at or 0) < UNSEEN_MS:
            return
        if not backlog.is_read(self._store, self._logs):
            return
        queue = site.queue(one.queue_id) or Queue("", "")
        with self._store.change() as change:
            callbacks.settle(change, one.id, queue.callback_tries, queue.callback_minutes)
        self._woken.set()

    def _place(self, ami: Ami, site: Site, known: list[Callback], now: int) -> None:
        """Puts those into their queues whose turn may come."""
        asked = {
            leg_of(one.try_uuid, one.placed_at): one.asked
            for one in known
            if one.state == "placed" and one.try_uuid and one.placed_at
        }
        queues = lines(ami.list_of("QueueStatus"), asked, now)
        room = dict.fromkeys(queues, PLACED_AT_ONCE)
        for one in known:
            if one.state == "placed" and one.queue_id in room:
                room[one.queue_id] -= 1
        for one in known:
            queue, line = site.queue(one.queue_id), queues.get(one.queue_id)
            if one.state != "waiting" or one.next_at > now or queue is None or line is None:
                continue
            if not line.has_agents or room[one.queue_id] <= 0:
                continue
            with self._store.change() as change:
                placed = callbacks.place(change, one.id)
            if placed is not None:
                room[one.queue_id] -= 1
                self._order(ami, queue, placed, line)

    def _order(self, ami: Ami, queue: Queue, one: Callback, line: Line) -> None:
        """Asks Asterisk for the leg of a try that is claimed."""
        call, placed_at = one.try_uuid or "", one.placed_at or 0
        leg = leg_of(call, placed_at)
        fields: dict[str, Field] = {
            "Channel": "Local/s@foyer-back-wait/n",
            "Context": "foyer-back-dial",
            "Exten": "s",
            "Priority": "1",
            "ChannelId": leg,
            "OtherChannelId": f"{leg}{OTHER_HALF}",
            "Timeout": DAY_MS,
            "Variable": (
                f"__FOYER_CALL={call}",
                f"__FOYER_BACK={call}",
                f"__FOYER_QUEUE={queue.id}",
                f"FOYER_NUMBER={one.number}",
                f"FOYER_BY={placed_at // 1000 + FOLLOWED_S}",
                f"FOYER_PLACE={line.take(one.asked)}",
                f"FOYER_RECORD={'yes' if queue.record else 'no'}",
            ),
            # Not linear, as the ring tone is that the agent hears first: else its packets and the customer's
            # go through one translator, which takes the customer's for late ones if their numbers begin
            # anywhere above 32,767 (Debian's patch 2016_opus_plc to main/translate.c).
            "Codecs": "alaw",
            "Async": "true",
        }
        ami.ask("Originate", fields)


def _is_wanted(site: Site, queue: Queue | None, one: Callback, closed: Mapping[str, str], now: int) -> bool:
    """Whether it may still be called: until its queue closes; without opening hours, until the day ends."""
    if queue is None:
        return False
    at = datetime.datetime.fromtimestamp(now / 1000, datetime.UTC)
    schedule = site.schedule(queue.schedule_id)
    if schedule is not None:
        return is_open(schedule, site.time_zone, at, closed.get(schedule.id, ""))
    zone = ZoneInfo(site.time_zone)
    asked = datetime.datetime.fromtimestamp(one.asked / 1000, zone)
    return asked.date() == at.astimezone(zone).date()


def _legs(ami: Ami) -> Legs:
    found: dict[str, list[str]] = {}
    for item in ami.list_of("CoreShowChannels"):
        for call in {item.variables().get("FOYER_CALL", ""), item.get("AccountCode")} - {""}:
            found.setdefault(call, []).append(item.get("Channel"))
    return found


def _hang_up(ami: Ami, channels: list[str]) -> None:
    for channel in channels:
        try:
            ami.ask("Hangup", {"Channel": channel})
        except RejectedError:
            # It is gone already.
            continue
