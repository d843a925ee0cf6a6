"""What differs between two revisions of the site, in words. Pure; the settings, conflict and history pages
show it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.store.flows import Flow
from appliance.store.music import MusicSet
from appliance.store.prompts import Prompt
from appliance.store.schedules import Schedule
from appliance.store.site_inside import Paging, Room
from appliance.store.site_ports import AnalogPort
from appliance.store.site_queues import CALLBACK, EXITS, Queue
from appliance.store.site_spans import Span
from appliance.store.sitemodel import Agent, Break, Disposition, Line, Number, Site
from appliance.webui import (
    analog_words,
    calls_out_words,
    flow_words,
    music_words,
    places,
    prompt_words,
    span_words,
)
from appliance.webui.i18n import N_, Language

Say = Callable[[str], str]

BUSINESS = {
    "business_name": N_("Name of the business"),
    "country": N_("Country"),
    "language": N_("Language"),
    "time_zone": N_("Time zone"),
}
LABELS: dict[type[Any], dict[str, str]] = {
    Queue: {
        "name": N_("Name"),
        "greeting_text": N_("Greeting"),
        "greeting_id": N_("Greeting"),
        "strategy": N_("Who is called first"),
        "ring_seconds": N_("Ring each agent for"),
        "wrap_up_seconds": N_("Time to finish notes"),
        "max_wait_seconds": N_("Longest wait"),
        "music": N_("Music"),
        "record": N_("Record calls"),
        "service_level_seconds": N_("Answer goal"),
        "agents": N_("Agents"),
        "helpers": N_("Help out later"),
        "helpers_after_seconds": N_("They help out after"),
        "reserves": N_("Come last"),
        "reserves_after_seconds": N_("The last are called after"),
        "priority": N_("Priority among queues"),
        "announce_position": N_("Tell callers their place"),
        "announce_wait": N_("Tell callers how long it may take"),
        "announce_every_seconds": N_("How often this is said"),
        "message_text": N_("Message for those who wait"),
        "message_id": N_("Message for those who wait"),
        "message_every_seconds": N_("How often the message is said"),
        "tells_agent": N_("Tell the agent which queue and number it is"),
        "max_callers": N_("Most callers at a time"),
        "schedule_id": N_("Opening hours"),
        "when_full": N_("When it is full"),
        "when_empty": N_("When nobody is on duty"),
        "when_late": N_("When it takes too long"),
        "when_closed": N_("When it is closed"),
        "callback": N_("Callers may ask to be called back"),
        "callback_tries": N_("Tries to reach them"),
        "callback_minutes": N_("Minutes between two tries"),
    },
    Agent: {
        "name": N_("Name"),
        "extension": N_("Extension"),
        "takes_messages": N_("Takes messages"),
    },
    Room: {"name": N_("Name"), "extension": N_("Extension"), "locked": N_("Asks for a PIN")},
    Paging: {"name": N_("Name"), "extension": N_("Extension"), "agents": N_("Who hears it")},
    Span: span_words.LABELS,
    AnalogPort: analog_words.LABELS,
    Line: {
        "name": N_("Name"),
        "kind": N_("Kind"),
        "host": N_("Provider's address"),
        "port": N_("Port"),
        "username": N_("User name"),
        "register": N_("How the provider knows this box"),
        "codecs": N_("Sound formats"),
        "caller_number": N_("Number shown to people you call"),
        "number_format": N_("How it wants the numbers that are called"),
        "spans": N_("Ports of telephone cards"),
        "ports": N_("Analog ports of telephone cards"),
        "calls": N_("Calls at a time"),
        "schedule_id": N_("Used for calls out"),
    },
    Number: {
        "number": N_("Number"),
        "line_id": N_("Phone line"),
        "queue_id": N_("Goes to queue"),
        "flow_id": N_("Goes to flow"),
        "priority": N_("Priority among callers"),
    },
    Disposition: {"name": N_("Name")},
    Break: {"name": N_("Name")},
}
KINDS: dict[type[Any], str] = {
    Queue: N_("Queue"),
    Agent: N_("Agent"),
    Room: N_("Conference room"),
    Paging: N_("Announcement"),
    Span: N_("Card port"),
    AnalogPort: N_("Card port"),
    Line: N_("Phone line"),
    Number: N_("Number"),
    Disposition: N_("Result of a call"),
    Break: N_("Reason for a break"),
    Schedule: N_("Opening hours"),
    Flow: N_("Flow"),
    Prompt: N_("Prompt"),
    MusicSet: N_("Set of music"),
}
# What was chosen for a field, in words ("" where it speaks for itself).
WORDS: dict[type[Any], Callable[[str, object], str]] = {
    Span: span_words.value,
    AnalogPort: analog_words.value,
}
# Those whose things are compared field by field, in the order of the settings.
GROUPS = (
    *("spans", "ports", "lines", "numbers", "queues", "agents", "rooms", "pagings"),
    *("dispositions", "breaks"),
)
STRATEGY_NAMES = {
    "rrmemory": N_("Everybody in turn"),
    "leastrecent": N_("Who has rested longest"),
    "fewestcalls": N_("Who had the fewest calls"),
    "random": N_("Anybody"),
    "linear": N_("In the order of the list"),
    "ringall": N_("All at once"),
}
PRIORITY_NAMES = {"low": N_("Low"), "normal": N_("Normal"), "high": N_("High")}
# What becomes of a caller when nothing else is said.
SORRY = N_("An apology, then the call ends")
OFFER = N_("An offer to call back")


@dataclass(frozen=True)
class Difference:
    """One thing that differs. `where` is the thing ("Queue “Sales”"), `what` its property, or "" when the
    whole thing came (`before` is None) or went (`after` is None).
    """

    where: str
    what: str
    before: str | None
    after: str | None


def differences(old: Site, new: Site, language: Language) -> list[Difference]:
    """Everything that differs from `old` to `new`, in a language's words, in the order of the settings."""
    say = language.gettext
    found = [
        Difference(
            say(N_("Business")),
            say(label),
            _business(name, getattr(old, name), language),
            _business(name, getattr(new, name), language),
        )
        for name, label in BUSINESS.items()
        if getattr(old, name) != getattr(new, name)
    ]
    found.extend(_schedules(old, new, language))
    found.extend(_flows(old, new, say))
    found.extend(_prompts(old, new, say))
    found.extend(_music(old, new, say))
    for group in GROUPS:
        found.extend(_group(getattr(old, group), getattr(new, group), old, new, say))
    label = say(N_("Calls out"))
    found.extend(
        Difference(label, what, before, after)
        for what, before, after in calls_out_words.differences(old, new, language)
        if before != after
    )
    return found


def _business(name: str, value: str, language: Language) -> str:
    if name == "country":
        return places.country_name(language, value)
    if name == "time_zone":
        return places.zone_label(language, value)
    return str(language.locale.languages.get(value, value)) if name == "language" else value


def _group(
    before: Sequence[Any], after: Sequence[Any], old: Site, new: Site, say: Say
) -> Iterator[Difference]:
    olds = {_key(item): item for item in before}
    news = {_key(item): item for item in after}
    for key, item in olds.items():
        if key not in news:
            yield Difference(_where(item, say), "", _name(item), None)
    for key, item in news.items():
        if key not in olds:
            yield Difference(_where(item, say), "", None, _name(item))
        else:
            yield from _item(olds[key], item, old, new, say)
    kept = [key for key in olds if key in news]
    if kept != [key for key in news if key in olds]:
        label = say(KINDS[type(after[0])])
        yield Difference(
            label,
            say(N_("Order")),
            ", ".join(_name(olds[key]) for key in kept),
            ", ".join(_name(item) for key, item in news.items() if key in olds),
        )


def _schedules(old: Site, new: Site, language: Language) -> Iterator[Difference]:
    """Opening hours: the whole week, and all odd dates, each as one."""
    say = language.gettext
    yield from _came_and_went(old.schedules, new.schedules, say)
    for after in new.schedules:
        before = old.schedule(after.id)
        if before is None:
            continue
        shown = (
            (say(N_("Name")), before.name, after.name),
            (say(N_("Time zone")), _zone(before, language), _zone(after, language)),
            (say(N_("Week")), flow_words.week(before, language), flow_words.week(after, language)),
            (
                say(N_("Public holidays")),
                flow_words.holidays_words(before, old.country, language),
                flow_words.holidays_words(after, new.country, language),
            ),
            (
                say(N_("Other dates")),
                flow_words.exceptions(before, language),
                flow_words.exceptions(after, language),
            ),
        )
        yield from (Difference(_where(after, say), what, was, now) for what, was, now in shown if was != now)


def _zone(schedule: Schedule, language: Language) -> str:
    return places.zone_label(language, schedule.time_zone) if schedule.time_zone else ""


def _flows(old: Site, new: Site, say: Say) -> Iterator[Difference]:
    """Flows: each step as one."""
    yield from _came_and_went(old.flows, new.flows, say)
    for after in new.flows:
        before = old.flow(after.id)
        if before is None:
            continue
        where = _where(after, say)
        if before.name != after.name:
            yield Difference(where, say(N_("Name")), before.name, after.name)
        if before.steps[0].id != after.steps[0].id:
            was, now = before.steps[0], after.steps[0]
            first = flow_words.step_title(was, old, say), flow_words.step_title(now, new, say)
            yield Difference(where, say(N_("Calls begin with")), *first)
        for step_id in dict.fromkeys(step.id for step in (*after.steps, *before.steps)):
            if before.step(step_id) != after.step(step_id):
                shown = _step(before, step_id, old, say), _step(after, step_id, new, say)
                yield Difference(where, say(N_("Step")), *shown)


def _prompts(old: Site, new: Site, say: Say) -> Iterator[Difference]:
    """Prompts: each language as one."""
    yield from _came_and_went(old.prompts, new.prompts, say)
    for after in new.prompts:
        before = old.prompt(after.id)
        if before is not None:
            changes = prompt_words.changes(before, after, say)
            yield from (Difference(_where(after, say), *change) for change in changes)


def _music(old: Site, new: Site, say: Say) -> Iterator[Difference]:
    """Sets of music, and which of them the whole office plays."""
    yield from _came_and_went(old.music, new.music, say)
    for after in new.music:
        before = old.music_set(after.id)
        if before is not None:
            changes = music_words.changes(before, after, say)
            yield from (Difference(_where(after, say), *change) for change in changes)
    if old.hold_music != new.hold_music:
        shown = (music_words.name(site, site.hold_music, say) for site in (old, new))
        yield Difference(say(N_("Music")), say(N_("In the whole office")), *shown)


def _step(flow: Flow, step_id: str, site: Site, say: Say) -> str:
    """The step in words, "" if the flow has none of that id."""
    step = flow.step(step_id)
    return flow_words.sentence(step, flow, site, say) if step else ""


def _came_and_went(before: Sequence[Any], after: Sequence[Any], say: Say) -> Iterator[Difference]:
    ids = {item.id for item in before} & {item.id for item in after}
    yield from (Difference(_where(item, say), "", _name(item), None) for item in before if item.id not in ids)
    yield from (Difference(_where(item, say), "", None, _name(item)) for item in after if item.id not in ids)


def _item(before: Any, after: Any, old: Site, new: Site, say: Say) -> Iterator[Difference]:
    labels = LABELS[type(after)]
    for field in dataclasses.fields(after):
        was, becomes = getattr(before, field.name), getattr(after, field.name)
        if was != becomes:
            label = say(labels.get(field.name, field.name))
            chosen = WORDS.get(type(after))
            if chosen and (words := chosen(field.name, was)):
                shown = (say(words), say(chosen(field.name, becomes)))
            else:
                shown = (_value(field.name, was, old, say), _value(field.name, becomes, new, say))
            yield Difference(_where(after, say), label, *shown)


def _value(name: str, value: Any, site: Site, say: Say) -> str:
    if name in EXITS:
        found = site.queue(value) or site.flow(value)
        return say({"": SORRY, CALLBACK: OFFER}[value]) if value in ("", CALLBACK) else _name_of(found, value)
    if name.endswith("_id"):
        known = (site.schedule, site.line, site.queue, site.flow, site.prompt)
        return _name_of(next(filter(None, (find(value) for find in known)), None), value)
    if name == "music":
        return music_words.name(site, value, say)
    if name in ("agents", "helpers", "reserves"):
        return ", ".join(_name_of(site.agent(agent_id), agent_id) for agent_id in value)
    if name in ("spans", "ports"):
        return ", ".join(_name_of(site.span(one) or site.port(one), one) for one in value)
    return ", ".join(value) if isinstance(value, tuple) else _plain(name, value, say)


def _plain(name: str, value: Any, say: Say) -> str:
    if name == "register":
        return say(N_("By user name and password")) if value else say(N_("By its address"))
    if isinstance(value, bool):
        return say(N_("Yes")) if value else say(N_("No"))
    if name.endswith("_seconds"):
        return say(N_("%(seconds)s seconds")) % {"seconds": value}
    if name == "number_format":
        return say(calls_out_words.NUMBER_FORMATS[value])
    words = {"strategy": STRATEGY_NAMES, "priority": PRIORITY_NAMES}.get(name, {})
    return say(words.get(value, str(value)))


def _key(item: Any) -> str:
    return str(getattr(item, "id", "") or getattr(item, "code", ""))


def _name(item: Any) -> str:
    return str(item.number if isinstance(item, Number) else item.name)


def _name_of(item: Any, otherwise: str) -> str:
    return _name(item) if item is not None else otherwise


def _where(item: Any, say: Say) -> str:
    return say(N_("%(kind)s “%(name)s”")) % {"kind": say(KINDS[type(item)]), "name": _name(item)}
