"""A site that has one of everything, and each place of it that takes a text or an id, as a text that no check
has seen. Left out are choices of a list, days and times: what is none of these, no renderer can read at all.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from appliance.pbx.conf.inputs import Secrets
from appliance.store.flows import Text
from appliance.store.site_outbound import Permit
from appliance.store.sitemodel import Site
from tests.pbx_conf.places import DOCUMENT, site

type Put = Callable[[Site, str], Site]

SOUND = "a" * 64
PIN = "4711"
_HOURS = {"opens": "08:00", "closes": "17:00"}
_TEXTS = [{"language": "vi", "text": "Xin chào."}]
EVERYTHING: dict[str, Any] = {
    "queues": [
        {
            **DOCUMENT["queues"][0],
            "helpers": ["a2"],
            "schedule_id": "s1",
            "message_id": "p1",
            "when_closed": "f1",
            "music": "m1",
        }
    ],
    "rooms": [{"id": "r1", "name": "Họp", "extension": "301", "locked": True}],
    "pagings": [{"id": "g1", "name": "Kho", "extension": "302", "agents": ["a1", "a2"]}],
    "schedules": [
        {
            "id": "s1",
            "name": "Giờ làm việc",
            "time_zone": "Asia/Bangkok",
            "weekly": [{"day": 1, **_HOURS}],
            "exceptions": [{"date": "2026-12-24", "name": "Noel", "hours": [_HOURS]}],
        }
    ],
    "prompts": [{"id": "p1", "name": "Lời chào", "voices": _TEXTS}],
    "music": [{"id": "m1", "name": "Xuân", "pieces": [{"name": "Một", "sound": SOUND}]}],
    "flows": [
        {
            "id": "f1",
            "name": "Tối",
            "steps": [
                {"id": "t1", "kind": "hours", "schedule_id": "s1", "open": "t2", "closed": "t4"},
                {
                    "id": "t2",
                    "kind": "menu",
                    "texts": _TEXTS,
                    "keys": [{"key": "1", "next": "t3"}],
                    "otherwise": "t3",
                },
                {"id": "t3", "kind": "person", "agent_id": "a2", "next": "t5"},
                {"id": "t4", "kind": "say", "prompt_id": "p1", "texts": [], "next": "t5"},
                {"id": "t5", "kind": "outside", "number": "0901234567"},
            ],
        }
    ],
    "outbound": {
        "countries": ["LA"],
        "permits": [{"agent_id": "a2", "kinds": ["national"]}],
        "lines": ["l1"],
    },
}


@functools.cache
def usual() -> Site:
    """The usual site, with one of everything."""
    return site(**EVERYTHING)


def _changed[T](value: T, fields: dict[str, Any]) -> T:
    """A frozen dataclass with other fields, of whatever types."""
    return cast("T", replace(cast("Any", value), **fields))


def _first(group: str, name: str, **changes: Any) -> Put:
    """Puts the text into a field of the first of a group; `changes` are other fields."""

    def put(before: Site, text: str) -> Site:
        first, *others = getattr(before, group)
        return _changed(before, {group: (replace(first, **{**changes, name: text}), *others)})

    return put


def _step(place: int, change: Callable[[str], dict[str, Any]]) -> Put:
    """Changes a step of the flow."""

    def put(before: Site, text: str) -> Site:
        (flow,) = before.flows
        steps = list(flow.steps)
        steps[place] = replace(steps[place], **change(text))
        return replace(before, flows=(replace(flow, steps=tuple(steps)),))

    return put


def _part(change: Callable[[Site, str], dict[str, Any]]) -> Put:
    """Changes fields of the site itself."""

    def put(before: Site, text: str) -> Site:
        return replace(before, **change(before, text))

    return put


def _own(name: str) -> Put:
    """A field of the site itself."""
    return _part(lambda _, text: {name: text})


def _among(group: str, name: str) -> Put:
    """The only item of a list that the first of a group has."""
    return _part(lambda before, text: {group: _with_first(getattr(before, group), name, (text,))})


def _with_first(items: tuple[Any, ...], name: str, value: object) -> tuple[Any, ...]:
    return (replace(items[0], **{name: value}), *items[1:])


def _outbound(name: str) -> Put:
    """The only item of a list in the rules of calls out."""
    return _part(lambda before, text: {"outbound": _changed(before.outbound, {name: (text,)})})


def _voice(before: Site, **changes: str) -> dict[str, Any]:
    (prompt,) = before.prompts
    return {"prompts": (replace(prompt, voices=(replace(prompt.voices[0], **changes),)),)}


def _exception(before: Site, text: str) -> dict[str, Any]:
    (schedule,) = before.schedules
    return {"schedules": (replace(schedule, exceptions=(replace(schedule.exceptions[0], name=text),)),)}


def _piece(before: Site, text: str) -> dict[str, Any]:
    (one,) = before.music
    return {"music": (replace(one, pieces=(replace(one.pieces[0], sound=text),)),)}


_FIELDS = {
    "queues": (
        *("id", "name", "greeting_text", "strategy", "music", "message_text"),
        *("schedule_id", "when_closed", "when_full", "greeting_id", "message_id"),
    ),
    "agents": ("id", "name", "extension"),
    "lines": ("id", "name", "host", "username", "caller_number", "number_format"),
    "numbers": ("number", "queue_id", "line_id"),
    "rooms": ("id", "name", "extension"),
    "pagings": ("id", "name", "extension"),
    "schedules": ("id", "name", "time_zone", "holiday_region"),
    "prompts": ("id", "name"),
    "music": ("id", "name"),
    "flows": ("id", "name"),
}
SITES: tuple[Put, ...] = (
    *(_first(group, name) for group, names in _FIELDS.items() for name in names),
    _first("lines", "username", register=True),
    *map(_own, ("time_zone", "business_name", "language", "country", "hold_music")),
    _among("lines", "codecs"),
    _among("pagings", "agents"),
    *(_among("queues", name) for name in ("agents", "helpers", "reserves")),
    *map(_outbound, ("kinds", "lines")),
    _part(
        lambda before, text: {"outbound": replace(before.outbound, permits=(Permit(text, ("national",)),))}
    ),
    _part(lambda before, text: {"outbound": replace(before.outbound, permits=(Permit("a2", (text,)),))}),
    _part(lambda before, text: _voice(before, language=text)),
    _part(lambda before, text: _voice(before, text=text)),
    _part(lambda before, text: _voice(before, sound=text)),
    _part(_exception),
    _part(_piece),
    _step(0, lambda text: {"schedule_id": text}),
    _step(0, lambda text: {"open": text}),
    _step(1, lambda text: {"texts": (Text("vi", text),)}),
    _step(1, lambda text: {"texts": (Text(text, "Xin chào."),)}),
    _step(2, lambda text: {"agent_id": text}),
    _step(3, lambda text: {"prompt_id": text}),
    _step(4, lambda text: {"number": text}),
    _step(4, lambda text: {"id": text}),
)
"""Each puts a text into one place of a site that has one of everything."""

SPAN_FIELDS = ("id", "name", "device", "switch", "framing", "coding", "closed", "panel")
"""Where a text can be part of a port of a telephone card."""

SECRETS = ("ami_events", "sim", "phones", "lines", "rooms")
"""Where a text can be a password or a PIN."""


def secrets(wanted: Site, text: str = "", place: str = "") -> Secrets:
    """The site's secrets, of which that one is the text."""
    kept = Secrets(
        *("secret", "secret", "secret", "secret"),
        {f"{agent.id}{kind}": "secret" for agent in wanted.agents for kind in ("", "d")},
        {line.id: "secret" for line in wanted.lines},
        {room.id: PIN for room in wanted.rooms},
    )
    if not place:
        return kept
    before = getattr(kept, place)
    after = text if isinstance(before, str) else dict.fromkeys(before, text)
    return _changed(kept, {place: after})
