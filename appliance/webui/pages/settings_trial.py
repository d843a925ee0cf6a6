"""/settings/trial: what would happen to a call to one of the numbers, at a given moment, with given keys."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from appliance.store import countries, holidays, live, phone
from appliance.store.flows import KEYS, HoursStep
from appliance.store.flowwalk import STOPPED, End, Moment, Visit, Walk, walk
from appliance.store.sitemodel import Number, Site
from appliance.webui import flow_words, labels
from appliance.webui.board import is_guard_on
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
_SEPARATORS = re.compile(r"[\s,;.]+")


@dataclass(frozen=True)
class Line:
    """One thing that happens: what it is, and what comes of it, "" for nothing to be said."""

    kind: str
    what: str
    outcome: str = ""


@dataclass(frozen=True)
class Question:
    """What was asked, as it was typed; `error` is a msgid, "" if it can be answered."""

    number: str
    day: str
    time: str
    keys: str
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
            found = walk(shown, country, number, _moment(web, asked.at), asked.presses)
            lines = told(shown, found, asked.at, web.gettext)
        return web.render(
            "settings-trial.html",
            asked=asked,
            numbers=[(one.id, _number_words(site, one)) for one in site.numbers],
            lines=lines,
            icons=_ICONS,
        )


_ICONS = {
    "queue": "queue",
    "agent": "person",
    "outside": "phone-out",
    "message": "note",
    "end": "phone-off",
}


def told(site: Site, found: Walk, at: datetime.datetime, say: Say) -> list[Line]:
    """A walk at this moment in words, its end included."""
    lines = [
        _visit(site, visit, at, say)
        for visit in found.visits
        if visit.step.kind not in ("queue", "outside", "message", "end")
    ]
    return [*lines, _end(site, found.end, say)]


def _visit(site: Site, visit: Visit, at: datetime.datetime, say: Say) -> Line:
    step, outcome = visit.step, ""
    if isinstance(step, HoursStep):
        outcome = say(N_("open")) if visit.choice == "open" else say(N_("closed"))
        occasion = _occasion(site, step, at)
        outcome += f" ({occasion})" if occasion else ""
    elif step.kind == "menu" and visit.choice:
        outcome = say(N_("presses %(key)s")) % {"key": visit.choice}
    elif step.kind == "menu":
        outcome = say(N_("presses nothing that leads on"))
    elif step.kind == "person":
        outcome = say(N_("suppose that nobody answers"))
    return Line(step.kind, flow_words.step_title(step, site, say), outcome)


def _occasion(site: Site, step: HoursStep, at: datetime.datetime) -> str:
    """What the day is called that is not like its weekday, "" for a usual day."""
    schedule = site.schedule(step.schedule_id)
    if schedule is None:
        return ""
    day = at.astimezone(ZoneInfo(schedule.time_zone or site.time_zone)).date().isoformat()
    return next((one.name for one in schedule.exceptions if one.date == day), "")


def _end(site: Site, end: End, say: Say) -> Line:
    if end.kind == "queue":
        return Line(
            "queue", say(N_("The caller waits in the queue “%(name)s”.")) % {"name": _name(site, end)}
        )
    if end.kind == "agent":
        return Line("agent", say(N_("The phones of %(name)s ring.")) % {"name": _name(site, end)})
    if end.kind == "message":
        return Line(
            "message", say(N_("The caller leaves a message for %(name)s.")) % {"name": _name(site, end)}
        )
    if end.kind == "outside":
        return _outside(site, end, say)
    return Line("end", say(N_("The call is hung up.")))


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
    keys = web.query("keys")
    presses = [one for one in _SEPARATORS.split(phone.ascii_digits(keys)) if one][:KEYS_MAX]
    error = ""
    if any(one != _NOTHING and not set(one) <= set(KEYS) for one in presses):
        error = N_("Keys are the digits, * and #.")
    try:
        at = datetime.datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=zone)
    except ValueError:
        at, error = None, N_("This is not a day and a time.")
    pressed = tuple("" if one == _NOTHING else one for one in presses)
    return Question(number, day, time, keys, at, pressed, error)
