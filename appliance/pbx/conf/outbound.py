"""The part of extensions.conf that decides about calls out, for extensions_conf.py. The steps are those of
pbx/dialplan/foyer-outside.conf; this is what they look up.

Contexts: foyer-limits and foyer-zone (numbers, see dialplan/foyer-limits.conf), foyer-country and
foyer-kind-... (what kind of call a number makes, see store/number_plan.py), foyer-emergency, foyer-lines
and foyer-all-lines (the lines in their order), foyer-ways-<line> (of one that is limited),
foyer-closed-channels, and for each agent foyer-outside-<agent> and foyer-agent-<agent>. The agent's
phones and where they forward calls to begin in foyer-agent-<agent>, and whom they transfer goes there by
way of foyer-hands: so each call out is made under the rules of the agent who sends it out, whoever speaks
on it. foyer-outside-box is for calls that a flow sends out, and for calling back, and foyer-test-<line>
or foyer-test-<port> for a call that tries this way alone (dialplan/foyer-test.conf); foyer-back-kinds
says which kinds of numbers callers may leave: their own, and others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from appliance.pbx.conf import chan_dahdi_conf
from appliance.pbx.conf.inputs import Env, prompt_language
from appliance.pbx.conf.syntax import (
    ANY_INTERNATIONAL,
    ANY_NUMBER,
    ANY_TEXT,
    ANY_TYPED,
    START,
    Call,
    Context,
    Extension,
    Step,
    argument,
    authority,
)
from appliance.store.countries import Country
from appliance.store.number_plan import NumberPlan, plan
from appliance.store.site_ports import AnalogPort
from appliance.store.sitemodel import Agent, Line, Site

# Who makes the calls that no agent makes, under the rules for everybody.
BOX = "box"
OUTSIDE_BOX = f"foyer-outside-{BOX}"
# Where those go on whom an agent transfers, by keys or by the phone's own means: to the agent's own context,
# but reached in a way that Asterisk can collect keys for.
HANDS = "foyer-hands"
# Where a caller may have himself called back at another number than his own.
AT_HOME = ("national", "mobile")
# Conference rooms and groups of phones (inside_contexts.py).
INSIDE = "foyer-inside"
# One of sitemodel.NUMBER_FORMATS.
AS_AT_HOME = "national"
# What emergency calls try.
ALL_LINES = "foyer-all-lines"
# The channels of cards that are closed for calls (foyer-open).
CLOSED = "foyer-closed-channels"
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
    yield _lines(site, "foyer-lines", chosen, env)
    yield from (_ways_alone(site, line, env) for line in chosen if is_limited(line))
    others = [line for line in site.lines if line not in chosen]
    yield _lines(site, ALL_LINES, (*chosen, *others), env)
    yield closed(site)
    for line in site.lines:
        yield from _tests(site, line, env)
    help_is = (Extension(one.number, (Call("foyer-help", (one.number,)),)) for one in env.country.emergency)
    yield Context("foyer-emergency", tuple(help_is))
    yield _outside(site, BOX)
    kinds = site.outbound.kinds_of(BOX)
    at_home = [kind for kind in kinds if kind in AT_HOME]
    both = f"{'-'.join(kinds)}/{'-'.join(at_home)}"
    yield Context("foyer-back-kinds", (Extension(START, (Step("Return", (both,)),)),))
    on = (Call("foyer-hand-on", (prompt_language(site, env.country),), with_number=True),)
    yield Context(HANDS, tuple(Extension(one, on) for one in ANY_TYPED))
    for agent in site.agents:
        outside = _outside(site, agent.id)
        yield outside
        # What is included first is asked first: a code that closes hours is one of the patterns of codes.
        known = ("foyer-emergency", "foyer-extensions", INSIDE, "foyer-resume", CLOSING)
        own = (*known, codes_of(agent), outside.name)
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


def _lines(site: Site, name: str, lines: Iterable[Line], env: Env) -> Context:
    is_help = name == ALL_LINES
    steps = [
        step
        for line in lines
        for step in (
            [_within(site, line)] if is_limited(line) and not is_help else _ways(site, line, env.country)
        )
    ]
    if is_help:
        # Better than no call for help.
        steps += [step for line in lines for step in _closed_ways(site, line, env.country)]
    return Context(name, (Extension(START, (*steps, Step("Return"))),))


def is_limited(line: Line) -> bool:
    """Whether there are times at which it takes no further call out."""
    return line.calls > 0 or bool(line.schedule_id)


def _within(site: Site, line: Line) -> Call:
    schedule = site.schedule(line.schedule_id)
    hours = (schedule.id, argument(schedule.time_zone or site.time_zone)) if schedule else ()
    return Call("foyer-within", (line.id, str(line.calls), *hours))


def _ways_alone(site: Site, line: Line, env: Env) -> Context:
    steps: tuple[Call | Step, ...] = (*_ways(site, line, env.country), Step("Return"))
    return Context(f"foyer-ways-{line.id}", (Extension(START, steps),))


def try_of(way: str) -> str:
    """Where a call begins that tries a line without ports, or a port (the id of it)."""
    return f"foyer-test-{way}"


def _tests(site: Site, line: Line, env: Env) -> Iterator[Context]:
    kinds = "-".join(site.outbound.kinds_of(BOX))
    ids = (*line.spans, *line.ports) or (line.id,)
    for way, call in zip(ids, _ways(site, line, env.country, is_test=True), strict=True):
        card = ("",) if line.kind == "sip" else ()
        test = Call("foyer-line-test", (*call.arguments, *card, kinds, str(line.calls)))
        yield Context(try_of(way), (Extension(START, (test,)),))


def _ways(site: Site, line: Line, country: Country, *, is_test: bool = False) -> Iterator[Call]:
    """The ways that a line has to the outside: its provider's address, or one port after the other. A test
    tries what is closed, too.
    """
    if line.kind == "sip":
        way = authority(line.host, line.port)
        yield Call("foyer-line", (line.id, way, line.caller_number, line.number_format))
    for span in filter(None, map(site.span, line.spans)):
        if is_test or not span.closed_channels:
            way = chan_dahdi_conf.dialled(span)
            yield Call("foyer-line", (line.id, way, _shown(line, country), AS_AT_HOME, line.kind))
        elif span.open_channels:
            yield _one_by_one(line, span.open_channels, country)
    for port in filter(None, map(site.port, line.ports)):
        if is_test or not port.closed:
            yield _analog(line, port)


def _closed_ways(site: Site, line: Line, country: Country) -> Iterator[Call]:
    """Those over what is closed."""
    for span in filter(None, map(site.span, line.spans)):
        if span.closed_channels:
            yield _one_by_one(line, span.closed_channels, country)
    for port in filter(None, map(site.port, line.ports)):
        if port.closed:
            yield _analog(line, port)


def _one_by_one(line: Line, channels: Iterable[int], country: Country) -> Call:
    """Asterisk takes any channel of a span, or a certain one. The highest first, as of all (dialled)."""
    written = "-".join(str(channel) for channel in sorted(channels, reverse=True))
    return Call("foyer-channels", (line.id, written, _shown(line, country), AS_AT_HOME))


def _analog(line: Line, port: AnalogPort) -> Call:
    return Call("foyer-line", (line.id, chan_dahdi_conf.dialled(port), "", AS_AT_HOME, "port"))


def closed(site: Site) -> Context:
    """Every channel that is closed for calls, with what kind of port it is of."""
    kinds = {channel: "span" for span in site.spans for channel in span.closed_channels}
    kinds |= {port.channel: "port" for port in site.ports if port.closed}
    extensions = (Extension(str(one), (Step("Return", (kind,)),)) for one, kind in kinds.items())
    return Context(CLOSED, tuple(extensions))


def _shown(line: Line, country: Country) -> str:
    """The line's number for a card, where no plus sign can be dialled, nor shown."""
    return _at_home(line.caller_number, country)


def _at_home(number: str, country: Country) -> str:
    """A number without a plus sign: with the trunk prefix if it is of this country, where there is one. In
    North America, where that is the calling code, ten digits are shown; of other countries, all digits.
    """
    abroad = number.removeprefix(f"+{country.calling_code}")
    if not number or abroad == number:
        return number.removeprefix("+")
    return abroad if country.trunk_prefix == country.calling_code else country.trunk_prefix + abroad


def _outside(site: Site, who: str) -> Context:
    kinds = "-".join(site.outbound.kinds_of(who))
    dial = (Call("foyer-outside", (who, kinds), with_number=True),)
    return Context(
        f"foyer-outside-{who}", tuple(Extension(number, dial) for number in (ANY_NUMBER, ANY_INTERNATIONAL))
    )
