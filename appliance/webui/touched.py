"""Which numbers a change touches: those whose calls come to something that differs. Pure; shown before
saving.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from appliance.store import music, prompts
from appliance.store.flows import (
    Flow,
    FlowStep,
    HoursStep,
    MenuStep,
    OutsideStep,
    PersonStep,
    QueueStep,
    Speaking,
)
from appliance.store.site_queues import Queue
from appliance.store.sitemodel import Number, Site


def numbers(old: Site, new: Site) -> list[str]:
    """The numbers whose calls may go another way after the change, in the order of the newer site."""
    before = {number.number: number for number in old.numbers}
    after = {number.number: number for number in new.numbers}
    return [
        number
        for number in dict.fromkeys((*after, *before))
        if before.get(number) != after.get(number)
        or list(_parts(old, before.get(number))) != list(_parts(new, after.get(number)))
    ]


def _parts(site: Site, number: Number | None) -> Iterator[Any]:
    """Everything that a call to the number may come to, in a fixed order."""
    if number is None:
        return
    yield site.time_zone, site.language, site.line(number.line_id)
    seen: set[str] = set()
    waiting = [number.queue_id or number.flow_id]
    while waiting:
        found = waiting.pop()
        if found in seen:
            continue
        seen.add(found)
        queue, flow = site.queue(found), site.flow(found)
        if queue is not None:
            yield queue, _agents(site, queue), site.schedule(queue.schedule_id), music.find(site, queue.music)
            yield prompts.greeting(site, queue), prompts.message(site, queue)
            waiting += queue.leads
        elif flow is not None:
            yield flow
            yield from _asked(site, flow)
            waiting += [step.queue_id for step in flow.steps if isinstance(step, QueueStep)]
            waiting += [step.flow_id for step in flow.steps if isinstance(step, FlowStep)]


def _agents(site: Site, queue: Queue) -> list[Any]:
    return [site.agent(agent) for agent in queue.agents]


def _asked(site: Site, flow: Flow) -> Iterator[Any]:
    """The opening hours, the people, the prompts and the ways to the outside of a flow's steps."""
    for step in flow.steps:
        if isinstance(step, HoursStep):
            yield site.schedule(step.schedule_id)
        elif isinstance(step, PersonStep):
            yield site.agent(step.agent_id)
        elif isinstance(step, OutsideStep):
            yield site.outbound, site.lines
        elif isinstance(step, MenuStep) and step.dials_people:
            yield site.agents
        if isinstance(step, Speaking):
            yield prompts.said_by(site, step)
