"""Flows and opening hours in words: for the editor, the trial, and what differs between two revisions. Pure.

A step may be one of the site, or a draft of the editor in which something is still missing.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from babel.dates import get_day_names

from appliance.store import holidays
from appliance.store.flows import (
    Flow,
    HoursStep,
    MenuStep,
    MessageStep,
    PersonStep,
    SayStep,
    Speaking,
    Step,
    said,
)
from appliance.store.schedules import Hours, Schedule
from appliance.store.sitemodel import Site
from appliance.webui import labels
from appliance.webui.i18n import N_, Language

Say = Callable[[str], str]

KINDS = {
    "hours": N_("Opening hours"),
    "menu": N_("Menu"),
    "say": N_("Announcement"),
    "queue": N_("Queue"),
    "person": N_("Person"),
    "message": N_("Take a message"),
    "outside": N_("Number outside"),
    "flow": N_("Another flow"),
    "end": N_("Hang up"),
}
ICONS = {
    "hours": "clock",
    "menu": "keypad",
    "say": "volume",
    "message": "note",
    "queue": "queue",
    "person": "person",
    "outside": "phone-out",
    "flow": "list",
    "end": "phone-off",
}
# The field of a step that names what it is about.
TARGETS = {
    "hours": "schedule_id",
    "queue": "queue_id",
    "person": "agent_id",
    "message": "for_id",
    "outside": "number",
    "flow": "flow_id",
}
_TITLES = {
    "hours": N_("Opening hours “%(name)s”"),
    "queue": N_("Queue “%(name)s”"),
    "person": N_("Person: %(name)s"),
    "message": N_("Message for %(name)s"),
    "outside": N_("Number outside: %(name)s"),
    "flow": N_("Flow “%(name)s”"),
    "menu": N_("Menu “%(name)s”"),
    "say": N_("Announcement “%(name)s”"),
}
_EXCERPT = 32


def title(kind: str, name: str, say: Say) -> str:
    """A step in a few words; `name` is of what it is about, "" if that is not known (yet)."""
    return say(_TITLES[kind]) % {"name": name} if kind in _TITLES and name else say(KINDS[kind])


def name_of(site: Site, kind: str, target: str) -> str:
    """The name of what a step of this kind is about, by its id; "" if the site has no such thing."""
    if kind == "outside":
        return labels.number(target, site.country)
    groups: Mapping[str, Sequence[Any]] = {
        "hours": site.schedules,
        "queue": site.queues,
        "fax": site.queues,
        "person": site.agents,
        "message": (*site.agents, *site.queues),
        "flow": site.flows,
    }
    return next((str(item.name) for item in groups.get(kind, ()) if item.id == target), "")


def excerpt(text: str) -> str:
    """The beginning of a spoken text."""
    plain = " ".join(text.split())
    return plain if len(plain) <= _EXCERPT else f"{plain[: _EXCERPT - 1].rstrip()}…"


def step_title(step: Step, site: Site, say: Say) -> str:
    """A step of the site in a few words."""
    if isinstance(step, MenuStep | SayStep):
        prompt = site.prompt(step.prompt_id)
        name = prompt.name if prompt else excerpt(said(step.texts, site.language).text)
        return title(step.kind, name, say)
    return title(step.kind, name_of(site, step.kind, str(getattr(step, TARGETS.get(step.kind, "id")))), say)


def sentence(step: Step, flow: Flow, site: Site, say: Say) -> str:
    """A step with all that belongs to it, a line for each thing."""
    return "\n".join(_lines(step, flow, site, say))


def _lines(step: Step, flow: Flow, site: Site, say: Say) -> Iterator[str]:
    def leads(step_id: str) -> str:
        found = flow.step(step_id)
        return step_title(found, site, say) if found else ""

    yield step_title(step, site, say)
    if isinstance(step, Speaking):
        prompt = site.prompt(step.prompt_id)
        if prompt is None:
            yield from (f"{text.language}: {text.text}" for text in step.texts)
        elif isinstance(step, MessageStep):
            # The titles of the others name it.
            yield title("say", prompt.name, say)
    if isinstance(step, HoursStep):
        yield say(N_("While open: %(step)s")) % {"step": leads(step.open)}
        yield say(N_("While closed: %(step)s")) % {"step": leads(step.closed)}
    elif isinstance(step, MenuStep):
        for key in step.keys:
            yield say(N_("Key %(key)s: %(step)s")) % {"key": key.key, "step": leads(key.next)}
        if step.dials_people:
            yield say(N_("Internal numbers can be dialled."))
        limits = {"seconds": step.timeout_seconds, "tries": step.tries, "step": leads(step.otherwise)}
        yield say(N_("Waits %(seconds)s seconds, %(tries)s times; then: %(step)s")) % limits
    elif isinstance(step, MessageStep):
        yield say(N_("At most %(seconds)s seconds")) % {"seconds": step.max_seconds}
    elif isinstance(step, SayStep):
        yield say(N_("Then: %(step)s")) % {"step": leads(step.next)}
    elif isinstance(step, PersonStep):
        then = leads(step.next) if step.next else say(N_("the caller hears that nobody is there"))
        yield say(N_("Rings for %(seconds)s seconds; then: %(step)s")) % {
            "seconds": step.ring_seconds,
            "step": then,
        }


def day_names(language: Language) -> Mapping[int, str]:
    """The days of the week by their ISO number (1 is Monday), from the language's first one on."""
    names = get_day_names("wide", context="stand-alone", locale=language.locale)
    return {day + 1: str(names[day]) for day in language.days}


def week(schedule: Schedule, language: Language) -> str:
    """The usual hours, a line for each day that has some."""
    names = day_names(language)
    days = ((day, [hours for hours in schedule.weekly if hours.day == day]) for day in names)
    return "\n".join(f"{names[day]} {_clock(hours, language)}" for day, hours in days if hours)


def exceptions(schedule: Schedule, language: Language) -> str:
    """The dates that are not like their weekday, a line for each."""
    closed = language.gettext(N_("closed"))
    return "\n".join(
        f"{date_words(one.date, language)}: {_clock(one.hours, language) if one.hours else closed}"
        + (f" ({one.name})" if one.name else "")
        for one in schedule.exceptions
    )


def holidays_words(schedule: Schedule, country: str, language: Language) -> str:
    """Which public holidays it keeps; in a few words."""
    if not schedule.closes_on_holidays:
        return language.gettext(N_("open as on any other day"))
    names = {region.code: region.name for region in holidays.regions(country)}
    region = names.get(schedule.holiday_region, "")
    closed = language.gettext(N_("closed")) + (f" ({region})" if region else "")
    if not schedule.open_holidays:
        return closed
    return language.gettext(N_("%(closed)s, but open on: %(names)s")) % {
        "closed": closed,
        "names": language.comma.join(schedule.open_holidays),
    }


def date_words(date: str, language: Language) -> str:
    """A date as the reader writes it."""
    return language.day(datetime.date.fromisoformat(date))


def _clock(hours: Any, language: Language) -> str:
    found: list[Hours] = sorted(hours, key=lambda one: one.minutes)
    return language.comma.join(language.own_digits(f"{one.opens}–{one.closes}") for one in found)
