"""The plan of the cards: written, read again, and refused where root could be led astray."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import RejectedError
from appliance.hw.dahdi import system_conf
from appliance.hw.dahdi.plan import TEXT_MAX, CardPlan, PlannedSpan

E1 = PlannedSpan(1, "DYN/loc/1:1", 1, "e1", "ccs", "hdb3", True, 1, 1, 31, "1-15,17-31", 16)
T1 = PlannedSpan(3, "PCI Bus 02 Slot 09", 2, "t1", "esf", "b8zs", False, 0, 65, 88, "65-87", 88)


def test_a_plan_survives_its_file() -> None:
    plan = CardPlan((E1, T1))
    assert CardPlan.parse(plan.to_text()) == plan
    assert CardPlan.parse("") == CardPlan()


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 0},
        {"device": "../../etc"},
        {"device": ""},
        {"device": "a\nb"},
        {"port": 0},
        {"type": "bri"},
        {"framing": "sf"},
        {"coding": "nrz"},
        {"clock": -1},
        {"last": 1025},
        {"bearers": "1-15;reboot"},
        {"bearers": "1-99"},
        {"signalling": 99},
    ],
)
def test_a_span_that_cannot_be_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(RejectedError):
        replace(E1, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other", [replace(T1, number=1), replace(E1, number=2), replace(E1, number=2, port=9)]
)
def test_spans_do_not_get_into_each_others_way(other: PlannedSpan) -> None:
    with pytest.raises(RejectedError):
        CardPlan((E1, other))


@given(st.text(max_size=200))
def test_any_other_text_is_refused_and_nothing_else_happens(text: str) -> None:
    try:
        plan = CardPlan.parse(text)
    except RejectedError:
        return
    assert plan == CardPlan()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("crc4 = yes", "crc4 = maybe"),
        ("port = 1\n", ""),
        ("port = 1\n", "port = 1\nmore = 2\n"),
        ("port = 1\n", "port = 01\n"),
        ("port = 1\n", "port = 1\nport = 1\n"),
        ("[span-1]", "[span-x]"),
    ],
)
def test_a_file_that_was_tampered_with_is_refused(old: str, new: str) -> None:
    text = CardPlan((E1,)).to_text()
    assert old in text
    with pytest.raises(RejectedError):
        CardPlan.parse(text.replace(old, new))


def test_a_huge_file_is_refused() -> None:
    with pytest.raises(RejectedError):
        CardPlan.parse("#" * (TEXT_MAX + 1))


def test_the_drivers_file() -> None:
    assert system_conf.render(CardPlan((E1, T1))).splitlines() == [
        "span=1,1,0,ccs,hdb3,crc4",
        "bchan=1-15,17-31",
        "dchan=16",
        "echocanceller=oslec,1-15,17-31",
        "span=3,0,0,esf,b8zs",
        "bchan=65-87",
        "dchan=88",
        "echocanceller=oslec,65-87",
        "loadzone=us",
        "defaultzone=us",
    ]
