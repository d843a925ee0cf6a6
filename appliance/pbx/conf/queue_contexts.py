"""Queues as contexts of extensions.conf. What they do is pbx/dialplan/foyer-queue.conf.

Contexts: foyer-queue-<queue>, where a call enters, and foyer-full-, -empty-, -late- and -closed-<queue>,
where one goes on that the queue does not take or no longer keeps.
"""

from __future__ import annotations

from collections.abc import Iterator

from appliance.pbx.conf.inputs import Env, prompt_name, sound_name
from appliance.pbx.conf.syntax import START, Call, Context, Extension, Step, argument, path
from appliance.store import prompts
from appliance.store.site_queues import CALLBACK, EXITS, Queue
from appliance.store.sitemodel import Site


def entry(target: str) -> str:
    """The context in which calls to a flow or a queue begin."""
    return f"foyer-flow-{target}" if target.startswith("f") else f"foyer-queue-{target}"


def contexts(site: Site, queue: Queue, env: Env) -> Iterator[Context]:
    """Those of one queue."""
    yield Context(f"foyer-queue-{queue.id}", (Extension(START, tuple(_steps(site, queue, env))),))
    for name in EXITS:
        target = getattr(queue, name)
        goes_on = Step("Goto", (_exit(target), START, "1"))
        yield Context(f"foyer-{name.removeprefix('when_')}-{queue.id}", (Extension(START, (goes_on,)),))


def _exit(target: str) -> str:
    if target == CALLBACK:
        return "foyer-back-last"
    return entry(target) if target else "foyer-sorry"


def _steps(site: Site, queue: Queue, env: Env) -> Iterator[Call]:
    schedule = site.schedule(queue.schedule_id)
    if schedule:
        zone = argument(schedule.time_zone or site.time_zone)
        yield Call("foyer-queue-hours", (queue.id, schedule.id, zone))
    greeting = prompts.greeting(site, queue)
    if greeting:
        name = prompt_name(site.language, greeting)
        yield Call("foyer-greeting", (path(str(env.sounds / name)),))
    yield Call("foyer-record" if queue.record else "foyer-record-not")
    told = _sound(site, queue.name, env) if queue.tells_agent else ""
    yield Call("foyer-wait", (queue.id, str(queue.max_wait_seconds), str(queue.max_callers), told))


def _sound(site: Site, text: str, env: Env) -> str:
    return path(str(env.sounds / sound_name(site.language, text)))
