"""What happens to a call: walks a site's flows as Asterisk does, without Asterisk. Pure.

The trial page shows it to who asks "what happens on Sunday at 8, pressing 2?". The dialplan that does the
same is pbx/conf/flow_contexts.py with pbx/dialplan/foyer-flow.conf; a test walks both and compares. How many
calls and minutes are left of a day is not known here: who shows a call to the outside says so.
"""

from __future__ import annotations

import datetime
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from appliance.store import calling
from appliance.store.countries import Country
from appliance.store.flows import (
    FlowStep,
    HoursStep,
    MenuStep,
    MessageStep,
    OutsideStep,
    PersonStep,
    QueueStep,
    SayStep,
    Step,
)
from appliance.store.schedules import is_open
from appliance.store.site_outbound import EXPENSIVE
from appliance.store.site_queues import CALLBACK
from appliance.store.sitemodel import Number, Site

# Why a call to the outside is refused, where it is not for its kind: expensive calls are stopped.
STOPPED = "stopped"


@dataclass(frozen=True)
class Moment:
    """When a call comes in, and what is in force then: the time (with a time zone); the dates (ISO 8601) for
    which schedules, by id, were closed by hand; whether the guard against fraud stops expensive calls. `exit`
    is what the first open queue that the call comes to does with it: "when_full", "when_empty", "when_late",
    or "" if it takes and keeps it.
    """

    at: datetime.datetime
    closed: Mapping[str, str] = field(default_factory=dict)
    is_stopped: bool = False
    exit: str = ""


@dataclass(frozen=True)
class Visit:
    """A step that the call came to. `choice` is why it went on as it did: "open" or "closed", the key or the
    internal number that was pressed, "" for anything else; `tries` how often a menu was said. A queue that
    the call has left is a step of no flow, with the `exit` of the moment.
    """

    flow_id: str
    step: Step
    choice: str = ""
    tries: int = 0


@dataclass(frozen=True)
class End:
    """Where a call stays: `kind` is queue, agent, message, fax or outside, and `target` its id or number; or
    the caller may leave a number for a queue ("callback"); or it is hung up ("end"), after an apology
    ("sorry"). `refused` is why a call to the outside is not made: its kind, such as "premium", that nobody
    may call from a flow, or `STOPPED`; "" if it is made.
    """

    kind: str
    target: str = ""
    refused: str = ""


HUNG_UP = End("end")
# A queue that does not take or keep a caller, and leads nowhere.
SORRY = End("sorry")


@dataclass(frozen=True)
class Walk:
    """A call's whole way: the steps that it came to, and where it stays."""

    visits: tuple[Visit, ...]
    end: End


@dataclass(frozen=True)
class DialRange:
    """The internal numbers as a menu reads them: the digits that they begin with, in order, and the length of
    the longest.
    """

    starts: str
    longest: int


def dial_range(site: Site) -> DialRange:
    """Of all agents of the site; an empty one without agents."""
    extensions = [agent.extension for agent in site.agents]
    starts = "".join(sorted({extension[:1] for extension in extensions}))
    return DialRange(starts, max(map(len, extensions), default=0))


def walk(site: Site, country: Country, number: Number, moment: Moment, presses: Sequence[str] = ()) -> Walk:
    """The way of a call to `number` at the moment, if no person answers on it; the site is in `country`.

    `presses` are what the caller presses at one menu after the other, "" for nothing; who has no more to
    press stays silent.
    """
    caller = _Caller(site, country, moment, deque(presses), deque([moment.exit] if moment.exit else []))
    if number.is_fax:
        return Walk((), End("fax", number.queue_id))
    goes_to: str | End = caller.enter(number.queue_id or number.flow_id)
    while not isinstance(goes_to, End):
        flow = site.flow(goes_to)
        step = flow.steps[0] if flow else None
        goes_to = HUNG_UP
        while flow is not None and step is not None:
            goes_to = caller.visit(flow.id, step)
            if isinstance(goes_to, End) or isinstance(step, FlowStep | QueueStep):
                break
            step = flow.step(goes_to)
    return Walk(tuple(caller.visits), goes_to)


@dataclass(frozen=True)
class _Caller:
    """The moment, what is still going to be pressed, how queues are still going to be left, and the way."""

    site: Site
    country: Country
    moment: Moment
    presses: deque[str]
    exits: deque[str]
    visits: list[Visit] = field(default_factory=list)

    def enter(self, target: str) -> str | End:
        """The flow in which a call to this flow or queue begins, or the queue in which it waits. A queue that
        is closed, or does not take or keep the call, sends it on.
        """
        while target.startswith("q"):
            queue = self.site.queue(target)
            is_shut = queue is not None and queue.schedule_id and not self._is_open(queue.schedule_id)
            if queue is None or not (is_shut or self.exits):
                return End("queue", target)
            if is_shut:
                target = queue.when_closed
            else:
                self.visits.append(Visit("", QueueStep("", queue.id), self.exits[0]))
                target = getattr(queue, self.exits.popleft())
            if target == CALLBACK:
                return End("callback", queue.id)
        return target or SORRY

    def visit(self, flow_id: str, step: Step) -> str | End:
        """Puts a step on the way; the id of the next step (after a FlowStep or a QueueStep: flow), or the
        end.
        """
        if isinstance(step, MenuStep):
            visit, goes_to = self._menu(flow_id, step)
            self.visits.append(visit)
            return goes_to
        is_now = isinstance(step, HoursStep) and self._is_open(step.schedule_id)
        choice = ("open" if is_now else "closed") if isinstance(step, HoursStep) else ""
        self.visits.append(Visit(flow_id, step, choice))
        if isinstance(step, HoursStep):
            return step.open if is_now else step.closed
        if isinstance(step, MessageStep):
            return End("message", step.for_id)
        if isinstance(step, QueueStep):
            return self.enter(step.queue_id)
        if isinstance(step, OutsideStep):
            return End("outside", step.number, self._refused(step.number))
        return _goes_to(step)

    def _is_open(self, schedule_id: str) -> bool:
        schedule = self.site.schedule(schedule_id)
        closed_on = self.moment.closed.get(schedule_id, "")
        return schedule is not None and is_open(schedule, self.site.time_zone, self.moment.at, closed_on)

    def _refused(self, number: str) -> str:
        kind = calling.kind_for_box(self.site, self.country, number)
        if kind not in self.site.outbound.kinds:
            return kind
        return STOPPED if self.moment.is_stopped and kind in EXPENSIVE else ""

    def _menu(self, flow_id: str, menu: MenuStep) -> tuple[Visit, str | End]:
        keys = {key.key: key.next for key in menu.keys}
        agents = {agent.extension: agent.id for agent in self.site.agents} if menu.dials_people else {}
        for tries in range(1, menu.tries + 1):
            pressed = self._press(menu)
            if pressed in keys:
                return Visit(flow_id, menu, pressed, tries), keys[pressed]
            if pressed in agents:
                return Visit(flow_id, menu, pressed, tries), End("agent", agents[pressed])
        return Visit(flow_id, menu, "", menu.tries), menu.otherwise

    def _press(self, menu: MenuStep) -> str:
        """What the menu hears in one try. One key is enough, unless an internal number may begin with it;
        what was pressed beyond that counts at the next menu.
        """
        pressed = self.presses.popleft() if self.presses else ""
        dialled = dial_range(self.site)
        if menu.dials_people and pressed[:1] and pressed[0] in dialled.starts:
            heard = pressed[: dialled.longest]
            # "#" ends a number that is not as long as the longest.
            heard, ends, _ = heard.partition("#")
            left = pressed[len(heard) + len(ends) :]
        else:
            heard, left = pressed[:1], pressed[1:]
        if left:
            self.presses.appendleft(left)
        return heard


def _goes_to(step: Step) -> str | End:
    """The next step of one that neither asks nor looks at the clock."""
    if isinstance(step, SayStep):
        return step.next
    if isinstance(step, FlowStep):
        return step.flow_id
    if isinstance(step, PersonStep):
        return step.next or End("agent", step.agent_id)
    return HUNG_UP
