"""extensions.conf: which number leads where. The steps themselves are the hand-written files of pbx/dialplan.

Contexts, per site: foyer-in-<line> (what comes in), foyer-numbers-<line> (the line's numbers),
foyer-extensions (the agents' internal numbers), foyer-agent-of (whose they are), foyer-ready-<agent> (puts
the agent anew into the queues), foyer-in-sim (what is simulated: any number of any line), and those of
queue_contexts.py, flow_contexts.py, inside_contexts.py, outbound.py and feature_contexts.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from appliance.pbx.conf import feature_contexts, flow_contexts, inside_contexts, outbound, queue_contexts
from appliance.pbx.conf.inputs import Env, stamp
from appliance.pbx.conf.syntax import (
    ANY_INTERNATIONAL,
    ANY_NUMBER,
    START,
    Call,
    Context,
    Extension,
    Include,
    Section,
    Step,
    argument,
    document,
    extension,
    path,
)
from appliance.store.sitemodel import Agent, Line, Number, Site

FILE = "extensions.conf"

# Tells which text the running Asterisk has loaded; "reloaded" is said of a file that was refused, too.
STAMP = "FOYER_STAMP"
# Where a call goes on whose way is gone since the settings were changed (foyer-queue.conf).
ANEW = "foyer-anew"
# Written by hand, copied beside this file for each revision, so that a revision is whole and can come back
# whole.
DIALPLAN = (
    "foyer-back.conf",
    "foyer-call.conf",
    "foyer-codes.conf",
    "foyer-divert.conf",
    "foyer-fax.conf",
    "foyer-flow.conf",
    "foyer-inside.conf",
    "foyer-limits.conf",
    "foyer-message.conf",
    "foyer-outside.conf",
    "foyer-park.conf",
    "foyer-phones.conf",
    "foyer-queue.conf",
    "foyer-sim.conf",
    "foyer-test.conf",
)
# Who waits before whom; a person of high priority has 10 (foyer-call).
PRIORITIES = {"normal": "0", "high": "5"}
_FOLDER = Path(__file__).parents[1] / "dialplan"
_GENERAL = (
    ("static", True),
    ("writeprotect", True),
    ("autofallthrough", True),
    # Names that stay the same, and are set anew: no call must find them empty meanwhile.
    ("clearglobalvars", False),
)


def render(site: Site, env: Env) -> str:
    """The file's text."""
    contexts = (
        *_incoming(site, env),
        *(context for queue in site.queues for context in queue_contexts.contexts(site, queue, env)),
        *flow_contexts.contexts(site, env),
        *_agents(site),
        *inside_contexts.contexts(site, env),
        *outbound.contexts(site, env),
        *feature_contexts.contexts(site),
    )
    unstamped = document(FILE, (_globals(site, env, ""), *contexts))
    return document(
        FILE,
        (
            Section("general", _GENERAL),
            _globals(site, env, stamp(unstamped, *(text for _, text in steps()))),
            *(Include(file) for file in DIALPLAN),
            *contexts,
        ),
    )


def steps() -> Iterator[tuple[str, str]]:
    """The hand-written files: name and text."""
    for file in DIALPLAN:
        yield file, (_FOLDER / file).read_text("utf-8")


def _globals(site: Site, env: Env, text_stamp: str) -> Section:
    return Section(
        "globals",
        (
            ("FOYER_RECORDINGS", path(str(env.recordings))),
            ("FOYER_TAKES", path(str(env.takes))),
            ("FOYER_FAXES", path(str(env.faxes))),
            ("FOYER_ALERT_INFO", inside_contexts.ALERT_INFO),
            ("FOYER_CALL_INFO", inside_contexts.CALL_INFO),
            ("FOYER_TIME_ZONE", argument(site.time_zone)),
            (STAMP, text_stamp),
        ),
    )


def _incoming(site: Site, env: Env) -> Iterator[Context]:
    for line in site.lines:
        yield _numbers(site, line, env)
        # Two lines of one provider share its address: either may bring in the other's calls.
        shared = (other.id for other in site.lines_of("sip") if other is not line and other.host == line.host)
        included = (f"foyer-numbers-{one}" for one in (line.id, *shared))
        # An analog line does not tell which number was dialled: it is the line's first.
        own = (number for number in site.numbers if number.line_id == line.id and line.ports)
        first = tuple(
            Extension(START, (*_gate(line), *_steps(number))) for number in itertools.islice(own, 1)
        )
        yield Context(f"foyer-in-{line.id}", first, includes=(*included, "foyer-in-unknown"))
    numbers = tuple(f"foyer-numbers-{line.id}" for line in site.lines)
    # A simulated analog line tells no number: it is the first.
    first = tuple(Extension(START, _steps(number)) for number in site.numbers[:1])
    yield Context("foyer-in-sim", first, includes=(*numbers, "foyer-in-unknown"))
    unknown = (Call("foyer-unknown"),)
    yield Context(
        "foyer-in-unknown",
        tuple(Extension(number, unknown) for number in (ANY_NUMBER, ANY_INTERNATIONAL, START)),
    )


def _numbers(site: Site, line: Line, env: Env) -> Context:
    """Each number of the line in every form in which a provider may write it; a form of two numbers is the
    first's.
    """
    extensions: dict[str, Extension] = {}
    own = [number for number in site.numbers if number.line_id == line.id]
    typed = {number.number for number in own}
    for number in own:
        for form in env.country.forms(number.number):
            if form == number.number or form not in typed:
                extensions.setdefault(form, Extension(extension(form), (*_gate(line), *_steps(number))))
    return Context(f"foyer-numbers-{line.id}", tuple(extensions.values()))


def _gate(line: Line) -> tuple[Call, ...]:
    """Before all else: what comes in over a channel that is closed does not come in, and what comes in over a
    line whose calls have a limit is counted.
    """
    is_open = (Call("foyer-open"),) if line.kind == "card" else ()
    return (*is_open, Call("foyer-on-line", (line.id,))) if line.calls else is_open


def _steps(number: Number) -> tuple[Call | Step, ...]:
    """What happens to a call of this number before its queue or flow."""
    return (
        Call("foyer-call", (number.line_id, number.number, "in", PRIORITIES[number.priority])),
        Step("Answer"),
        Call("foyer-fax", (number.queue_id,))
        if number.is_fax
        else Step("Goto", (_entry(number), START, "1")),
    )


def _entry(number: Number) -> str:
    """The context in which its calls begin."""
    return queue_contexts.entry(number.flow_id or number.queue_id)


def _agents(site: Site) -> Iterator[Context]:
    yield Context("foyer-extensions", tuple(Extension(one.extension, (_ring(one),)) for one in site.agents))
    owners = (Extension(agent.extension, (Step("Return", (agent.id,)),)) for agent in site.agents)
    yield Context("foyer-agent-of", tuple(owners))
    yield from (_ready(site, agent.id) for agent in site.agents)


def _ring(agent: Agent) -> Call:
    """With the number that is written down for a message, if the agent takes any."""
    return Call("foyer-ring", (agent.id, agent.extension) if agent.takes_messages else (agent.id,))


def _ready(site: Site, agent: str) -> Context:
    """Puts the agent anew into each of his queues, as far as he is in them."""
    own = (
        Call("foyer-again", (queue.id, agent, str(queue.level(agent))))
        for queue in site.queues
        if agent in queue.agents
    )
    return Context(f"foyer-ready-{agent}", (Extension(START, (*own, Step("Return"))),))
