"""Analog ports of telephone cards in the site: a line of the telephone company each, on a pair of wires
(FXO). Part of sitemodel.py.

The ports of one card, or of one part of a card that has several, are one span of DAHDI's: they share a number
like those of site_spans.py, from the same row of numbers, and a port's channel follows from it for good.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from appliance.errors import RejectedError
from appliance.store.site_spans import PORTS_MAX, SPANS_MAX, WIDTH, Span, free_number
from appliance.store.sitecheck import Fields, field_names

ALL_MAX = 128
# As chan_dahdi.conf's cidsignalling calls them: FSK as Bell 202 (Bellcore GR-30) or as V.23 (ETSI EN 300
# 659-1), or DTMF digits (ETSI EN 300 659-1 annex B); "none" where the caller's number does not come.
CALLER_IDS = ("bell", "v23", "dtmf", "none")
# As chan_dahdi.conf's cidstart: after the first ring, after the line's polarity was reversed (BT SIN 227), or
# with nothing before it, which only DTMF digits tell from noise.
CALLER_ID_STARTS = ("ring", "polarity", "dtmf")
# What Asterisk listens for then (channels/sig_analog.c, __analog_ss_thread): after a ring for FSK alone,
# before it for V.23 and for digits. Of anything else the call comes in without a number.
STARTS_OF = {
    "bell": ("ring",),
    "v23": ("ring", "polarity"),
    "dtmf": ("polarity", "dtmf"),
    "none": CALLER_ID_STARTS,
}
# How the company tells that the other side has hung up: it takes the current away for a moment (kewlstart),
# which is always understood, and besides reverses the polarity, or plays the country's busy tone.
HANGUPS = ("kewlstart", "polarity", "busytone")
# The driver's name for a card, as in site_spans.py.
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9/:.@ _-]{0,79}", re.ASCII)


@dataclass(frozen=True)
class AnalogPort:
    """One analog line. `number` (1 to 16) is DAHDI's for the span that the port is part of; `device` and
    `part` (from 1) say which card, and which of its spans, `port` (from 1) which plug of that. With
    `answer_on_polarity`, the company reverses the polarity when somebody answers a call out. A `closed` one
    carries no call for now. `panel` is where on the patch panel its cable ends.
    """

    id: str
    number: int
    name: str
    device: str
    part: int = 1
    port: int = 1
    caller_id: str = CALLER_IDS[0]
    caller_id_start: str = CALLER_ID_STARTS[0]
    hangup: str = HANGUPS[0]
    answer_on_polarity: bool = False
    closed: bool = False
    panel: str = ""

    @property
    def first_channel(self) -> int:
        """DAHDI's number of the first channel of its span."""
        return (self.number - 1) * WIDTH + 1

    @property
    def channel(self) -> int:
        """DAHDI's number of its channel."""
        return self.first_channel + self.port - 1


def usual_hangup(calling_code: str) -> str:
    """How a hang-up is mostly told: in North America, which shares the calling code 1, by the current
    (Telcordia GR-506); elsewhere every exchange plays the busy tone.
    """
    return "kewlstart" if calling_code == "1" else "busytone"


def number_for(
    device: str, part: int, others: Sequence[tuple[str, int, int]], taken: Collection[int], own: int = 0
) -> int:
    """The number of a port: that of others of its span (card, part, number), else the one that it has, if it
    was not theirs, else the lowest that is not `taken`.
    """
    same = (number for card, its_part, number in others if (card, its_part) == (device, part))
    used = {*taken, *(number for _, _, number in others)}
    return next(same, own if own and own not in used else free_number(used))


def build(data: object, path: str, strict: bool) -> AnalogPort:
    """Checks one port; RejectedError names the field."""
    fields = Fields(data, path, field_names(AnalogPort), strict=strict)
    device = fields.text("device")
    if not _DEVICE.fullmatch(device):
        raise RejectedError("Choose one of these.", field=fields.at("device"))
    caller_id = fields.choice("caller_id", AnalogPort.caller_id, CALLER_IDS)
    start = fields.choice("caller_id_start", AnalogPort.caller_id_start, CALLER_ID_STARTS)
    if start not in STARTS_OF[caller_id]:
        raise RejectedError(
            "Bell 202 comes after the first ring, V.23 then or after a reversal of polarity, tones (DTMF)"
            " only before the first ring.",
            field=fields.at("caller_id_start"),
        )
    return AnalogPort(
        id=fields.item_id("id", "x"),
        number=fields.whole("number", 0, 1, SPANS_MAX),
        name=fields.name("name"),
        device=device,
        part=fields.whole("part", AnalogPort.part, 1, PORTS_MAX),
        port=fields.whole("port", AnalogPort.port, 1, WIDTH),
        caller_id=caller_id,
        caller_id_start=start,
        hangup=fields.choice("hangup", AnalogPort.hangup, HANGUPS),
        answer_on_polarity=fields.flag("answer_on_polarity", AnalogPort.answer_on_polarity),
        closed=fields.flag("closed", AnalogPort.closed),
        panel=fields.name("panel", optional=True),
    )


def refuse_doubles(ports: tuple[AnalogPort, ...], spans: tuple[Span, ...]) -> None:
    """Two ports at one plug, ports of one span with two numbers, or a number that another span has."""
    numbers = {span.number: (span.device, span.port) for span in spans}
    places = {place: number for number, place in numbers.items()}
    plugs = {(span.device, span.port, 0) for span in spans}
    for at, port in enumerate(ports):
        place = (port.device, port.part)
        if {(*place, 0), (*place, port.port)} & plugs:
            raise RejectedError("This port is set up already.", field=f"ports.{at}.port")
        if places.setdefault(place, port.number) != port.number:
            raise RejectedError("The ports of one card have one number.", field=f"ports.{at}.number")
        if numbers.setdefault(port.number, place) != place:
            raise RejectedError("Another one has this number.", field=f"ports.{at}.number")
        plugs.add((*place, port.port))


def refuse_dangling(ports: tuple[AnalogPort, ...], of_lines: Sequence[tuple[str, ...]]) -> None:
    """A line's port that is not there, or belongs to two lines."""
    known, used = {port.id for port in ports}, set[str]()
    for at, own in enumerate(of_lines):
        for port in own:
            if port not in known:
                raise RejectedError("There is no such port of a card.", field=f"lines.{at}.ports")
            if port in used:
                raise RejectedError("Another line has this port.", field=f"lines.{at}.ports")
            used.add(port)
