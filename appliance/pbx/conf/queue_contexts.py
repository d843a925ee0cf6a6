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
    yield Context(f"foyer-queue-{queue.id}", (Extension(START, (_enter(site, queue, env),)),))
    for name in EXITS:
        target = getattr(queue, name)
        goes_on = Step("Goto", (_exit(target), START, "1"))
        yield Context(f"foyer-{name.removeprefix('when_')}-{queue.id}", (Extension(START, (goes_on,)),))


def _exit(target: str) -> str:
    if target == CALLBACK:
        return "foyer-back-last"
    return entry(target) if target else "foyer-sorry"


def _enter(site: Site, queue: Queue, env: Env) -> Call:
    """One step that does not return: Asterisk returns to a number, and after a change that may be of another
    step.
    """
    said = prompts.greeting(site, queue)
    greeting = path(str(env.sounds / prompt_name(site.language, said))) if said else ""
    told = _sound(site, queue.name, env) if queue.tells_agent else ""
    schedule = site.schedule(queue.schedule_id)
    hours = (schedule.id, argument(schedule.time_zone or site.time_zone)) if schedule else ("", "")
    limits = (str(queue.max_wait_seconds), str(queue.max_callers))
    record = "yes" if queue.record else "no"
    return Call("foyer-queue", (queue.id, *limits, told, greeting, record, *hours))


def _sound(site: Site, text: str, env: Env) -> str:
    return path(str(env.sounds / sound_name(site.language, text)))
