"""/settings/trial: what would happen to a call to one of the numbers, from a given number, at a given moment,
with given keys.
"""

from __future__ import annotations

import contextlib
import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from zoneinfo import ZoneInfo

from appliance.errors import RejectedError
from appliance.store import countries, holidays, live, people, phone
from appliance.store.diversions import WHEN, Diversion
from appliance.store.flows import KEYS, HoursStep, MenuStep, PersonStep
from appliance.store.flowwalk import STOPPED, End, Moment, Visit, Walk, walk
from appliance.store.sitemodel import Number, Site
from appliance.webui import days, flow_words, labels, prompt_forms
from appliance.webui.board import is_guard_on
from appliance.webui.differences import SORRY
from appliance.webui.flow_words import Say
from appliance.webui.i18n import N_
from appliance.webui.web import Web

KEYS_MAX = 20
# What is typed for a menu at which nothing is pressed.
_NOTHING = "-"
# What nobody may call from a flow, by the kind of call.
_REFUSED = {
    "national": N_("Calls to numbers of this country are not allowed: see Calls out."),
    "mobile": N_("Calls to mobile phones are not allowed: see Calls out."),
    "international": N_("Calls to this country are not allowed: see Calls out."),
    "elsewhere": N_("Calls to this country are not allowed: see Calls out."),
    "premium": N_("This number costs extra, and may not be called."),
    "satellite": N_("Satellite phones may not be called."),
    "unknown": N_("The box does not know what a call to this number costs: see Calls out."),
}
# What may be supposed of the first queue, by what it does then; and how that is told.
_EXITS = {
    "when_full": (N_("It is full"), N_("suppose that it is full")),
    "when_empty": (N_("Nobody is on duty"), N_("suppose that nobody is on duty")),
    "when_late": (N_("It takes too long"), N_("suppose that it takes too long")),
}
# The other ends of a call.
_ENDS = {
    "queue": N_("The caller waits in the queue “%(name)s”."),
    "message": N_("The caller leaves a message for %(name)s."),
    "fax": N_(
        "The box answers as a fax machine. What comes in waits among the messages of the queue “%(name)s”."
    ),
    "callback": N_("The caller may leave a number, and is called back."),
    "sorry": SORRY,
    "end": N_("The call is hung up."),
}
_SEPARATORS = re.compile(r"[\s,;.]+")


@dataclass(frozen=True)
class Line:
    """One thing that happens: what it is, and what comes of it, "" for nothing to be said."""

    kind: str
    what: str
    outcome: str = ""


@dataclass(frozen=True)
class Question:
    """What was asked, as it was typed; `error` is a msgid, "" if it can be answered. `caller` is the number
    that calls and `read` the same as the box knows numbers, "" for anybody's; `exit` one of _EXITS, or "".
    """

    number: str
    caller: str
    read: str
    day: str
    time: str
    keys: str
    exit: str
    at: datetime.datetime | None
    presses: tuple[str, ...]
    error: str = ""


def routes(web: Web) -> None:
    """Declares the routes."""

    @web.get("/settings/trial", "administrator")
    def trial() -> str:
        site = web.site()
        asked = _asked(web, site)
        number = next((one for one in site.numbers if one.id == asked.number), None)
        lines: list[Line] = []
        if number is not None and asked.at is not None and not asked.error:
            country = countries.find_or_generic(site.country, countries.load())
            shown = holidays.observed(site, asked.at.date())
            moment = replace(_moment(web, asked.at), exit=asked.exit)
            found = walk(shown, country, number, moment, asked.presses)
            way = told(shown, found, asked.at, web.gettext, _diverted(web))
            lines = _for_caller(web, number, asked.read, way)
        return web.render(
            "settings-trial.html",
            asked=asked,
            numbers=[(one.id, _number_words(site, one)) for one in site.numbers],
            exits=[(name, web.gettext(words)) for name, (words, _) in _EXITS.items()],
            lines=lines,
            icons=_ICONS,
        )


_ICONS = {
    "queue": "queue",
    "agent": "person",
    "outside": "phone-out",
    "message": "note",
    "fax": "print",
    "callback": "phone-in",
    "sorry": "phone-off",
    "end": "phone-off",
}


def _for_caller(web: Web, number: Number, caller: str, lines: list[Line]) -> list[Line]:
    """The way of a call from `caller` to this number: who is blocked has none; who waits has a place among
    the callers.
    """
    say = web.gettext
    with web.store.read() as db:
        treated = next((one for one in people.treatments(db) if one.number == caller), None)
    if treated is not None and treated.blocked:
        words = say(N_("Calls from this number are blocked: the caller hears the busy tone."))
        return [Line("end", words)]
    if lines[-1].kind == "queue":
        is_preferred = treated is not None and treated.priority == "high"
        lines = [*lines[:-1], replace(lines[-1], outcome=say(_place(number, is_preferred)))]
    if treated is None or not treated.language:
        return lines
    (language,) = prompt_forms.language_names(web.visit.language.locale, [treated.language]).values()
    words = say(N_("The caller is known to speak this language: %(name)s."), name=language)
    return [Line("caller", words, say(N_("Prompts are heard in it where they exist in it."))), *lines]


def _place(number: Number, is_preferred: bool) -> str:
    """Where a caller stands among those who wait, as foyer-call decides it (foyer-call.conf)."""
    if is_preferred:
        return N_("The caller has high priority, and comes before all others.")
    if number.priority == "high":
        return N_("Calls to this number have high priority: the caller comes before others.")
    return N_("The caller comes in turn, without priority.")


def _diverted(web: Web) -> dict[str, Diversion]:
    """Who has forwarded calls or does not want to be disturbed now, by the agent's id."""
    with web.store.read() as db:
        rows = live.snapshot(db).rows["divert"]
    return {agent_id: Diversion.of(row) for agent_id, row in rows.items()}


def told(
    site: Site,
    found: Walk,
    at: datetime.datetime,
    say: Say,
    diverted: Mapping[str, Diversion] = MappingProxyType({}),
) -> list[Line]:
    """A walk at this moment in words, its end included; `diverted` is what people have set, by agent."""
    lines = [
        _visit(site, visit, at, say, diverted)
        for visit in found.visits
        if visit.step.kind not in ("queue", "outside", "message", "end") or visit.choice in _EXITS
    ]
    end = _end(site, found.end, say, diverted)
    called = site.agent(found.end.target)
    # A step of the flow says itself what follows; who dialled the person's number may leave a message.
    if called is not None and called.takes_messages and isinstance(found.visits[-1].step, MenuStep):
        may = say(N_("Who reaches nobody may leave a message."))
        end = replace(end, outcome=f"{end.outcome} {may}".strip())
    return [*lines, end]


def _visit(
    site: Site, visit: Visit, at: datetime.datetime, say: Say, diverted: Mapping[str, Diversion]
) -> Line:
    step, outcome = visit.step, ""
    if isinstance(step, HoursStep):
        outcome = say(N_("open")) if visit.choice == "open" else say(N_("closed"))
        occasion = _occasion(site, step, at)
        outcome += f" ({occasion})" if occasion else ""
    elif visit.choice in _EXITS:
        outcome = say(_EXITS[visit.choice][1])
    elif step.kind == "menu" and visit.choice:
        outcome = say(N_("presses %(key)s")) % {"key": visit.choice}
    elif step.kind == "menu":
        outcome = say(N_("presses nothing that leads on"))
    elif isinstance(step, PersonStep):
        _, elsewhere = _rings(diverted.get(step.agent_id, Diversion()), site, say)
        suppose = say(N_("suppose that nobody answers"))
        outcome = f"{elsewhere} ({suppose})" if elsewhere else suppose
    return Line(step.kind, flow_words.step_title(step, site, say), outcome)


def _occasion(site: Site, step: HoursStep, at: datetime.datetime) -> str:
    """What the day is called that is not like its weekday, "" for a usual day."""
    schedule = site.schedule(step.schedule_id)
    if schedule is None:
        return ""
    day = at.astimezone(ZoneInfo(schedule.time_zone or site.time_zone)).date().isoformat()
    return next((one.name for one in schedule.exceptions if one.date == day), "")


def _rings(diversion: Diversion, site: Site, say: Say) -> tuple[bool, str]:
    """Whether the phones of who has set this ring for a call, and where else it goes; foyer-divert.conf."""
    numbers = {
        when: {"number": labels.number(getattr(diversion, when), site.country)}
        for when in WHEN
        if getattr(diversion, when)
    }
    forwarded = N_("Calls are forwarded to %(number)s now.")
    if diversion.always:
        return False, say(forwarded) % numbers["always"]
    if diversion.quiet:
        quiet = say(N_("Does not want to be disturbed now."))
        return False, f"{quiet} {say(forwarded) % numbers['busy']}" if diversion.busy else quiet
    found = []
    if diversion.busy:
        found.append(say(N_("Forwarded to %(number)s while on the phone.")) % numbers["busy"])
    if diversion.unanswered:
        found.append(
            say(N_("Forwarded to %(number)s when nobody has answered for 20 seconds."))
            % numbers["unanswered"]
        )
    return True, " ".join(found)


def _end(site: Site, end: End, say: Say, diverted: Mapping[str, Diversion]) -> Line:
    if end.kind == "agent":
        is_rung, elsewhere = _rings(diverted.get(end.target, Diversion()), site, say)
        words = N_("The phones of %(name)s ring.") if is_rung else N_("The phones of %(name)s do not ring.")
        return Line("agent", say(words) % {"name": _name(site, end)}, elsewhere)
    if end.kind == "outside":
        return _outside(site, end, say)
    return Line(end.kind, say(_ENDS[end.kind]) % {"name": _name(site, end)})


def _outside(site: Site, end: End, say: Say) -> Line:
    """A call that goes on outside, or why it does not."""
    number = {"number": labels.number(end.target, site.country)}
    if not end.refused:
        words = N_("Unless the calls or minutes of the day are used up by then: see Calls out.")
        return Line("outside", say(N_("The number %(number)s is called.")) % number, say(words))
    called = say(N_("The number %(number)s is not called; the caller hears so, and the call is hung up."))
    if end.refused == STOPPED:
        return Line("end", called % number, say(N_("Expensive calls are stopped now.")))
    return Line("end", called % number, say(_REFUSED[end.refused]))


def _moment(web: Web, at: datetime.datetime) -> Moment:
    """With what is closed by hand now, until the end of the day, and what is stopped now."""
    with web.store.read() as db:
        snapshot = live.snapshot(db)
    closed = {name: str(row["closed"]) for name, row in snapshot.rows["hours"].items()}
    return Moment(at, closed, is_guard_on(snapshot))


def _name(site: Site, end: End) -> str:
    return flow_words.name_of(site, "person" if end.kind == "agent" else end.kind, end.target)


def _number_words(site: Site, number: Number) -> str:
    target = site.queue(number.queue_id) or site.flow(number.flow_id)
    # Isolated, since an option cannot hold an element that would say so (UAX 9, 2.2).
    return f"\u2066{labels.number(number.number, site.country)}\u2069: {target.name if target else ''}"


def _asked(web: Web, site: Site) -> Question:
    zone = ZoneInfo(site.time_zone)
    now = datetime.datetime.now(zone)
    number = web.query("number") or (site.numbers[0].id if site.numbers else "")
    day, time = web.query("day") or f"{now:%Y-%m-%d}", web.query("time") or f"{now:%H:%M}"
    keys, caller = web.query("keys"), phone.ascii_digits(web.query("caller").strip())
    presses = [one for one in _SEPARATORS.split(phone.ascii_digits(keys)) if one][:KEYS_MAX]
    error = ""
    if any(one != _NOTHING and not set(one) <= set(KEYS) for one in presses):
        error = N_("Keys are the digits, * and #.")
    try:
        read = phone.typed_number(caller, site.country, "caller") if caller else ""
    except RejectedError as wrong:
        read, error = "", wrong.sentence.message
    at: datetime.datetime | None = None
    with contextlib.suppress(ValueError):
        at = datetime.datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=zone)
    if at is None or days.parse(day) is None:
        at, error = None, N_("This is not a day and a time.")
    pressed = tuple("" if one == _NOTHING else one for one in presses)
    supposed = web.query("queue")
    left = supposed if supposed in _EXITS else ""
    return Question(number, caller, read, day, time, keys, left, at, pressed, error)
