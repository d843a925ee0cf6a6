"""Random sites with flows and opening hours, and random callers, for tests that walk them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from appliance.store import site_outbound
from appliance.store.flows import KEYS
from appliance.store.site_queues import CALLBACK
from appliance.store.sitemodel import Site
from tests.pbx_conf.places import DOCUMENT

ZONES = ("", "Europe/Berlin", "America/New_York", "Asia/Kathmandu")
# Around the days on which clocks change in Berlin and New York, a public holiday of the site's country, and a
# usual week.
HOLIDAY = datetime.date(2026, 9, 2)
DAYS = (datetime.date(2026, 3, 29), datetime.date(2026, 11, 1), HOLIDAY, datetime.date(2026, 11, 23))
AGENTS = [
    {"id": "a1", "name": "Hoa", "extension": "101"},
    {"id": "a2", "name": "Nam", "extension": "11"},
    {"id": "a3", "name": "An", "extension": "2345"},
]
LANGUAGES = ("vi", "en")
# Mobile, abroad, at a price, of a satellite, for emergencies.
PROMPTS = [
    {"id": "p1", "name": "Both", "voices": [{"language": one, "text": f"p1 {one}"} for one in LANGUAGES]},
    {"id": "p2", "name": "One", "voices": [{"language": "en", "text": "p2 en"}]},
]
# What a queue may do with a caller, and what the dialplan calls it.
LEAVES = {"when_full": "full", "when_empty": "empty", "when_late": "late"}
# Where queues send callers on to, and nobody comes back from.
ASIDE: dict[str, Any] = {
    "id": "f9",
    "name": "Aside",
    "steps": [
        {"id": "t1", "kind": "say", "prompt_id": "p1", "next": "t2"},
        {"id": "t2", "kind": "message", "for_id": "q1"},
    ],
}
# The second one has hours, and sends callers on when they are over.
QUEUES = [DOCUMENT["queues"][0], {"id": "q2", "name": "Hours", "record": False, "schedule_id": "s2"}]
OUTSIDE = ("0901234567", "+442071838750", "1900123456", "+870773111632", "113")


@dataclass(frozen=True)
class Caller:
    """Which of the site's numbers is dialled, and what is pressed at one menu after the other."""

    number: int
    presses: tuple[str, ...]


@dataclass(frozen=True)
class Story:
    """A site, a moment, what is closed by hand, whether expensive calls are stopped, some callers, and how
    the first queue sends them on, "" if it does not.
    """

    site: Site
    at: datetime.datetime
    closed: tuple[tuple[str, str], ...]
    is_stopped: bool
    callers: tuple[Caller, ...]
    exit: str = ""


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
        "closes_on_holidays": draw(st.booleans()),
    }


@st.composite
def words(draw: st.DrawFn, at: int) -> dict[str, Any]:
    """What a step says: texts of its own, or a prompt."""
    if draw(st.integers(0, 2)) == 0:
        return {"prompt_id": draw(st.sampled_from(("p1", "p2")))}
    spoken = LANGUAGES[: draw(st.integers(1, 2))]
    return {"texts": [{"language": language, "text": f"{at} {language}"} for language in spoken]}


@st.composite
def step(draw: st.DrawFn, at: int, count: int, flows: list[str]) -> dict[str, Any]:
    """One step. Silence leads forward, so that no circle is refused; keys lead anywhere."""
    later = [f"t{n}" for n in range(at + 1, count + 1)]
    anywhere = [f"t{n}" for n in range(1, count + 1)]
    following = st.sampled_from(later) if later else st.nothing()
    ends = ["queue", "person", "outside", "message", "end", *(["flow"] if flows else [])]
    kind = draw(st.sampled_from(["hours", "menu", "menu", "say", "person", *ends[:1]] if later else ends))
    said = draw(words(at))
    more: dict[str, dict[str, Any]] = {
        "end": {},
        # A closed queue may lead to the last flow, and nothing there leads back.
        "queue": {"queue_id": draw(st.sampled_from(("q1", "q2") if flows else ("q1",)))},
        "message": {"for_id": draw(st.sampled_from(("a1", "q1"))), **draw(st.sampled_from(({}, said)))},
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
            **said,
            "keys": [{"key": key, "next": draw(st.sampled_from(anywhere))} for key in keys],
            "otherwise": draw(following),
            "tries": draw(st.integers(1, 3)),
            "dials_people": draw(st.booleans()),
        }
    elif kind == "say":
        more[kind] = {**said, "next": draw(following)}
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
def exits(draw: st.DrawFn, at_once: list[str], after_a_wait: list[str]) -> dict[str, str]:
    """Where a queue sends callers on to."""
    common = ["", CALLBACK, ASIDE["id"], *at_once]
    return {
        name: draw(st.sampled_from([*common, *(after_a_wait if name == "when_late" else ())]))
        for name in LEAVES
    }


@st.composite
def sites(draw: st.DrawFn) -> Site:
    """Two or three flows, of which each may lead to those after it."""
    names = [f"f{n}" for n in range(1, draw(st.integers(2, 3)) + 1)]
    flows = []
    for at, name in enumerate(names):
        count = draw(st.integers(2, 8))
        steps = [draw(step(n, count, names[at + 1 :])) for n in range(1, count + 1)]
        flows.append({"id": name, "name": name, "steps": reached(steps)})
    closed = draw(st.sampled_from(("", "q1", names[-1])))
    document = {
        **DOCUMENT,
        "agents": AGENTS,
        "prompts": PROMPTS,
        # Without a wait, a queue may only lead to what does not lead back.
        "queues": [
            {**QUEUES[0], **draw(exits([], ["q2", *names]))},
            {**QUEUES[1], **draw(exits(["q1", names[-1]], names)), "when_closed": closed},
        ],
        "outbound": {"kinds": sorted(draw(st.sets(st.sampled_from(site_outbound.KINDS))))},
        "schedules": [draw(schedule("s1")), draw(schedule("s2"))],
        "flows": [*flows, ASIDE],
        "numbers": [
            {"id": f"n{n}", "number": f"0281234567{n}", "line_id": "l1", "flow_id": name}
            for n, name in enumerate(names)
        ]
        + [{"id": "n9", "number": "02812345679", "line_id": "l1", "queue_id": "q2"}],
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
    left = draw(st.sampled_from(("", *LEAVES)))
    return Story(site, at, tuple(closed), draw(st.booleans()), tuple(callers), left)


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


def what_is_said_and_closed(at: datetime.date) -> Story:
    """At nine of this day, a menu whose keys lead to each kind of end that hours and prompts decide."""
    texts = [{"language": "vi", "text": "1"}]
    week = [{"day": day, "opens": "08:00", "closes": "17:00"} for day in range(1, 8)]
    keys = {"1": "t2", "2": "t3", "3": "t5", "4": "t6", "5": "t8"}
    steps: list[dict[str, Any]] = [
        {
            "id": "t1",
            "kind": "menu",
            "prompt_id": "p1",
            "keys": [{"key": key, "next": to} for key, to in keys.items()],
            "otherwise": "t2",
        },
        {"id": "t2", "kind": "message", "for_id": "q1"},
        {"id": "t3", "kind": "say", "prompt_id": "p2", "next": "t4"},
        {"id": "t4", "kind": "message", "for_id": "a1", "texts": texts},
        {"id": "t5", "kind": "queue", "queue_id": "q2"},
        {"id": "t6", "kind": "hours", "schedule_id": "s2", "open": "t7", "closed": "t2"},
        {"id": "t7", "kind": "queue", "queue_id": "q1"},
        {"id": "t8", "kind": "flow", "flow_id": "f2"},
    ]
    closed = [{"id": "t1", "kind": "say", "texts": texts, "next": "t2"}, {"id": "t2", "kind": "end"}]
    site = Site.from_dict(
        {
            **DOCUMENT,
            "prompts": PROMPTS,
            "queues": [QUEUES[0], {**QUEUES[1], "when_closed": "f2"}],
            "schedules": [{"id": "s2", "name": "Office", "weekly": week, "closes_on_holidays": True}],
            "flows": [
                {"id": "f1", "name": "Menu", "steps": steps},
                {"id": "f2", "name": "Closed", "steps": closed},
            ],
            "numbers": [{"id": "n1", "number": "02812345671", "line_id": "l1", "flow_id": "f1"}],
        }
    )
    nine = datetime.datetime.combine(at, datetime.time(2), datetime.UTC)
    return Story(site, nine, (), False, tuple(Caller(0, (key,)) for key in keys))


def queues_that_send_on(left: str) -> Story:
    """Three numbers of queues: one leads to another queue, one to a flow, one offers to call back."""
    queues = [
        {"id": f"q{n}", "name": f"q{n}", "record": False, **dict.fromkeys(LEAVES, target)}
        for n, target in enumerate((ASIDE["id"], "q1", CALLBACK, ""), 1)
    ]
    site = Site.from_dict(
        {
            **DOCUMENT,
            "prompts": PROMPTS,
            "queues": queues,
            "flows": [ASIDE],
            "numbers": [
                {"id": f"n{n}", "number": f"0281234567{n}", "line_id": "l1", "queue_id": f"q{n}"}
                for n in range(1, len(queues) + 1)
            ],
        }
    )
    at = datetime.datetime.combine(DAYS[-1], datetime.time(2), datetime.UTC)
    return Story(site, at, (), False, tuple(Caller(n, ()) for n in range(len(queues))), left)
