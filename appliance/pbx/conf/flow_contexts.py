"""Flows and opening hours as contexts of extensions.conf. What a step does is pbx/dialplan/foyer-flow.conf.

Contexts: foyer-flow-<flow>, where a call enters at "s" and each step is an extension of its id ("t3"); a menu
has one more for each key ("t3k1"), one for who presses nothing ("t3n"), and one for an internal number
("t3d"). foyer-hours-<schedule> has an extension for each day of the week (1 to 7) and each date that is not
like it ("20261224"), which returns the open minutes of that day. foyer-closing has the code of each
schedule that an agent's phone may dial to close it for the day. No value that anybody typed stands in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from appliance.pbx.conf.inputs import Env, prompt_name
from appliance.pbx.conf.outbound import CLOSING, OUTSIDE_BOX
from appliance.pbx.conf.queue_contexts import entry
from appliance.pbx.conf.syntax import (
    START,
    Call,
    Context,
    Extension,
    Step,
    argument,
    extension,
    path,
    step_name,
)
from appliance.store import prompts, schedules
from appliance.store.flows import (
    EndStep,
    Flow,
    FlowStep,
    HoursStep,
    MenuStep,
    MessageStep,
    OutsideStep,
    PersonStep,
    QueueStep,
    SayStep,
    Speaking,
)
from appliance.store.flows import Step as FlowPart
from appliance.store.flowwalk import dial_range
from appliance.store.schedules import Minutes, Schedule, closing_code
from appliance.store.sitemodel import Site

FIRST = "1"


def flow_name(flow_id: str) -> str:
    """The context of a flow."""
    return entry(flow_id)


def contexts(site: Site, env: Env) -> Iterator[Context]:
    """Those of all flows and schedules of the site."""
    yield from (_flow(site, flow, env) for flow in site.flows)
    yield from (hours(schedule) for schedule in site.schedules)
    yield Context(CLOSING, tuple(_closing(site, schedule) for schedule in site.schedules))


def _closing(site: Site, schedule: Schedule) -> Extension:
    return Extension(closing_code(schedule), (Call("foyer-close", (schedule.id, _zone(site, schedule))),))


def _flow(site: Site, flow: Flow, env: Env) -> Context:
    begin = Extension(START, (_goto(flow, flow.steps[0].id),))
    extensions = (one for step in flow.steps for one in _step(site, flow, step, env))
    return Context(flow_name(flow.id), (begin, *extensions))


def _step(site: Site, flow: Flow, step: FlowPart, env: Env) -> Iterator[Extension]:
    mark = Call("foyer-step", (flow.id, step.id, step.kind))
    yield Extension(step_name(step.id), (mark, *_actions(site, flow, step, env)))
    if isinstance(step, MenuStep):
        yield from (Extension(f"{step.id}k{key.key}", (_goto(flow, key.next),)) for key in step.keys)
        yield Extension(f"{step.id}n", (_goto(flow, step.otherwise),))
        if step.dials_people:
            yield Extension(f"{step.id}d", (_enter("foyer-dialled"),))


def _actions(site: Site, flow: Flow, step: FlowPart, env: Env) -> tuple[Step | Call, ...]:
    """What follows once the step is marked."""
    match step:
        case HoursStep():
            actions: tuple[Step | Call, ...] = (_ask_hours(site, step), _enter("foyer-onward"))
        case MenuStep():
            actions = (_menu(site, flow, step, env),)
        case SayStep():
            actions = (Call("foyer-say", (_sound(site, step, env), step.next)),)
        case QueueStep():
            actions = (_enter(entry(step.queue_id)),)
        case PersonStep():
            actions = (Call("foyer-person", (step.agent_id, str(step.ring_seconds), step.next)),)
        case MessageStep():
            sound = _sound(site, step, env) if prompts.said_by(site, step) else ""
            actions = (Call("foyer-message", (step.for_id, str(step.max_seconds), sound)),)
        case OutsideStep():
            actions = (Step("Goto", (OUTSIDE_BOX, extension(step.number), FIRST)),)
        case FlowStep():
            actions = (_enter(flow_name(step.flow_id)),)
        case EndStep():
            actions = (Step("Hangup"),)
    return actions


def _enter(context: str) -> Step:
    return Step("Goto", (context, START, FIRST))


def _ask_hours(site: Site, step: HoursStep) -> Call:
    schedule = site.schedule(step.schedule_id)
    zone = _zone(site, schedule) if schedule else argument(site.time_zone)
    return Call("foyer-hours", (step.schedule_id, zone, step.open, step.closed))


def _zone(site: Site, schedule: Schedule) -> str:
    return argument(schedule.time_zone or site.time_zone)


def _menu(site: Site, flow: Flow, step: MenuStep, env: Env) -> Call:
    dialled = dial_range(site)
    people = (dialled.starts, str(dialled.longest)) if step.dials_people else ("", "0")
    limits = (str(step.timeout_seconds), str(step.tries))
    return Call("foyer-menu", (flow.id, step.id, _sound(site, step, env), *limits, *people))


def _sound(site: Site, step: Speaking, env: Env) -> str:
    return path(str(env.sounds / prompt_name(site.language, prompts.said_by(site, step))))


def _goto(flow: Flow, step_id: str) -> Step:
    return Step("Goto", (flow_name(flow.id), step_id, FIRST))


def hours(schedule: Schedule) -> Context:
    """The context of a schedule."""
    days = [(str(weekday), schedules.usual_minutes(schedule, weekday)) for weekday in range(1, 8)] + [
        (f"{day:%Y%m%d}", schedules.open_minutes(schedule, day)) for day in schedules.special_dates(schedule)
    ]
    answers = (Extension(name, (Step("Return", (_written(minutes),)),)) for name, minutes in days)
    return Context(f"foyer-hours-{schedule.id}", tuple(answers))


def _written(minutes: Iterable[Minutes]) -> str:
    """Open minutes as the dialplan reads them: "480-720:780-1020"."""
    return ":".join(f"{start}-{end}" for start, end in minutes)
