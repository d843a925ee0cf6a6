"""Random sites with flows and opening hours, and random callers, for tests that walk them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from appliance.store import site_outbound
from appliance.store.flows import KEYS
from appliance.store.sitemodel import Site
from tests.pbx_conf.places import DOCUMENT

ZONES = ("", "Europe/Berlin", "America/New_York", "Asia/Kathmandu")
# Around the days on which clocks change in Berlin and New York, and a usual week.
DAYS = (datetime.date(2026, 3, 29), datetime.date(2026, 11, 1), datetime.date(2026, 11, 23))
AGENTS = [
    {"id": "a1", "name": "Hoa", "extension": "101"},
    {"id": "a2", "name": "Nam", "extension": "11"},
    {"id": "a3", "name": "An", "extension": "2345"},
]
LANGUAGES = ("vi", "en")
# Mobile, abroad, at a price, of a satellite, for emergencies.
OUTSIDE = ("0901234567", "+442071838750", "1900123456", "+870773111632", "113")


@dataclass(frozen=True)
class Caller:
    """Which of the site's numbers is dialled, and what is pressed at one menu after the other."""

    number: int
    presses: tuple[str, ...]


@dataclass(frozen=True)
class Story:
    """A site, a moment, what is closed by hand, whether expensive calls are stopped, and some callers."""

    site: Site
    at: datetime.datetime
    closed: tuple[tuple[str, str], ...]
    is_stopped: bool
    callers: tuple[Caller, ...]


def clock(minute: int) -> str:
    """A minute of the day as "08:05"."""
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def opening(draw: st.DrawFn) -> dict[str, str]:
    """Hours of any length up to a day."""
    opens = draw(st.integers(0, 1439))
    return {"opens": clock(opens), "closes": clock((opens + draw(st.integers(1, 1439))) % 1440)}


@st.composite
def schedule(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """One opening on some days of the week, and some dates that are not like them."""
    days = draw(st.sets(st.integers(1, 7), min_size=1))
    dates = draw(
        st.sets(st.sampled_from([day + datetime.timedelta(days=n) for day in DAYS for n in (-1, 0, 1)]))
    )
    return {
        "id": name,
        "name": name,
        "time_zone": draw(st.sampled_from(ZONES)),
        "weekly": [{"day": day, **draw(opening())} for day in sorted(days)],
        "exceptions": [
            {"date": str(day), "hours": [draw(opening())] if draw(st.booleans()) else []}
            for day in sorted(dates)
        ],
    }


@st.composite
def step(draw: st.DrawFn, at: int, count: int, flows: list[str]) -> dict[str, Any]:
    """One step. Silence leads forward, so that no circle is refused; keys lead anywhere."""
    later = [f"t{n}" for n in range(at + 1, count + 1)]
    anywhere = [f"t{n}" for n in range(1, count + 1)]
    following = st.sampled_from(later) if later else st.nothing()
    ends = ["queue", "person", "outside", "end", *(["flow"] if flows else [])]
    kind = draw(st.sampled_from(["hours", "menu", "menu", "say", "person", *ends[:1]] if later else ends))
    texts = [
        {"language": language, "text": f"{at} {language}"}
        for language in LANGUAGES[: draw(st.integers(1, 2))]
    ]
    more: dict[str, dict[str, Any]] = {
        "end": {},
        "queue": {"queue_id": "q1"},
        "outside": {"number": draw(st.sampled_from(OUTSIDE))},
    }
    if kind == "hours":
        more[kind] = {
            "schedule_id": draw(st.sampled_from(("s1", "s2"))),
            "open": draw(following),
            "closed": draw(following),
        }
    elif kind == "menu":
        keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True))
        more[kind] = {
            "texts": texts,
            "keys": [{"key": key, "next": draw(st.sampled_from(anywhere))} for key in keys],
            "otherwise": draw(following),
            "tries": draw(st.integers(1, 3)),
            "dials_people": draw(st.booleans()),
        }
    elif kind == "say":
        more[kind] = {"texts": texts, "next": draw(following)}
    elif kind == "person":
        more[kind] = {"agent_id": "a1", "next": draw(following) if later else ""}
    elif kind == "flow":
        more[kind] = {"flow_id": draw(st.sampled_from(flows))}
    return {"id": f"t{at}", "kind": kind, **more[kind]}


def reached(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of the steps that the first one leads to."""
    known = {one["id"]: one for one in steps}
    found: dict[str, dict[str, Any]] = {}
    waiting = [steps[0]["id"]]
    while waiting:
        one = known[waiting.pop()]
        if one["id"] not in found:
            found[one["id"]] = one
            leads = [one.get(name) for name in ("open", "closed", "next", "otherwise")]
            waiting += [name for name in (*leads, *(key["next"] for key in one.get("keys", ()))) if name]
    return [one for one in steps if one["id"] in found]


@st.composite
def sites(draw: st.DrawFn) -> Site:
    """Two or three flows, of which each may lead to those after it."""
    names = [f"f{n}" for n in range(1, draw(st.integers(2, 3)) + 1)]
    flows = []
    for at, name in enumerate(names):
        count = draw(st.integers(2, 8))
        steps = [draw(step(n, count, names[at + 1 :])) for n in range(1, count + 1)]
        flows.append({"id": name, "name": name, "steps": reached(steps)})
    document = {
        **DOCUMENT,
        "agents": AGENTS,
        "outbound": {"kinds": sorted(draw(st.sets(st.sampled_from(site_outbound.KINDS))))},
        "schedules": [draw(schedule("s1")), draw(schedule("s2"))],
        "flows": flows,
        "numbers": [
            {"id": f"n{n}", "number": f"0281234567{n}", "line_id": "l1", "flow_id": name}
            for n, name in enumerate(names)
        ],
    }
    return Site.from_dict(document)


presses = st.sampled_from(("", *KEYS, *KEYS, "101", "11", "2345", "102", "10#", "27", "1019"))


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A site, a moment near one of `DAYS`, and callers."""
    site = draw(sites())
    minutes = draw(st.integers(-1440, 2 * 1440))
    at = datetime.datetime.combine(draw(st.sampled_from(DAYS)), datetime.time(), datetime.UTC)
    at += datetime.timedelta(minutes=minutes, seconds=draw(st.sampled_from((0, 59))))
    closed = [(name, str(at.date())) for name in ("s1", "s2") if draw(st.integers(0, 3)) == 0]
    callers = [
        Caller(draw(st.integers(0, len(site.numbers) - 1)), tuple(draw(st.lists(presses, max_size=6))))
        for _ in range(4)
    ]
    return Story(site, at, tuple(closed), draw(st.booleans()), tuple(callers))


def going_outside(is_stopped: bool) -> Story:
    """A menu from which every key calls one of `OUTSIDE`, some of which may be called."""
    texts = [{"language": "vi", "text": "1"}]
    keys = [{"key": key, "next": f"t{at}"} for at, key in enumerate(KEYS[: len(OUTSIDE)], 2)]
    steps: list[dict[str, Any]] = [
        {"id": "t1", "kind": "menu", "texts": texts, "keys": keys, "otherwise": "t2"},
        *({"id": f"t{at}", "kind": "outside", "number": number} for at, number in enumerate(OUTSIDE, 2)),
    ]
    site = Site.from_dict(
        {
            **DOCUMENT,
            "outbound": {"kinds": ["mobile", "international"], "countries": ["GB"]},
            "flows": [{"id": "f1", "name": "Outside", "steps": steps}],
            "numbers": [{"id": "n1", "number": "02812345671", "line_id": "l1", "flow_id": "f1"}],
        }
    )
    at = datetime.datetime.combine(DAYS[2], datetime.time(), datetime.UTC)
    return Story(site, at, (), is_stopped, tuple(Caller(0, (one["key"],)) for one in keys))
