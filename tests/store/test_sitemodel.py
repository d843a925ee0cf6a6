"""The site document: what is clean comes out unchanged, and whatever else comes in is refused with its
place.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from appliance.errors import RejectedError
from appliance.store.site_queues import STRATEGIES, Queue
from appliance.store.sitemodel import CODECS, Agent, Site

NASTY = (
    "a\nexten => s,1,System(x)",
    "a\r\nAction: Originate",
    "\x00",
    "\u202eabc",
    "\u2066abc",
    "\u2028",
    "\ud800",
    "\u0085",
    "\u200e",
    "",
    " \t ",
    "x" * 81,
)
FINE = (
    "Nguyễn Thị Lan",
    "a;b,c)d",
    "${SHELL(id)}",
    "status will follow",
    "می\u200cخواهم",
    "\u200eabc\u200f",
    "'; DROP TABLE person; --",
    "<script>",
    "👩\u200d👧",
)

names = st.sampled_from(FINE) | st.text(
    st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), min_size=1, max_size=40
).filter(lambda text: text.strip() != "" and len(text) <= 60)
seconds = st.integers(20, 120)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Documents as a careful administrator would make them, though with odd names."""
    agents = [
        {"id": f"a{at}", "name": draw(names), "extension": str(100 + at)}
        for at in range(draw(st.integers(0, 4)))
    ]
    queues = [
        {
            "id": f"q{at}",
            "name": draw(names),
            "greeting_text": draw(names | st.just("one\ntwo")),
            "strategy": draw(st.sampled_from(STRATEGIES)),
            "ring_seconds": draw(seconds),
            "wrap_up_seconds": draw(seconds),
            "max_wait_seconds": draw(seconds),
            "record": draw(st.booleans()),
            "agents": draw(st.lists(st.sampled_from([agent["id"] for agent in agents]), unique=True))
            if agents
            else [],
        }
        for at in range(draw(st.integers(0, 3)))
    ]
    lines = [
        {
            "id": f"l{at}",
            "kind": "sip",
            "name": draw(names),
            "host": draw(st.sampled_from(("sip.example.net", "192.0.2.7", "2001:db8::1", "PBX-1"))),
            "port": draw(st.integers(1, 65535)),
            "username": "u" * at,
            "codecs": draw(st.lists(st.sampled_from(CODECS), min_size=1, unique=True)),
            "caller_number": draw(st.sampled_from(("", "+84901234567", "0901 234 567", "1900"))),
        }
        for at in range(draw(st.integers(0, 3)))
    ]
    numbers = [
        {
            "id": f"n{at}",
            "number": draw(st.sampled_from(("0283822{:04}", "+4930123{:04}", "10{}"))).format(at),
            "line_id": draw(st.sampled_from([line["id"] for line in lines])),
            "queue_id": draw(st.sampled_from([queue["id"] for queue in queues])),
        }
        for at in range(draw(st.integers(0, 3)) if lines and queues else 0)
    ]
    return {
        "country": draw(st.sampled_from(("VN", "DE", "ZZ"))),
        "business_name": draw(names),
        "queues": queues,
        "agents": agents,
        "lines": lines,
        "numbers": numbers,
        "dispositions": [{"code": "sold", "name": draw(names)}],
        "breaks": [{"code": "lunch", "name": draw(names)}],
    }


@given(documents())
@settings(max_examples=150, deadline=None)
def test_a_clean_document_is_a_fixed_point(document: dict[str, Any]) -> None:
    site = Site.from_dict(document)
    assert Site.from_dict(site.to_dict()) == site
    assert Site.from_dict(json.loads(json.dumps(site.to_dict()))) == site


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(NASTY),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A clean document with one value replaced by any JSON."""
    document = draw(documents())
    place: Any = document
    while True:
        key = (
            draw(st.sampled_from(sorted(place)))
            if isinstance(place, dict)
            else draw(st.integers(0, len(place) - 1))
        )
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or draw(st.booleans()):
            place[key] = draw(json_values)
            return document
        place = inner


@given(json_values | damaged())
@example({"": 1})
@example({"queues": [{"id": "q1", "name": "\ud800"}]})
@example({"time_zone": "/etc/passwd"})
@example({"time_zone": "America"})
@example({"numbers": [{"id": "n1", "number": "9" * 400, "line_id": "l1", "queue_id": "q1"}]})
@settings(max_examples=400, deadline=None)
def test_any_json_is_a_site_or_refused(value: object) -> None:
    for strict in (True, False):
        try:
            site = Site.from_dict(value, strict=strict)
        except RejectedError as error:
            assert isinstance(error.field, str)
            assert error.message
        else:
            assert Site.from_dict(site.to_dict()) == site


def base() -> dict[str, Any]:
    return {
        "queues": [{"id": "q1", "name": "Sales", "agents": ["a1"]}],
        "agents": [{"id": "a1", "name": "Lan", "extension": "101"}],
        "lines": [{"id": "l1", "name": "Viettel", "host": "sip.example.net"}],
        "numbers": [{"id": "n1", "number": "028 3822 1234", "line_id": "l1", "queue_id": "q1"}],
        "dispositions": [{"code": "sold", "name": "Sold"}],
        "breaks": [{"code": "lunch", "name": "Lunch"}],
    }


@pytest.mark.parametrize("name", NASTY)
def test_names_that_are_no_names_are_refused(name: str) -> None:
    document = base()
    document["queues"][0]["name"] = name
    with pytest.raises(RejectedError) as caught:
        Site.from_dict(document)
    assert caught.value.field == "queues.0.name"


@pytest.mark.parametrize("name", FINE)
def test_names_of_any_script_stay_as_they_are(name: str) -> None:
    document = base()
    document["agents"][0]["name"] = name
    assert Site.from_dict(document).agents[0].name == name


def test_names_are_brought_into_one_form() -> None:
    document = base()
    document["agents"][0]["name"] = "  Ha\u0309i "
    assert Site.from_dict(document).agents[0].name == "Hải"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"queues": [{"id": "q1", "name": "S", "agents": ["a9"]}]}, "queues.0.agents.0"),
        ({"queues": [{"id": "q1", "name": "S", "agents": ["a1", "a1"]}]}, "queues.0.agents.1"),
        ({"queues": [{"id": "q1", "name": "S", "ring_seconds": 4}]}, "queues.0.ring_seconds"),
        ({"queues": [{"id": "q1", "name": "S", "ring_seconds": True}]}, "queues.0.ring_seconds"),
        ({"queues": [{"id": "q1", "name": "S", "ring_seconds": "20"}]}, "queues.0.ring_seconds"),
        ({"queues": [{"id": "q1", "name": "S", "strategy": "all"}]}, "queues.0.strategy"),
        ({"queues": [{"id": "q1", "name": "S", "music": "../x"}]}, "queues.0.music"),
        ({"queues": [{"id": "q1", "name": "S", "music": "m1"}]}, "queues.0.music"),
        ({"hold_music": "m1"}, "hold_music"),
        ({"hold_music": "default"}, "hold_music"),
        ({"music": [{"id": "m1", "name": "S", "pieces": []}]}, "music.0.pieces"),
        (
            {"music": [{"id": "m1", "name": "S", "pieces": [{"name": "a", "sound": "../x"}]}]},
            "music.0.pieces.0.sound",
        ),
        (
            {"music": [{"id": "m1", "name": "S", "pieces": [{"name": "", "sound": "0" * 64}]}]},
            "music.0.pieces.0.name",
        ),
        ({"queues": [{"id": "q1", "name": "S", "greeting_text": "x" * 2001}]}, "queues.0.greeting_text"),
        ({"queues": [{"id": "a1", "name": "S"}]}, "queues.0.id"),
        ({"queues": [{"id": "q1;", "name": "S"}]}, "queues.0.id"),
        ({"queues": [{"id": "q1", "name": "S"}, {"id": "q1", "name": "T"}]}, "queues.1.id"),
        ({"queues": {"q1": {}}}, "queues"),
        ({"agents": [{"id": "a1", "name": "L", "extension": "1"}]}, "agents.0.extension"),
        ({"agents": [{"id": "a1", "name": "L", "extension": "*90"}]}, "agents.0.extension"),
        (
            {
                "agents": [
                    {"id": "a1", "name": "L", "extension": "10"},
                    {"id": "a2", "name": "M", "extension": "10"},
                ]
            },
            "agents.1.extension",
        ),
        ({"lines": [{"id": "l1", "name": "V"}]}, "lines.0.host"),
        ({"lines": [{"id": "l1", "name": "V", "host": "a", "register": True}]}, "lines.0.username"),
        ({"lines": [{"id": "l1", "name": "V", "host": "a", "codecs": []}]}, "lines.0.codecs"),
        ({"lines": [{"id": "l1", "name": "V", "host": "a", "codecs": ["slin"]}]}, "lines.0.codecs"),
        ({"lines": [{"id": "l1", "name": "V", "host": "a", "password": "x"}]}, "lines.0.password"),
        ({"lines": [{"id": "l1", "name": "V", "host": "a", "username": "a b"}]}, "lines.0.username"),
        ({"lines": []}, "numbers.0.line_id"),
        ({"queues": []}, "numbers.0.queue_id"),
        ({"numbers": [{"id": "n1", "number": "x", "line_id": "l1", "queue_id": "q1"}]}, "numbers.0.number"),
        (
            {
                "numbers": [
                    {"id": "n1", "number": "028 3822 1234", "line_id": "l1", "queue_id": "q1"},
                    {"id": "n2", "number": "+842838221234", "line_id": "l1", "queue_id": "q1"},
                ]
            },
            "numbers.1.number",
        ),
        ({"dispositions": [{"code": "Đã", "name": "x"}]}, "dispositions.0.code"),
        ({"breaks": [{"code": "phone", "name": "x"}]}, "breaks.0.code"),
        ({"time_zone": "Asia/Nowhere"}, "time_zone"),
        ({"country": "Vietnam"}, "country"),
        ({"language": "../vi"}, "language"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(change: dict[str, Any], field: str) -> None:
    with pytest.raises(RejectedError) as caught:
        Site.from_dict({**base(), **change})
    assert caught.value.field == field


@pytest.mark.parametrize(
    "host",
    [
        "a b",
        "a;b",
        "a,b",
        "a\nb",
        "-a",
        "a-.net",
        "a..b",
        "1.2.3",
        "1.2.3.400",
        "[::1]",
        "fe80::1%eth0",
        "a_b",
        "x" * 64,
        "a." * 127 + "ab",
        "${x}",
        "sip:host",
        "a/b",
        "mạng.vn",
    ],
)
def test_hosts_that_are_no_hosts_are_refused(host: str) -> None:
    document = base()
    document["lines"][0]["host"] = host
    with pytest.raises(RejectedError) as caught:
        Site.from_dict(document)
    assert caught.value.field == "lines.0.host"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("(028) 3822-1234", "+842838221234"),
        ("+84 28 3822 1234", "+842838221234"),
        ("0084 28 3822 1234", "+842838221234"),
        ("۰۲۸۳۸۲۲۱۲۳۴", "+842838221234"),
        ("๐๒๘๓๘๒๒๑๒๓๔", "+842838221234"),
        ("＋84 28 3822 1234", "+842838221234"),
        ("+1 202 555 0123", "+12025550123"),
        ("113", "113"),
        ("101", "101"),
    ],
)
def test_numbers_are_brought_into_one_form(typed: str, stored: str) -> None:
    document = base()
    document["numbers"][0]["number"] = typed
    assert Site.from_dict(document).numbers[0].number == stored


def test_a_country_without_a_plan_keeps_local_digits() -> None:
    document = {**base(), "country": "ZZ"}
    assert Site.from_dict(document).numbers[0].number == "02838221234"


def test_defaults_are_those_of_the_model() -> None:
    site = Site.from_dict(base())
    assert site.queues == (Queue("q1", "Sales", agents=("a1",)),)
    assert site.agents == (Agent("a1", "Lan", "101"),)
    assert Site.from_dict({}) == Site()


def test_a_newer_releases_fields_are_dropped_on_reading_only() -> None:
    document = base()
    document["queues"][0]["skills"] = ["x"]
    assert Site.from_dict(document, strict=False) == Site.from_dict(base())
    with pytest.raises(RejectedError) as caught:
        Site.from_dict(document)
    assert caught.value.field == "queues.0.skills"


def test_lists_are_bounded() -> None:
    with pytest.raises(RejectedError, match="500"):
        Site.from_dict({"agents": [{}] * 501})
