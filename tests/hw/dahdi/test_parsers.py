"""What DAHDI and its tools print of real cards, and of anything else."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import RejectedError
from appliance.hw import cards
from appliance.hw.dahdi import alarms, hardware, pri_spans, proc_span, scan
from appliance.hw.dahdi.proc_span import Channel
from tests.hw.dahdi import real


def test_a_trunk_that_works() -> None:
    span = proc_span.parse(real.TE2XX)
    assert (span.number, span.name, span.description) == (1, "TE2/0/1", "T2XXP (PCI) Card 0 Span 1")
    assert (span.line, span.alarms, span.is_clock, span.is_master) == ("HDB3/CCS", (), True, False)
    assert span.channels == (Channel(1, "TE2/0/1/1", "Clear", is_open=True, echo="VPMOCT064"),)


@pytest.mark.parametrize(
    ("text", "name", "line", "is_master"),
    [
        (real.TE4XX_RED, "TE4/0/2", "HDB3/CCS/CRC4", False),
        (real.TE4XX_LSDAHDI, "TE4/0/1", "HDB3", True),
        (real.B410P_RED, "B4/0/1", "", True),
    ],
)
def test_a_line_that_is_red(text: str, name: str, line: str, is_master: bool) -> None:
    span = proc_span.parse(text)
    assert (span.name, span.line, span.is_master, span.alarms) == (name, line, is_master, ("red",))


def test_analog_ports() -> None:
    span = proc_span.parse(real.TDM400P)
    assert span.description == "Wildcard TDM400P REV E/F Board 1"
    assert [(one.number, one.signalling, one.is_open) for one in span.channels] == [
        (1, "FXOKS", True), (2, "FXOKS", True), (3, "FXOKS", True), (4, "FXOKS", False),
    ]  # fmt: skip
    (line,) = proc_span.parse(real.AEX410).channels
    assert line == Channel(1, "WCTDM/0/0", "FXSKS", echo="VPMOCT032")


def test_ports_without_a_cable() -> None:
    span = proc_span.parse(real.SIXTEEN_FXO)
    assert (span.name, span.description, span.is_master) == ("", "", True)
    assert [one.alarms for one in span.channels] == [("red",), (), ("red",)]
    assert {one.signalling for one in span.channels} == {"FXSKS"}


def test_errors_that_are_counted() -> None:
    assert proc_span.parse(real.TDM800P).counters == (("irq", 1762187),)
    counted = (
        real.TE4XX_RED + "\tBPV count: 3\n\tCRC4 error count: 65\n\tTiming slips: 7\n\n\t1 TE4/0/2/1 Clear \n"
    )
    span = proc_span.parse(counted)
    assert span.counters == (("bipolar", 3), ("crc", 65), ("slips", 7)) and len(span.channels) == 1


def test_drivers_of_other_makers() -> None:
    span = proc_span.parse(real.A101)
    assert (span.line, len(span.channels)) == ("CCS/HDB3/CRC4", 4)
    assert span.channels[2].signalling == "Hardware assisted D-channel"
    assert proc_span.parse(real.R4T1).line == "ESFB8ZS"


def test_a_channel_that_nobody_has_configured() -> None:
    (channel,) = proc_span.parse('Span 3: TE4/0/3 "T4XXP" \n\n\t  63 TE4/0/3/1 \n').channels
    assert channel == Channel(63, "TE4/0/3/1")


def test_a_machine_with_four_kinds_of_cards() -> None:
    first, second, analog, bank = scan.parse(real.FOUR_KINDS)
    assert (first.device, first.kind, first.alarms) == ("BeroNet BN4S0", "digital-TE", ("red",))
    assert (first.line, first.first_channel, first.channels) == ("AMI/CCS", 1, 3)
    assert first.is_configured and not second.is_configured and second.alarms == ()
    assert (analog.number, analog.kind, analog.alarms) == (5, "analog", ())
    assert [(port.number, port.kind) for port in analog.ports] == [(n, "fxs") for n in range(13, 17)]
    assert (bank.name, bank.manufacturer) == ("XBUS-00/XPD-00", "Xorcom Inc.")


def test_places_without_a_module() -> None:
    (span,) = scan.parse(real.A1200P)
    assert [port.kind for port in span.ports] == ["fxo", "fxo", "none", "none"]
    assert (span.channels, span.location) == (12, "PCI Bus 01 Slot 04")
    (none,) = scan.parse(real.NO_CARD)
    assert (none.channels, none.kind, none.is_configured) == (0, "", False)
    (failed,) = scan.parse("[1]\nalarms=RED/YEL\nport=1,FXO FAILED\n")
    assert failed.ports == (scan.Port(1, "fxo", is_failed=True),) and failed.alarms == ("red", "yellow")


def test_trunks_as_the_scan_tells_of_them() -> None:
    (span,) = scan.parse(real.TE420)
    assert (span.kind, span.channels, span.line, span.is_configured) == ("digital-E1", 31, "", False)
    assert [one.device for one in scan.parse(real.TE121_AEX800)] == [
        "Wildcard TE121 (VPMOCT032)",
        "Wildcard AEX800 (VPMADT032)",
    ]


def test_the_cards_of_a_machine_are_those_of_the_tables() -> None:
    """The tools' word and ours for the same device."""
    found = hardware.parse(real.TDM410P + real.TE820 + real.ASTRIBANK)
    assert [(one.address, one.driver, one.is_driven) for one in found] == [
        ("0000:04:05.0", "wctdm24xxp", True),
        ("0000:1b:08.0", "wct4xxp", True),
        ("003/005", "xpp_usb", True),
    ]
    table = cards.load()
    for one in found:
        card = table.find(one.bus, one.id)
        assert card and card.driver == one.driver
    (idle,) = hardware.parse("pci:0000:04:05.0     wctdm24xxp-  d161:8005 Wildcard TDM410P")
    (nobody,) = hardware.parse("usb:001/002                       e4e4:1160 Astribank-modular no-firmware")
    assert not idle.is_driven and nobody.driver == ""


def test_signalling_of_trunks() -> None:
    found = pri_spans.parse(real.FOUR_TRUNKS)
    assert [(one.span, one.is_up, one.is_in_alarm) for one in found] == [
        (1, False, True), (2, False, True), (3, True, False), (4, False, True),
    ]  # fmt: skip
    assert all(one.is_active and one.channel == 0 for one in found)
    (one,) = pri_spans.parse(real.ONE_TRUNK)
    assert one.is_up and not one.is_in_alarm


def test_alarms() -> None:
    assert alarms.from_bits(0) == () and alarms.from_bits(1 << 3 | 1 << 8) == ("red", "los")
    assert alarms.from_word("YELLOW") == "yellow" and alarms.from_word("yellow") is None
    assert alarms.from_word("FXSKS") is None


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Something real with a piece of it replaced, or anything at all; as it is read from a file."""
    text = draw(st.sampled_from((*real.EVERYTHING, ""))).encode()
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, len(text)))
    return (text[:start] + draw(st.binary(max_size=40)) + text[end:]).decode("utf-8", "replace")


@given(damaged())
def test_whatever_comes_is_understood_in_part_or_refused(text: str) -> None:
    with contextlib.suppress(RejectedError):
        proc_span.parse(text)
    scan.parse(text)
    hardware.parse(text)
    pri_spans.parse(text)
