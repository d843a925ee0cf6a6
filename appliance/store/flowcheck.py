"""Whether the flows of a site fit together: every way leads somewhere, every step is reached, and a caller
who presses nothing gets out. Pure; called by `Site.from_dict` once each part by itself is clean.

Every refusal names the flow and, in `field`, the step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from appliance.errors import RejectedError
from appliance.store.flows import (
    Flow,
    FlowStep,
    HoursStep,
    MenuStep,
    MessageStep,
    OutsideStep,
    PersonStep,
    QueueStep,
    Step,
)
from appliance.store.schedules import Schedule

_NO_HOURS = "In the flow “{flow}”, a step asks for opening hours that are no longer there."
_NO_QUEUE = "In the flow “{flow}”, a step leads to a queue that is no longer there."
_NO_AGENT = "In the flow “{flow}”, a step rings an agent who is no longer there."
_NOBODY = "In the flow “{flow}”, a step takes messages for somebody who is no longer there."
_NO_FLOW = "In the flow “{flow}”, a step leads to a flow that is no longer there."

type Place = tuple[str, str]
"""A flow's id and a step's."""


class Named(Protocol):
    """A queue, an agent, a line: something with an id."""

    @property
    def id(self) -> str:
        """Its id."""


class Waiting(Named, Protocol):
    """A queue."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def leads_at_once(self) -> tuple[str, ...]:
        """The flows and queues that a caller may be sent to without any wait."""


class Parts(Protocol):
    """What of a site is looked at here."""

    @property
    def flows(self) -> Sequence[Flow]:
        """The flows."""

    @property
    def schedules(self) -> Sequence[Schedule]:
        """The opening hours."""

    @property
    def queues(self) -> Sequence[Waiting]:
        """The queues."""

    @property
    def agents(self) -> Sequence[Named]:
        """The agents."""

    @property
    def lines(self) -> Sequence[Named]:
        """The lines."""


def refuse_unfit(site: Parts) -> None:
    """RejectedError at the first flow that does not fit."""
    for at, flow in enumerate(site.flows):
        _refuse_dangling(site, flow, f"flows.{at}")
        _refuse_unreached(flow, f"flows.{at}")
    _refuse_round(site.flows, site.queues)


def _refuse_dangling(site: Parts, flow: Flow, path: str) -> None:
    own: set[str] = set()
    for at, step in enumerate(flow.steps):
        if step.id in own:
            raise RejectedError("Another one has this id.", field=f"{path}.steps.{at}.id")
        own.add(step.id)
    for at, step in enumerate(flow.steps):
        place = f"{path}.steps.{at}"
        for name, target in _targets(step):
            if target not in own:
                raise RejectedError(
                    "In the flow “{flow}”, a step leads to one that is no longer there.",
                    "Choose another step.",
                    f"{place}.{name}",
                    flow=flow.name,
                )
        _refuse_missing(site, flow, step, place)


def _targets(step: Step) -> Iterator[tuple[str, str]]:
    """The steps that this one names, each with its field."""
    if isinstance(step, HoursStep):
        yield from (("open", step.open), ("closed", step.closed))
    elif isinstance(step, MenuStep):
        yield from ((f"keys.{at}.next", key.next) for at, key in enumerate(step.keys))
        yield "otherwise", step.otherwise
    else:
        yield from (("next", target) for target in step.ways)


def _refuse_missing(site: Parts, flow: Flow, step: Step, place: str) -> None:
    """Refuses a step whose queue, person, hours or flow is not part of the site."""
    if isinstance(step, OutsideStep) and not site.lines:
        raise RejectedError(
            "In the flow “{flow}”, a step calls a number, but there is no phone line.",
            "Set up a phone line first.",
            f"{place}.number",
            flow=flow.name,
        )
    wanted: tuple[str, str, Sequence[Named], str] | None = None
    if isinstance(step, HoursStep):
        wanted = ("schedule_id", step.schedule_id, site.schedules, _NO_HOURS)
    elif isinstance(step, QueueStep):
        wanted = ("queue_id", step.queue_id, site.queues, _NO_QUEUE)
    elif isinstance(step, PersonStep):
        wanted = ("agent_id", step.agent_id, site.agents, _NO_AGENT)
    elif isinstance(step, MessageStep):
        wanted = ("for_id", step.for_id, (*site.agents, *site.queues), _NOBODY)
    elif isinstance(step, FlowStep):
        wanted = ("flow_id", step.flow_id, site.flows, _NO_FLOW)
    if wanted:
        name, item_id, known, message = wanted
        if item_id not in {item.id for item in known}:
            raise RejectedError(message, "Choose one that is there.", f"{place}.{name}", flow=flow.name)


def unreached(flow: Flow) -> list[int]:
    """Where the steps stand that no call can come to."""
    known = {step.id: step for step in flow.steps}
    reached: set[str] = set()
    waiting = [flow.steps[0].id]
    while waiting:
        step = known.get(waiting.pop())
        if step is not None and step.id not in reached:
            reached.add(step.id)
            waiting.extend(step.ways)
    return [at for at, step in enumerate(flow.steps) if step.id not in reached]


def _refuse_unreached(flow: Flow, path: str) -> None:
    """A step that nobody hears is a mistake, or was forgotten: either way its author wants to know."""
    for at in unreached(flow):
        raise RejectedError(
            "In the flow “{flow}”, nothing leads to this step.",
            "Let another step lead to it, or remove it.",
            f"{path}.steps.{at}",
            flow=flow.name,
        )


def _refuse_round(flows: Sequence[Flow], queues: Sequence[Waiting]) -> None:
    """Refuses a circle that a caller who presses nothing never leaves, also one through several flows, or
    through queues that are full, closed or without agents. A queue that is left after a wait ends a circle:
    somebody may answer.
    """
    where = {(queue.id, ""): (queue.name, f"queues.{at}.name") for at, queue in enumerate(queues)}
    where |= {
        (flow.id, step.id): (flow.name, f"flows.{at}.steps.{place}")
        for at, flow in enumerate(flows)
        for place, step in enumerate(flow.steps)
    }
    ways = dict(_silent_ways(flows, queues))
    done: set[Place] = set()
    for start in where:
        circle = _circle(start, ways, done)
        if circle:
            raise RejectedError(
                "A caller who presses nothing goes round and round in: {flows}.",
                "Let one of the steps lead out.",
                where[circle[0]][1],
                flows=", ".join(dict.fromkeys(where[one][0] for one in circle)),
            )


def _silent_ways(flows: Sequence[Flow], queues: Sequence[Waiting]) -> Iterator[tuple[Place, list[Place]]]:
    first = {flow.id: flow.steps[0].id for flow in flows}
    for queue in queues:
        yield (queue.id, ""), [(target, first.get(target, "")) for target in queue.leads_at_once]
    for flow in flows:
        for step in flow.steps:
            if isinstance(step, FlowStep):
                yield (flow.id, step.id), [(step.flow_id, first[step.flow_id])]
            elif isinstance(step, QueueStep):
                yield (flow.id, step.id), [(step.queue_id, "")]
            else:
                yield (flow.id, step.id), [(flow.id, target) for target in step.silent]


def _circle(start: Place, ways: Mapping[Place, Sequence[Place]], done: set[Place]) -> list[Place]:
    """The first circle that can be reached from `start`; what leads to none is added to `done`."""
    trail: list[Place] = []
    todo: list[tuple[Place, Iterator[Place]]] = []
    if start not in done:
        trail.append(start)
        todo.append((start, iter(ways[start])))
    while todo:
        _, left = todo[-1]
        target = next(left, None)
        if target is None:
            todo.pop()
            done.add(trail.pop())
        elif target in trail:
            return trail[trail.index(target) :]
        elif target not in done:
            trail.append(target)
            todo.append((target, iter(ways[target])))
    return []
