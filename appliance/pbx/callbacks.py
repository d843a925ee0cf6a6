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
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from appliance.errors import FoyerError, RejectedError
from appliance.pbx import backlog
from appliance.pbx.ami import Ami
from appliance.pbx.ami_parser import Message
from appliance.pbx.ami_session import ActionSession
from appliance.pbx.ami_wire import Field
from appliance.pbx.queue_places import Line, leg_of, lines
from appliance.pbx.recorded_anew import AgentEnds
from appliance.pbx.rows import OTHER_HALF
from appliance.pbx.running import RunningSite
from appliance.pbx.unrecorded import end_recordings
from appliance.store import Store, callbacks, live, now_ms
from appliance.store.callbacks import Callback
from appliance.store.schedules import first_closing, is_open
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
AHEAD = datetime.timedelta(days=2)
"""A leg waits half an hour: what is later than this does not concern it."""


@dataclass
class Legs:
    """The channels of one call that are up. `is_dialling`: the customer is called, or talks."""

    channels: list[str] = field(default_factory=list)
    is_dialling: bool = False


class Callbacks:
    """`run` until stopped; `wake` from any thread."""

    def __init__(
        self, store: Store, session: ActionSession, running: RunningSite, logs: Path, agent_ends: AgentEnds
    ) -> None:
        self._store = store
        self._session = session
        self._running = running
        self._logs = logs
        self._woken = threading.Event()
        self._agent_ends = agent_ends

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
            called = callbacks.called_themselves(db)
        if not known:
            return
        site, now = self._running.get(), now_ms()
        over = {one.id: callbacks.EXPIRED for one in known if not _is_wanted(site, one, closed, now)}
        over |= dict.fromkeys(called, callbacks.CALLED)
        ami = self._session.ami()
        channels = ami.list_of("CoreShowChannels")
        legs = _legs(channels)
        end_recordings(ami, site, known, channels)
        self._agent_ends.follow(known, channels)
        # Before anything is written down: a disk that is full makes no call after closing time. It ends none
        # either: who is being called is known from Asterisk, as the log may not have been read.
        for one in known:
            of_try = legs.get(one.try_uuid or "", Legs())
            is_begun = one.dialled_at is not None or of_try.is_dialling
            if one.state == "placed" and not is_begun and (one.stop or one.id in over):
                _hang_up(ami, of_try.channels)
        for one in known:
            if one.id in over and not one.stop:
                with self._store.change() as change:
                    callbacks.stop(change, one.id, over[one.id])
        for one in known:
            if one.state == "placed":
                self._follow(site, one, legs, now)
        with self._store.read() as db:
            known = callbacks.open_ones(db)
        if any(one.state == "waiting" and one.next_at <= now for one in known):
            self._place(ami, site, known, now)

    def _follow(self, site: Site, one: Callback, legs: Mapping[str, Legs], now: int) -> None:
        """A try that is placed: it goes on, or has ended."""
        if one.try_uuid in legs:
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
                self._order(ami, site, queue, placed, line)

    def _order(self, ami: Ami, site: Site, queue: Queue, one: Callback, line: Line) -> None:
        """Asks Asterisk for the leg of a try that is claimed."""
        call, placed_at = one.try_uuid or "", one.placed_at or 0
        leg = leg_of(call, placed_at)
        schedule = site.schedule(queue.schedule_id)
        zone = (schedule.time_zone if schedule else "") or site.time_zone
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
                f"FOYER_PLACE={line.take(one.priority, one.asked)}",
                f"QUEUE_PRIO={one.priority}",
                f"FOYER_SCHEDULE={schedule.id if schedule else ''}",
                f"FOYER_ZONE={zone}",
                f"FOYER_ENDS={_ends(site, queue, one.asked, now_ms()) // 1000}",
                f"FOYER_RECORD={'yes' if queue.record else 'no'}",
            ),
            # Not linear, as the ring tone is that the agent hears first: else its packets and the customer's
            # go through one translator, which takes the customer's for late ones if their numbers begin
            # anywhere above 32,767 (Debian's patch 2016_opus_plc to main/translate.c).
            "Codecs": "alaw",
            "Async": "true",
        }
        ami.ask("Originate", fields)


def _is_wanted(site: Site, one: Callback, closed: Mapping[str, str], now: int) -> bool:
    """Whether it may still be called: until its queue closes for the first time, also where nobody was there
    to see it; without opening hours, until the day ends. The dialplan looks again before it calls
    (foyer-back-dial).
    """
    queue = site.queue(one.queue_id)
    if queue is None or _ends(site, queue, one.asked, now) <= now:
        return False
    schedule = site.schedule(queue.schedule_id)
    return schedule is None or is_open(schedule, site.time_zone, _utc(now), closed.get(schedule.id, ""))


def _ends(site: Site, queue: Queue, asked: int, now: int) -> int:
    """When what was promised at the moment `asked` ends; all are ms UTC."""
    schedule = site.schedule(queue.schedule_id)
    if schedule is None:
        day = _utc(asked).astimezone(ZoneInfo(site.time_zone)).date() + datetime.timedelta(days=1)
        ends = datetime.datetime.combine(day, datetime.time(), ZoneInfo(site.time_zone))
    else:
        until = _utc(now) + AHEAD
        ends = first_closing(schedule, site.time_zone, _utc(asked), until) or until
    return round(ends.timestamp() * 1000)


def _utc(at: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at / 1000, datetime.UTC)


def _legs(channels: Iterable[Message]) -> dict[str, Legs]:
    """Those of each call, by its id."""
    found: dict[str, Legs] = {}
    for item in channels:
        for call in {item.variables().get("FOYER_CALL", ""), item.get("AccountCode")} - {""}:
            legs = found.setdefault(call, Legs())
            legs.channels.append(item.get("Channel"))
            legs.is_dialling |= item.get("Application") == "Dial"
    return found


def _hang_up(ami: Ami, channels: list[str]) -> None:
    for channel in channels:
        try:
            ami.ask("Hangup", {"Channel": channel})
        except RejectedError:
            # It is gone already.
            continue
