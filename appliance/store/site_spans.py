"""Spans of telephone cards in the site: what the telephone company says of the line behind each port. Part of
sitemodel.py.

A span has its number for good, and its channels follow from it, so that no card that is found, lost or moved
changes the numbers of another: the spans of a site have `WIDTH` channels each of the 1,024 that DAHDI has
(include/dahdi/user.h), whatever they use of them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from appliance.errors import RejectedError
from appliance.store.sitecheck import Fields, field_names

SPANS_MAX = 16
WIDTH = 32
# E1: 30 calls, and timeslot 16 for signalling (ITU-T G.704, Q.931 5.2); T1 and Japan's J1: 23 and the 24th
# (ANSI T1.607). An ISDN line (BRI): 2, and the D channel (ITU-T I.412), which DAHDI counts last.
TYPES = ("e1", "t1", "j1", "bri")
_CHANNELS = {"e1": 31, "t1": 24, "j1": 24, "bri": 3}
_SIGNALLING = {"e1": 16, "t1": 24, "j1": 24, "bri": 3}
CALLS_MAX = 30
# Of T1 and J1: the extended superframe (ANSI T1.403), or the old superframe. An E1 has but one.
FRAMINGS = ("esf", "d4")
# HDB3 for E1 (ITU-T G.703) and B8ZS for the others; or AMI, as very old lines have it.
CODINGS = ("usual", "ami")
# As chan_dahdi.conf calls them: what the company's exchange speaks on the signalling channel.
SWITCHES = ("euroisdn", "national", "ni1", "dms100", "5ess", "4ess", "qsig")
# Who the box is to the other side: a subscriber of the telephone company, or the network of a telephone
# system.
SIDES = ("user", "network")
PORTS_MAX = 32
# Channels as people write them: "1-5, 17".
_CHANNELS_WRITTEN = re.compile(r"[1-9][0-9]?(-[1-9][0-9]?)?(,[1-9][0-9]?(-[1-9][0-9]?)?){0,30}", re.ASCII)
# The driver's name for a card: its serial number, its slot, or what the system calls it.
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9/:.@ _-]{0,79}", re.ASCII)


@dataclass(frozen=True)
class Span:
    """One digital port. `number` (1 to 16) is DAHDI's for the span. `device` and `port` (from 1) say which
    port of which card; `crc4` matters for E1 only, `framing` for the others; with `own_clock`, the box gives
    the beat, as it must where nobody else does; with `overlap`, digits are sent and taken one by one (Q.931
    5.1.3); a BRI is `multipoint` where other devices may be on the same wires (ITU-T I.430 4). `calls` is how
    many calls the contract allows at once, over the first channels; 0 for all. `closed` are the channels, as
    the telephone company counts them, that carry no call for now ("1-5,17"). `panel` is where on the patch
    panel its cable ends, in the office's own words.
    """

    id: str
    number: int
    name: str
    device: str
    port: int = 1
    type: str = TYPES[0]
    switch: str = SWITCHES[0]
    side: str = SIDES[0]
    crc4: bool = True
    own_clock: bool = False
    overlap: bool = False
    framing: str = FRAMINGS[0]
    coding: str = CODINGS[0]
    calls: int = 0
    closed: str = ""
    panel: str = ""
    multipoint: bool = False

    @property
    def first_channel(self) -> int:
        """DAHDI's number of its first channel."""
        return (self.number - 1) * WIDTH + 1

    @property
    def last_channel(self) -> int:
        """DAHDI's number of its last channel."""
        return self.first_channel + _CHANNELS[self.type] - 1

    @property
    def signalling_channel(self) -> int:
        """The channel that carries no call."""
        return self.first_channel + _SIGNALLING[self.type] - 1

    @property
    def bearers(self) -> tuple[tuple[int, int], ...]:
        """The channels that carry calls: first and last of each row of them."""
        at, end = self.signalling_channel, self.last_channel
        if 0 < self.calls < end - self.first_channel:
            # Beyond the signalling channel, one more has to be counted.
            last = self.first_channel + self.calls - 1
            end = last + 1 if last >= at else last
        rows = ((self.first_channel, min(at - 1, end)), (at + 1, end))
        return tuple(row for row in rows if row[0] <= row[1])

    @property
    def open_channels(self) -> tuple[int, ...]:
        """DAHDI's numbers of the channels that carry calls now."""
        shut = set(_written(self.closed))
        return tuple(one for one in self._carriers() if one - self.first_channel + 1 not in shut)

    @property
    def closed_channels(self) -> tuple[int, ...]:
        """DAHDI's numbers of those that would, and are closed."""
        is_open = set(self.open_channels)
        return tuple(one for one in self._carriers() if one not in is_open)

    def _carriers(self) -> Iterator[int]:
        for first, last in self.bearers:
            yield from range(first, last + 1)


def usual(country: str, calling_code: str) -> tuple[str, str]:
    """Type and switch that a line mostly has where the office is: T1 in North America, which shares the
    calling code 1, J1 in Japan, E1 with Euro-ISDN elsewhere.
    """
    if country == "JP":
        return "j1", "national"
    return ("t1", "national") if calling_code == "1" else (Span.type, Span.switch)


def free_number(taken: Collection[int]) -> int:
    """The lowest number for a new span; 1 if there is none, which is refused then."""
    return next((number for number in range(1, SPANS_MAX + 1) if number not in taken), 1)


def ranges(rows: tuple[tuple[int, int], ...]) -> str:
    """Rows of channels as DAHDI's files write them: "1-15,17-31"."""
    return ",".join(f"{first}-{last}" for first, last in rows)


def _written(text: str) -> Iterator[int]:
    """The channels of "1-5,17". RejectedError for anything else."""
    if text and not _CHANNELS_WRITTEN.fullmatch(text):
        raise RejectedError("Write channels of this line, such as 1-5, 17.")
    for row in filter(None, text.split(",")):
        first, _, last = row.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _closed(fields: Fields, kind: str) -> str:
    """As it was typed, in order and without doubles."""
    text = "".join(fields.text("closed", Span.closed).replace(";", ",").replace("–", "-").split()).strip(",")
    is_written = not text or _CHANNELS_WRITTEN.fullmatch(text)
    channels = sorted(set(_written(text))) if is_written else []
    if text and not (channels and channels[-1] <= _CHANNELS[kind]):
        raise RejectedError(
            "Write channels of this line, such as 1-5, 17.",
            "An E1 has channels 1 to 31, a T1 or J1 1 to 24, an ISDN line (BRI) 1 and 2.",
            field=fields.at("closed"),
        )
    rows = []
    for _, row in itertools.groupby(enumerate(channels), lambda one: one[1] - one[0]):
        numbers = [number for _, number in row]
        rows.append(f"{numbers[0]}-{numbers[-1]}" if len(numbers) > 1 else str(numbers[0]))
    return ",".join(rows)


def build(data: object, path: str, strict: bool) -> Span:
    """Checks one span; RejectedError names the field."""
    fields = Fields(data, path, field_names(Span), strict=strict)
    device = fields.text("device")
    if not _DEVICE.fullmatch(device):
        raise RejectedError("Choose one of these.", field=fields.at("device"))
    kind = fields.choice("type", Span.type, TYPES)
    return Span(
        id=fields.item_id("id", "d"),
        number=fields.whole("number", 0, 1, SPANS_MAX),
        name=fields.name("name"),
        device=device,
        port=fields.whole("port", Span.port, 1, PORTS_MAX),
        type=kind,
        switch=fields.choice("switch", Span.switch, SWITCHES),
        side=fields.choice("side", Span.side, SIDES),
        crc4=fields.flag("crc4", Span.crc4),
        own_clock=fields.flag("own_clock", Span.own_clock),
        overlap=fields.flag("overlap", Span.overlap),
        framing=fields.choice("framing", Span.framing, FRAMINGS),
        coding=fields.choice("coding", Span.coding, CODINGS),
        calls=fields.whole("calls", Span.calls, 0, _CHANNELS[kind] - 1),
        closed=_closed(fields, kind),
        panel=fields.name("panel", optional=True),
        multipoint=fields.flag("multipoint", Span.multipoint),
    )


def refuse_doubles(spans: tuple[Span, ...]) -> None:
    """Two spans of one number, or at one port."""
    for at, span in enumerate(spans):
        for earlier in spans[:at]:
            if span.number == earlier.number:
                raise RejectedError("Another one has this number.", field=f"spans.{at}.number")
            if (span.device, span.port) == (earlier.device, earlier.port):
                raise RejectedError("This port is set up already.", field=f"spans.{at}.port")


def refuse_dangling(spans: tuple[Span, ...], of_lines: Sequence[tuple[str, ...]]) -> None:
    """A line's span that is not there, or belongs to two lines."""
    known, used = {span.id for span in spans}, set[str]()
    for at, own in enumerate(of_lines):
        for span in own:
            if span not in known:
                raise RejectedError("There is no such port of a card.", field=f"lines.{at}.spans")
            if span in used:
                raise RejectedError("Another line has this port.", field=f"lines.{at}.spans")
            used.add(span)
