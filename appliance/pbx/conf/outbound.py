"""The part of extensions.conf that decides about calls out, for extensions_conf.py. The steps are those of
pbx/dialplan/foyer-outside.conf; this is what they look up.

Contexts: foyer-limits and foyer-zone (numbers, see dialplan/foyer-limits.conf), foyer-country and
foyer-kind-... (what kind of call a number makes, see store/number_plan.py), foyer-emergency, foyer-lines and
foyer-all-lines (the lines in their order), and for each agent foyer-outside-<agent> and foyer-agent-<agent>.
The agent's phones, whom they transfer and where they forward calls to, begin in the last: so each call out is
made under the rules of the agent who sends it out, whoever speaks on it. foyer-outside-box is for calls that
a flow sends out, and for calling back; foyer-back-kinds says which kinds of numbers callers may leave: their
own, and others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import (
    ANY_INTERNATIONAL,
    ANY_NUMBER,
    ANY_TEXT,
    START,
    Call,
    Context,
    Extension,
    Step,
    authority,
)
from appliance.store.number_plan import NumberPlan, plan
from appliance.store.sitemodel import Agent, Line, Site

# Who makes the calls that no agent makes, under the rules for everybody.
BOX = "box"
OUTSIDE_BOX = f"foyer-outside-{BOX}"
# Where a caller may have himself called back at another number than his own.
AT_HOME = ("national", "mobile")
# The codes that close opening hours for the day (flow_contexts.py).
CLOSING = "foyer-closing"


def contexts(site: Site, env: Env) -> Iterator[Context]:
    """All of them, in the order of use."""
    env.country.refuse_emergency(site)
    yield Context("foyer-limits", (Extension(START, (Step("Return", (_limits(site),)),)),))
    yield Context("foyer-zone", (Extension(START, (Step("Return", (site.time_zone,)),)),))
    yield from _kinds(plan(env.country, site.outbound.countries))
    order = [site.line(one) for one in site.outbound.lines_of([line.id for line in site.lines])]
    chosen = [line for line in order if line is not None]
    yield _lines("foyer-lines", chosen)
    yield _lines("foyer-all-lines", (*chosen, *(line for line in site.lines if line not in chosen)))
    help_is = (Extension(one.number, (Call("foyer-help", (one.number,)),)) for one in env.country.emergency)
    yield Context("foyer-emergency", tuple(help_is))
    yield _outside(site, BOX)
    kinds = site.outbound.kinds_of(BOX)
    at_home = [kind for kind in kinds if kind in AT_HOME]
    both = f"{'-'.join(kinds)}/{'-'.join(at_home)}"
    yield Context("foyer-back-kinds", (Extension(START, (Step("Return", (both,)),)),))
    for agent in site.agents:
        outside = _outside(site, agent.id)
        yield outside
        # What is included first is asked first: a code that closes hours is one of the patterns of codes.
        own = ("foyer-emergency", "foyer-extensions", "foyer-resume", CLOSING, codes_of(agent), outside.name)
        yield Context(context_of(agent), includes=own)


def _limits(site: Site) -> str:
    """As foyer-limits.conf takes them apart."""
    limits = site.outbound.limits
    parts = (
        limits.box_at_once,
        limits.box_calls,
        limits.box_minutes,
        limits.person_at_once,
        limits.person_calls,
        limits.person_minutes,
        limits.longest_minutes,
        limits.expensive_minutes,
    )
    return "/".join(map(str, parts))


def context_of(agent: Agent) -> str:
    """Where the calls of an agent's phones begin."""
    return f"foyer-agent-{agent.id}"


def codes_of(agent: Agent) -> str:
    """Where the codes that the agent's phones dial lead."""
    return f"foyer-codes-{agent.id}"


def _kinds(numbers: NumberPlan) -> Iterator[Context]:
    facts = (numbers.calling_code, numbers.trunk_prefix, numbers.international_prefix)
    yield Context("foyer-country", (Extension(START, (Step("Return", ("/".join(facts),)),)),))
    names = []
    for at, layer in enumerate(numbers.layers, 1):
        names.append(f"foyer-kind-{at}")
        yield Context(
            names[-1],
            tuple(
                Extension(f"_{rule.pattern}", (Step("Return", (f"{layer.kind}/{rule.trunk}",)),))
                for rule in layer.rules
            ),
        )
    unknown = (Step("Return", ("unknown/",)),)
    yield Context("foyer-kind-unknown", tuple(Extension(one, unknown) for one in ANY_TEXT))
    # What is included first is asked first.
    yield Context("foyer-kind", includes=(*names, "foyer-kind-unknown"))


def _lines(name: str, lines: Iterable[Line]) -> Context:
    steps = [
        Call("foyer-line", (line.id, authority(line.host, line.port), line.caller_number, line.number_format))
        for line in lines
    ]
    return Context(name, (Extension(START, (*steps, Step("Return"))),))


def _outside(site: Site, who: str) -> Context:
    kinds = "-".join(site.outbound.kinds_of(who))
    dial = (Call("foyer-outside", (who, kinds), with_number=True),)
    return Context(
        f"foyer-outside-{who}", tuple(Extension(number, dial) for number in (ANY_NUMBER, ANY_INTERNATIONAL))
    )
