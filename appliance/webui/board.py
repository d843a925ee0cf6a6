"""The live board: who waits, what every agent does, how the day went. Made from the store's live rows and
segments.

Used by live.py and desk.py. `build` is pure; `load` reads what it needs in one moment. The live rows it
reads, as foyer-pbx keeps them (times are ms UTC, numbers as the network gave them):

    pbx/state      {"up": bool, "since": ms}
    caller/<uuid>  {"queue": "q1", "position": 1, "since": ms, "number": "...", "name": "..."}
    agent/<id>     {"browser": bool, "desk": bool,               -- which of the two phones is connected
                    "state": "idle" | "ringing" | "calling" | "talking" | "hold", "since": ms,
                    "call": "<uuid>", "queue": "q1", "number": "...", "name": "..."}
    disk/recording {"full": bool, "since": ms}                   -- whether new calls are not recorded

and those of the phone lines, which are `lines.py`'s.
"""

from __future__ import annotations

import datetime
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from appliance.reports import today
from appliance.reports.today import Figures
from appliance.store import Store, agents, callbacks, events, live, people, phone, wrap_ups
from appliance.store.agents import AgentState
from appliance.store.callbacks import Callback
from appliance.store.live import LiveSnapshot
from appliance.store.records import Segment
from appliance.store.site_queues import Queue
from appliance.store.sitemodel import Agent, Site
from appliance.webui import days, labels, lines
from appliance.webui.i18n import N_
from appliance.webui.lines import LineNow

# state: (words, kind of badge); also the order in which agents are listed.
STATES = {
    "ringing": (N_("Ringing"), "info"),
    "calling": (N_("Calling somebody"), "info"),
    "talking": (N_("On a call"), "good"),
    "hold": (N_("Caller on hold"), "good"),
    "wrap_up": (N_("After a call"), "warn"),
    "declined": (N_("Declined a call"), "warn"),
    "available": (N_("Available"), "good"),
    "no_phone": (N_("Phone not connected"), "bad"),
    "break": (N_("Break"), "warn"),
    "offline": (N_("Offline"), ""),
}
_TALKING = ("calling", "talking", "hold")
_BUSY = ("ringing", *_TALKING)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Who:
    """The other side of a call; `name` or `number` may be empty, `person_id` None for somebody new. Who
    `comes_first` waits before others who came earlier.
    """

    name: str = ""
    number: str = ""
    person_id: str | None = None
    comes_first: bool = False


@dataclass(frozen=True)
class Waiting:
    """A caller in a queue; `callback` is the id of the promise if it is one who left a number, else ""."""

    call: str
    queue: str
    position: int
    since: int
    who: Who
    callback: str = ""

    @property
    def may_end(self) -> bool:
        """Whether the telephone service can be asked to end this call."""
        return is_call(self.call) and not self.callback


@dataclass(frozen=True)
class Promise:
    """Somebody who left a number and is not in the queue now: what goes on, in words (msgid), since when the
    place is kept, and when the next try is due (ms; None if that is not a matter of time).
    """

    id: str
    who: Who
    words: str
    asked: int
    next_at: int | None


@dataclass(frozen=True)
class AtWork:
    """An agent now: `state` is a key of STATES, `detail` the break's name or the queue's. `is_from_phone`:
    the break was begun with a key of the phone, so nobody knows its reason.
    """

    id: str
    name: str
    extension: str
    state: str
    detail: str
    since: int | None
    device: str
    who: Who | None = None
    call: str = ""
    is_from_phone: bool = False

    @property
    def words(self) -> str:
        """The state in words (msgid)."""
        return STATES[self.state][0]

    @property
    def badge(self) -> str:
        """The kind of badge for it."""
        return STATES[self.state][1]

    @property
    def may_end(self) -> bool:
        """Whether the telephone service can be asked to end the call that the agent is in."""
        return self.state in _TALKING and is_call(self.call)


@dataclass(frozen=True)
class InQueue:
    """A queue now and today. `free` agents could take a call at once, `there` are not offline."""

    queue: Queue
    waiting: tuple[Waiting, ...]
    figures: Figures
    free: int
    there: int
    promises: tuple[Promise, ...]


@dataclass(frozen=True)
class Board:
    """Everything on the live page. `is_up`: the telephone service runs; else `down_since` may say since when.

    `is_disk_full`: new calls are not recorded. `is_guard_on`: expensive calls are stopped. `refetch_at` (ms)
    is when something on it ends by itself; None if nothing does.
    """

    is_up: bool
    down_since: int | None
    queues: tuple[InQueue, ...]
    agents: tuple[AtWork, ...]
    lines: tuple[LineNow, ...]
    total: Figures
    is_disk_full: bool
    is_guard_on: bool
    now: int
    refetch_at: int | None

    @property
    def waiting(self) -> int:
        """How many callers wait in all."""
        return sum(len(queue.waiting) for queue in self.queues)


@dataclass(frozen=True)
class Facts:
    """What `build` works with, besides the site: one moment of the store. `after` are the wrap-ups
    that run, by agent.
    """

    snapshot: LiveSnapshot
    states: Mapping[str, AgentState]
    after: Mapping[str, Segment]
    figures: Mapping[str, Figures]
    who: Mapping[str, Who]
    now: int
    left: tuple[Callback, ...] = ()


def load(db: Database, site: Site, zone: datetime.tzinfo, now: int) -> Board:
    """The board as of this moment."""
    snapshot = live.snapshot(db)
    begin, end = days.span(days.of(now, zone), zone)
    targets = {queue.id: queue.service_level_seconds for queue in site.queues}
    left = tuple(callbacks.open_ones(db))
    numbers = [{"number": one.number} for one in left]
    rows = [*snapshot.rows["caller"].values(), *snapshot.rows["agent"].values(), *numbers]
    facts = Facts(
        snapshot,
        agents.current(db),
        wrap_ups.running(db, now),
        today.by_queue(db, begin, end, targets),
        {number: find(db, site, number, name) for number, name in _numbers(rows).items()},
        now,
        left,
    )
    return build(site, facts)


class Latest:
    """The last board that was made: made anew only when something happened since, however many ask for it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._guard = threading.Lock()
        self._made: Made | None = None

    def get(self, site: Site, zone: datetime.tzinfo, now: int) -> tuple[int, Board]:
        """The board, and the id of the newest event in it."""
        day = f"{zone} {days.of(now, zone)}"
        with self._store.read() as db:
            latest = events.latest_id(db)
        with self._guard:  # the others wait here for the one who makes it
            if self._made is None or not self._made.is_good(latest, day, now):
                with self._store.read() as db:
                    latest = events.latest_id(db)
                    self._made = Made(latest, day, load(db, site, zone, now))
            return self._made.event_id, self._made.board


@dataclass(frozen=True)
class Made:
    """A board with everything up to an event, for a day."""

    event_id: int
    day: str
    board: Board

    def is_good(self, latest: int, day: str, now: int) -> bool:
        """Whether nothing happened since, and nothing ended by itself."""
        ends = self.board.refetch_at
        return self.event_id >= latest and self.day == day and (ends is None or now < ends)


def build(site: Site, facts: Facts) -> Board:
    """The board of a site. Pure."""
    status = facts.snapshot.rows["pbx"].get("state", {})
    staff = tuple(at_work(site, agent, facts) for agent in site.agents)
    order = list(STATES)
    in_queues = {agent for queue in site.queues for agent in queue.agents}
    # A colleague who answers no queue is not missed there: shown only while there is something to show.
    listed = [one for one in staff if one.state != "offline" or one.id in in_queues]
    ends = [one.ended for one in facts.after.values() if one.ended is not None]
    spared = (agents.spared_until(site, state, facts.now) for state in facts.states.values())
    ends += [end for end in spared if end > facts.now]
    return Board(
        is_up=bool(status.get("up")),
        down_since=status.get("since"),
        queues=tuple(_in_queue(queue, staff, facts) for queue in site.queues),
        agents=tuple(sorted(listed, key=lambda agent: (order.index(agent.state), agent.name.casefold()))),
        lines=lines.now(site, facts.snapshot),
        total=today.total(facts.figures),
        is_disk_full=is_disk_full(facts.snapshot),
        is_guard_on=is_guard_on(facts.snapshot),
        now=facts.now,
        refetch_at=min(ends) if ends else None,
    )


def is_disk_full(snapshot: LiveSnapshot) -> bool:
    """Whether new calls are not recorded because the disk has no room."""
    return bool(snapshot.rows["disk"].get("recording", {}).get("full"))


def is_guard_on(snapshot: LiveSnapshot) -> bool:
    """Whether expensive calls are stopped."""
    return bool(snapshot.rows["guard"])


def at_work(site: Site, agent: Agent, facts: Facts) -> AtWork:
    """What one agent does: a call comes before everything else, then what he says of himself."""
    state = facts.states.get(agent.id, AgentState(agent.id))
    row = facts.snapshot.rows["agent"].get(agent.id, {})
    detail, since, who = "", state.started or None, None
    after = facts.after.get(agent.id)
    if row.get("state") in _BUSY:
        shown, since = str(row["state"]), row.get("since")
        detail = labels.queue_name(site, row.get("queue"))
        who = facts.who.get(str(row.get("number", "")))
    elif state.state == "break":
        shown = "break"
        detail = "" if state.reason == "phone" else labels.break_name(site, state.reason)
    elif state.state == "offline":
        shown, since = "offline", None
    elif after is not None:
        shown, since = "wrap_up", after.started
    elif not row.get(state.device):
        # Before "declined": a phone that is gone refuses calls, too.
        shown = "no_phone"
    else:
        shown = "declined" if facts.now < agents.spared_until(site, state, facts.now) else "available"
    return AtWork(
        agent.id,
        agent.name,
        agent.extension,
        shown,
        detail,
        since,
        state.device,
        who,
        str(row.get("call", "")),
        is_from_phone=shown == "break" and state.reason == "phone",
    )


def waiting(facts: Facts) -> list[Waiting]:
    """All callers who wait, in order."""
    promised = {one.try_uuid: one for one in facts.left if one.state == "placed"}
    found = [
        Waiting(
            call,
            str(row.get("queue", "")),
            int(row.get("position", 0)),
            promised[call].asked if call in promised else int(row.get("since", facts.now)),
            facts.who.get(str(row.get("number", "")), Who()),
            promised[call].id if call in promised else "",
        )
        for call, row in facts.snapshot.rows["caller"].items()
    ]
    return sorted(found, key=lambda caller: (caller.position, caller.since))


def is_call(call: str) -> bool:
    """Whether this is the id of a call with the outside; calls between two agents have none."""
    return _UUID.fullmatch(call) is not None


def find(db: Database, site: Site, number: str, name: str = "") -> Who:
    """Whom a number belongs to; `name` is the network's, shown where we know none."""
    if phone.is_anonymous(number):
        return Who()
    name = phone.network_name(name)
    value = phone.e164(number, site.country) or number
    person = people.by_address(db, "phone", value)
    shown = labels.number(value, site.country)
    if person is None:
        return Who(name, shown)
    return Who(person.name or name, shown, person.id, person.priority == "high")


def _numbers(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The numbers in live rows, and the names that the network gave with them."""
    return {str(row["number"]): str(row.get("name", "")) for row in rows if row.get("number")}


def _in_queue(queue: Queue, staff: Iterable[AtWork], facts: Facts) -> InQueue:
    members = [agent for agent in staff if agent.id in queue.agents]
    callers = tuple(caller for caller in waiting(facts) if caller.queue == queue.id)
    inside = {caller.callback for caller in callers}
    left = [one for one in facts.left if one.queue_id == queue.id and one.id not in inside]
    return InQueue(
        queue,
        callers,
        facts.figures.get(queue.id, Figures()),
        free=sum(agent.state == "available" for agent in members),
        there=sum(agent.state != "offline" for agent in members),
        promises=tuple(_promise(one, facts) for one in left),
    )


def _promise(one: Callback, facts: Facts) -> Promise:
    is_later = one.state == "waiting" and one.tries > 0 and one.next_at > facts.now
    if one.stop:
        words = N_("Is being cancelled")
    elif one.dialled_at is not None and one.state == "placed":
        words = N_("Is being called back")
    else:
        words = N_("Not reached; next try at") if is_later else N_("Waits to be called back")
    who = facts.who.get(one.number, Who())
    return Promise(one.id, who, words, one.asked, one.next_at if is_later else None)
