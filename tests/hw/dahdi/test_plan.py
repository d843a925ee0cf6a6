"""The plan of the cards: written, read again, and refused where root could be led astray."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import RejectedError
from appliance.hw.dahdi import system_conf
from appliance.hw.dahdi.plan import TEXT_MAX, CardPlan, PlannedPort, PlannedSpan

E1 = PlannedSpan(1, "DYN/loc/1:1", 1, "e1", "ccs", "hdb3", True, 1, 1, 31, "1-15,17-31", 16)
T1 = PlannedSpan(3, "PCI Bus 02 Slot 09", 2, "t1", "esf", "b8zs", False, 0, 65, 88, "65-87", 88)


def test_a_plan_survives_its_file() -> None:
    plan = CardPlan((E1, T1))
    assert CardPlan.parse(plan.to_text()) == plan
    assert CardPlan.parse("") == CardPlan()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": 0}, "span-0.number"),
        ({"device": "../../etc"}, "span-1.device"),
        ({"device": ""}, "span-1.device"),
        ({"device": "a\nb"}, "span-1.device"),
        ({"port": 0}, "span-1.port"),
        ({"type": "bri"}, "span-1.type"),
        # A line of this type has another number of channels.
        ({"type": "t1", "framing": "esf", "coding": "b8zs", "crc4": False}, "span-1.last"),
        ({"framing": "sf"}, "span-1.framing"),
        ({"framing": "esf"}, "span-1.framing"),
        ({"coding": "nrz"}, "span-1.coding"),
        ({"coding": "b8zs"}, "span-1.coding"),
        ({"clock": -1}, "span-1.clock"),
        # The rank of another port of the card.
        ({"clock": 2}, "span-1.clock"),
        ({"first": 1000}, "span-1.first"),
        ({"last": 1025}, "span-1.last"),
        ({"last": 24}, "span-1.last"),
        ({"bearers": "1-15;reboot"}, "span-1.bearers"),
        ({"bearers": "1-99"}, "span-1.bearers"),
        ({"bearers": "15-1"}, "span-1.bearers"),
        ({"bearers": "1-10,10-12"}, "span-1.bearers"),
        ({"bearers": "17-31,1-15"}, "span-1.bearers"),
        ({"bearers": "1-31"}, "span-1.bearers"),
        ({"signalling": 99}, "span-1.signalling"),
        ({"signalling": 15}, "span-1.signalling"),
    ],
)
def test_a_span_that_cannot_be_is_refused(changes: dict[str, object], field: str) -> None:
    with pytest.raises(RejectedError) as caught:
        replace(E1, **changes)  # type: ignore[arg-type]
    assert caught.value.field == field
    section, _, name = field.partition(".")
    assert f"(cards.conf, {section}, {name}: " in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"framing": "ccs"}, "span-3.framing"),
        ({"coding": "hdb3"}, "span-3.coding"),
        ({"crc4": True}, "span-3.crc4"),
        ({"signalling": 80}, "span-3.signalling"),
        ({"last": 95}, "span-3.last"),
        ({"bearers": "65-88"}, "span-3.bearers"),
    ],
)
def test_a_t1_is_no_e1(changes: dict[str, object], field: str) -> None:
    with pytest.raises(RejectedError) as caught:
        replace(T1, **changes)  # type: ignore[arg-type]
    assert caught.value.field == field


def moved(number: int, first: int, **more: object) -> PlannedSpan:
    """The T1 with other channels."""
    channels = {"last": first + 23, "bearers": f"{first}-{first + 22}", "signalling": first + 23}
    return replace(T1, number=number, first=first, **channels, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("other", "field"),
    [
        (moved(1, 65), "span-1.number"),
        (moved(2, 31), "span-2.first"),
        (moved(2, 1), "span-2.first"),
        (moved(2, 65, device=E1.device, port=E1.port), "span-2.port"),
    ],
)
def test_spans_do_not_get_into_each_others_way(other: PlannedSpan, field: str) -> None:
    with pytest.raises(RejectedError) as caught:
        CardPlan((E1, other))
    assert caught.value.field == field and "span-1 has it" in str(caught.value)


@given(st.text(max_size=200))
def test_any_other_text_is_refused_and_nothing_else_happens(text: str) -> None:
    try:
        plan = CardPlan.parse(text)
    except RejectedError:
        return
    assert plan == CardPlan()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("crc4 = yes", "crc4 = maybe", "cards.conf, span-1, crc4: "),
        ("port = 1\n", "", "cards.conf, span-1, port: missing"),
        ("port = 1\n", "port = 1\nmore = 2\n", "cards.conf, span-1, more: unknown"),
        ("port = 1\n", "port = 01\n", "cards.conf, span-1, port: "),
        ("port = 1\n", "port = 1\nport = 1\n", "[line 4]"),
        ("port = 1\n", "port 1\n", "[line 3]"),
        ("[span-1]", "[span-x]", "cards.conf, span-x: "),
    ],
)
def test_a_file_that_was_tampered_with_is_refused(old: str, new: str, told: str) -> None:
    text = CardPlan((E1,)).to_text()
    assert old in text
    with pytest.raises(RejectedError) as caught:
        CardPlan.parse(text.replace(old, new))
    assert told in str(caught.value)


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


FXO = PlannedPort(97, 4, "PCI Bus 03 Slot 01", 1, 97)


def test_a_plan_with_analog_ports_survives_its_file() -> None:
    plan = CardPlan((E1, T1), (FXO, replace(FXO, channel=120)))
    assert CardPlan.parse(plan.to_text()) == plan


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": 0}, "channel-97.number"),
        ({"device": "a\nb"}, "channel-97.device"),
        ({"port": 0}, "channel-97.port"),
        ({"first": 1000}, "channel-97.first"),
        ({"channel": 129}, "channel-129.channel"),
        ({"channel": 96}, "channel-96.channel"),
    ],
)
def test_a_port_that_cannot_be_is_refused(changes: dict[str, object], field: str) -> None:
    with pytest.raises(RejectedError) as caught:
        replace(FXO, **changes)  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("other", "field"),
    [
        (FXO, "channel-97.channel"),
        (replace(FXO, channel=98, number=5), "channel-98.port"),
        (replace(FXO, channel=98, device="elsewhere"), "channel-98.number"),
        (replace(FXO, channel=98, device="elsewhere", number=5), "channel-98.first"),
    ],
)
def test_ports_do_not_get_into_each_others_way(other: PlannedPort, field: str) -> None:
    with pytest.raises(RejectedError) as caught:
        CardPlan(ports=(FXO, other))
    assert caught.value.field == field
    with pytest.raises(RejectedError):
        CardPlan((replace(T1, number=4, first=97, last=120, bearers="97-119", signalling=120),), (FXO,))
    with pytest.raises(RejectedError, match=r"cards\.conf"):
        CardPlan.parse(CardPlan(ports=(FXO,)).to_text() + "fxsks = 1\n")
