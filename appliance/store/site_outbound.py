"""The part of the site that says who may call whom, and over which lines. Checked like the rest of the site.

Kinds of calls are those of number_plan.py. Calls to colleagues and to emergency numbers are no kind: nobody
can forbid them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from appliance.errors import RejectedError
from appliance.store import phone
from appliance.store.sitecheck import Fields, field_names, refuse_twice

# From cheap to expensive: at home, mobile, abroad in a listed country, abroad elsewhere, premium and shared
# cost, satellite, and whatever the box does not recognise.
KINDS = ("national", "mobile", "international", "elsewhere", "premium", "satellite", "unknown")
# What the guard against fraud counts, and stops (pbx/dialplan/foyer-limits.conf, foyer-is-expensive).
EXPENSIVE = tuple(kind for kind in KINDS if kind not in ("national", "mobile"))
COUNTRIES_MAX = 60
# Lines are tried one after the other while the caller waits.
LINES_MAX = 10
# At a time on one line.
LINE_CALLS_MAX = 500


@dataclass(frozen=True)
class Permit:
    """What one agent may call, instead of what everybody may."""

    agent_id: str
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """What calls out may come to: at a time, and in calls and minutes of a day (the site's), for all together
    and for each agent; minutes of one call; and minutes of expensive calls (all kinds but national and
    mobile) in an hour, after which those are stopped until an administrator releases them.
    """

    box_at_once: int = 30
    box_calls: int = 2000
    box_minutes: int = 3000
    person_at_once: int = 3
    person_calls: int = 300
    person_minutes: int = 480
    longest_minutes: int = 120
    expensive_minutes: int = 60


# From and to; nobody can set "no limit": a limit that is never met costs nothing.
LIMIT_RANGES = {
    "box_at_once": (1, 500),
    "box_calls": (1, 100_000),
    "box_minutes": (1, 100_000),
    "person_at_once": (1, 50),
    "person_calls": (1, 10_000),
    "person_minutes": (1, 10_000),
    "longest_minutes": (1, 1440),
    "expensive_minutes": (1, 10_000),
}


@dataclass(frozen=True)
class Outbound:
    """Calls out. `kinds` may be called by everybody but the agents with a permit of their own; `countries`
    (ISO 3166) are those of the kind "international". `lines` are tried in this order; empty: every line in
    the site's order.
    """

    kinds: tuple[str, ...] = ("national", "mobile", "international")
    countries: tuple[str, ...] = ()
    permits: tuple[Permit, ...] = ()
    lines: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)

    def kinds_of(self, agent_id: str) -> tuple[str, ...]:
        """The kinds of calls that this agent may make, in the order of `KINDS`."""
        own = next((permit.kinds for permit in self.permits if permit.agent_id == agent_id), self.kinds)
        return tuple(kind for kind in KINDS if kind in own)

    def lines_of(self, known: Collection[str]) -> tuple[str, ...]:
        """The lines to try, in order; `known` are all of the site in its order."""
        return self.lines or tuple(known)[:LINES_MAX]


def outbound(data: object, path: str, strict: bool) -> Outbound:
    """The checked value; RejectedError names the field."""
    fields = Fields(data, path, field_names(Outbound), strict=strict)
    found = Outbound(
        kinds=_kinds(fields, Outbound.kinds),
        countries=fields.texts("countries", (), COUNTRIES_MAX),
        permits=fields.items("permits", 500, _permit),
        lines=fields.texts("lines", (), LINES_MAX),
        limits=fields.part("limits", _limits),
    )
    for at, code in enumerate(found.countries):
        if not phone.is_country(code):
            raise RejectedError("This is not a country.", field=f"{fields.at('countries')}.{at}")
    refuse_twice(found.permits, fields.at("permits"), "agent_id", "This stands here twice.")
    return found


def refuse_dangling(found: Outbound, agents: Collection[str], lines: Collection[str]) -> None:
    """RejectedError at the first agent or line that the site does not have."""
    for at, permit in enumerate(found.permits):
        if permit.agent_id not in agents:
            raise RejectedError("There is no such agent.", field=f"outbound.permits.{at}.agent_id")
    for at, line_id in enumerate(found.lines):
        if line_id not in lines:
            raise RejectedError("There is no such phone line.", field=f"outbound.lines.{at}")


def _limits(data: object, path: str, strict: bool) -> Limits:
    fields = Fields(data, path, field_names(Limits), strict=strict)
    return Limits(
        **{
            name: fields.whole(name, getattr(Limits, name), low, high)
            for name, (low, high) in LIMIT_RANGES.items()
        }
    )


def _permit(data: object, path: str, strict: bool) -> Permit:
    fields = Fields(data, path, field_names(Permit), strict=strict)
    return Permit(fields.item_id("agent_id", "a"), _kinds(fields, ()))


def _kinds(fields: Fields, default: tuple[str, ...]) -> tuple[str, ...]:
    kinds = fields.texts("kinds", default, len(KINDS))
    if not set(kinds) <= set(KINDS):
        raise RejectedError("This is not one of the choices.", field=fields.at("kinds"))
    return kinds
