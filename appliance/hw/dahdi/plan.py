"""What is to be set up of the cards: a plan that foyer-apply writes and root reads.

A plan that exists is sound: nothing that was typed gets past the constructors, and root writes its own files
anew from what is in it.
"""

from __future__ import annotations

import configparser
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields

from appliance.errors import RejectedError

# The file's name beside Asterisk's files, in whose form it is written.
FILE = "cards.conf"
# All that a site can have (store/site_spans.py, store/site_ports.py), with the longest names, takes 20,200.
TEXT_MAX = 25_000
SPANS_MAX = 128
CHANNELS_MAX = 1024
# What an analog card has at most: an Astribank 32 (dahdi-linux, drivers/dahdi/xpp), others 24.
ANALOG_MAX = 32
# As DAHDI calls them, in large letters; an ISDN line (BRI) by the end that the card is: the terminal's (TE),
# or the network's (NT).
TYPES = ("e1", "t1", "j1", "bri_te", "bri_nt")
ISDN = ("bri_te", "bri_nt")
# dahdi-linux 3.4.0, drivers/dahdi/fxo_modes.h: how a card treats a line, by country. The first is the
# drivers' own choice.
MODES = (
    *("FCC", "TBR21", "ARGENTINA", "AUSTRALIA", "AUSTRIA", "BAHRAIN", "BELGIUM", "BRAZIL", "BULGARIA"),
    *("CANADA", "CHILE", "CHINA", "COLOMBIA", "CROATIA", "CYPRUS", "CZECH", "DENMARK", "ECUADOR", "EGYPT"),
    *("ELSALVADOR", "FINLAND", "FRANCE", "GERMANY", "GREECE", "GUAM", "HONGKONG", "HUNGARY", "ICELAND"),
    *("INDIA", "INDONESIA", "IRELAND", "ISRAEL", "ITALY", "JAPAN", "JORDAN", "KAZAKHSTAN", "KUWAIT"),
    *("LATVIA", "LEBANON", "LUXEMBOURG", "MACAO", "MALAYSIA", "MALTA", "MEXICO", "MOROCCO", "NETHERLANDS"),
    *("NEWZEALAND", "NIGERIA", "NORWAY", "OMAN", "PAKISTAN", "PERU", "PHILIPPINES", "POLAND", "PORTUGAL"),
    *("ROMANIA", "RUSSIA", "SAUDIARABIA", "SINGAPORE", "SLOVAKIA", "SLOVENIA", "SOUTHAFRICA", "SOUTHKOREA"),
    *("SPAIN", "SWEDEN", "SWITZERLAND", "SYRIA", "TAIWAN", "THAILAND", "UAE", "UK", "USA", "YEMEN"),
)
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9/:.@ _-]{0,79}", re.ASCII)
_RANGES = re.compile(r"[1-9][0-9]{0,3}-[1-9][0-9]{0,3}(?:,[1-9][0-9]{0,3}-[1-9][0-9]{0,3})?", re.ASCII)
_SECTION = re.compile(r"(span|channel)-([1-9][0-9]{0,3})", re.ASCII)
# How many channels a line of a type has, which of them is for signalling (ITU-T G.704 and Q.931 5.2; ANSI
# T1.403 and T1.607), and how it may be framed and coded, as dahdi_cfg(8) calls it.
_LINES = {
    "e1": (31, 16, ("ccs",), ("hdb3", "ami")),
    "t1": (24, 24, ("esf", "d4"), ("b8zs", "ami")),
    "j1": (24, 24, ("esf", "d4"), ("b8zs", "ami")),
    # ITU-T I.430 has one of each; dahdi_cfg's words for it (dahdi-tools, Dahdi/Span.pm).
    **dict.fromkeys(ISDN, (3, 3, ("ccs",), ("ami",))),
}
_ANALOG = "analog"
_NUMBER = re.compile(r"0|[1-9][0-9]{0,3}", re.ASCII)


@dataclass(frozen=True)
class PlannedSpan:
    """One span: DAHDI's `number` for it and its `first` and `last` channel; port `port` (from 1) of the card
    `device`; how the line is framed and coded; `clock` is the port's number if the card may take
    its beat from it, 0 if not: drivers count per card.

    RejectedError if any of it cannot be.
    """

    number: int
    device: str
    port: int
    type: str
    framing: str
    coding: str
    crc4: bool
    clock: int
    first: int
    last: int
    bearers: str
    signalling: int

    def __post_init__(self) -> None:
        """Refuses what root must not take over, and what no line can be."""
        for name, is_sound, reason in self._checks():
            if not is_sound:
                raise _refusal(f"span-{self.number}", name, reason)

    def _checks(self) -> Iterator[tuple[str, bool, str]]:
        """Field, whether it can be, and what it has to be."""
        yield "number", 1 <= self.number <= SPANS_MAX, f"1 to {SPANS_MAX}"
        yield "device", bool(_DEVICE.fullmatch(self.device)), "no name of a card"
        yield "port", 1 <= self.port <= SPANS_MAX, f"1 to {SPANS_MAX}"
        yield "type", self.type in TYPES, f"one of {', '.join(TYPES)}"
        count, signalling, framings, codings = _LINES[self.type]
        kind = f"for {self.type}"
        yield "framing", self.framing in framings, f"{' or '.join(framings)} {kind}"
        yield "coding", self.coding in codings, f"{' or '.join(codings)} {kind}"
        yield "crc4", self.type == "e1" or not self.crc4, f"no {kind}"
        # A card counts by itself which of its ports it takes its beat from: no two have the same rank.
        yield "clock", self.clock in (0, self.port), "0 or the number of the port"
        yield "first", 1 <= self.first <= CHANNELS_MAX - count + 1, f"1 to {CHANNELS_MAX - count + 1} {kind}"
        last, at = self.first + count - 1, self.first + signalling - 1
        yield "last", self.last == last, f"{last} {kind} from {self.first} on"
        yield "signalling", self.signalling == at, f"{at} {kind} from {self.first} on"
        yield "bearers", bool(_RANGES.fullmatch(self.bearers)), "one or two ranges of channels"
        ends = [int(one) for one in re.findall(r"[0-9]+", self.bearers)]
        rises = ends == sorted(ends) and (len(ends) == 2 or ends[1] < ends[2])
        is_within = self.first <= ends[0] and ends[-1] <= last
        yield "bearers", rises and is_within, f"rising, from {self.first} to {last}"
        rows = itertools.batched(ends, 2, strict=True)
        yield "bearers", not any(low <= at <= high for low, high in rows), f"without {at}, which signals"

    @property
    def channels(self) -> str:
        """All of its channels: "1-31"."""
        return f"{self.first}-{self.last}"


@dataclass(frozen=True)
class PlannedPort:
    """One analog line: DAHDI's `channel` for it, which is one of the span `number`, that begins with the
    channel `first` and is the span `port` (from 1) of the card `device`.

    RejectedError if any of it cannot be.
    """

    channel: int
    number: int
    device: str
    port: int
    first: int

    def __post_init__(self) -> None:
        """Refuses what root must not take over."""
        for name, is_sound, reason in self._checks():
            if not is_sound:
                raise _refusal(f"channel-{self.channel}", name, reason)

    def _checks(self) -> Iterator[tuple[str, bool, str]]:
        """Field, whether it can be, and what it has to be."""
        yield "number", 1 <= self.number <= SPANS_MAX, f"1 to {SPANS_MAX}"
        yield "device", bool(_DEVICE.fullmatch(self.device)), "no name of a card"
        yield "port", 1 <= self.port <= SPANS_MAX, f"1 to {SPANS_MAX}"
        highest = CHANNELS_MAX - ANALOG_MAX + 1
        yield "first", 1 <= self.first <= highest, f"1 to {highest}"
        last = self.first + ANALOG_MAX - 1
        yield "channel", self.first <= self.channel <= last, f"{self.first} to {last}"

    @property
    def last(self) -> int:
        """The last channel that its span may have."""
        return self.first + ANALOG_MAX - 1

    @property
    def channels(self) -> str:
        """What is to be set up of its span."""
        return str(self.channel)


type Planned = PlannedSpan | PlannedPort


@dataclass(frozen=True)
class CardPlan:
    """All digital spans and analog ports. No two spans share a number, a place or a channel; ports of one
    span share all but the channel. `mode`, one of MODES, is how the drivers of analog cards treat their
    lines; "" if there are none.
    """

    spans: tuple[PlannedSpan, ...] = field(default=())
    ports: tuple[PlannedPort, ...] = field(default=())
    mode: str = ""

    @property
    def everything(self) -> tuple[Planned, ...]:
        """Spans and ports."""
        return (*self.spans, *self.ports)

    def __post_init__(self) -> None:
        """Refuses what gets into another's way."""
        if self.mode and self.mode not in MODES:
            raise _refusal(_ANALOG, "mode", "unknown")
        for at, one in enumerate(self.everything):
            for other in self.everything[:at]:
                if clash := _clash(one, other):
                    raise _refusal(_name(one), clash, f"{_name(other)} has it")

    def to_text(self) -> str:
        """The file that `parse` reads; "" without anything."""
        mode = [f"[{_ANALOG}]\nmode = {self.mode}\n"] * bool(self.mode)
        return "\n".join([*mode, *(f"[{_name(one)}]\n{_settings(one)}" for one in self.everything)])

    @classmethod
    def parse(cls, text: str) -> CardPlan:
        """The plan again; RejectedError for anything but what `to_text` writes."""
        reader = configparser.RawConfigParser(
            delimiters=("=",), comment_prefixes=(), default_section="", empty_lines_in_values=False
        )
        if len(text) > TEXT_MAX:
            raise _refusal("", "", f"more than {TEXT_MAX} characters")
        try:
            reader.read_string(text, FILE)
        except (configparser.Error, ValueError, IndexError) as error:
            # The library's words name the line.
            raise _refusal("", "", " ".join(str(error).split())) from error
        analog = dict(reader[_ANALOG]) if reader.has_section(_ANALOG) else {"mode": ""}
        if analog.keys() != {"mode"}:
            raise _refusal(_ANALOG, "", "mode, and nothing else")
        found = [_planned(name, dict(reader[name])) for name in reader.sections() if name != _ANALOG]
        return cls(
            tuple(one for one in found if isinstance(one, PlannedSpan)),
            tuple(one for one in found if isinstance(one, PlannedPort)),
            analog["mode"],
        )


def _name(one: Planned) -> str:
    """Its section in the file."""
    return f"span-{one.number}" if isinstance(one, PlannedSpan) else f"channel-{one.channel}"


def _clash(one: Planned, other: Planned) -> str:
    """The field in which one gets into another's way; "" for none."""
    place, other_place = (one.device, one.port), (other.device, other.port)
    is_same_span = (one.number, one.first, place) == (other.number, other.first, other_place)
    if isinstance(one, PlannedPort) and isinstance(other, PlannedPort) and is_same_span:
        return "channel" if one.channel == other.channel else ""
    if one.number == other.number:
        return "number"
    if place == other_place:
        return "port"
    return "first" if one.first <= other.last and other.first <= one.last else ""


def _refusal(section: str, name: str, reason: str) -> RejectedError:
    """`reason` tells what is wrong, or what would be right."""
    where = ", ".join(part for part in (FILE, section, name) if part)
    return RejectedError(
        "This is no plan for a telephone card ({where}: {reason}).",
        field=f"{section}.{name}".strip("."),
        where=where,
        reason=reason[:200],
    )


def _settings(planned: Planned) -> str:
    own = _OWN[type(planned)]
    values = {one.name: getattr(planned, one.name) for one in fields(planned) if one.name != own}
    return "".join(f"{name} = {_plain(value)}\n" for name, value in values.items())


def _plain(value: object) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


# The field that is the section's name.
_OWN = {PlannedSpan: "number", PlannedPort: "channel"}


def _planned(name: str, values: dict[str, str]) -> Planned:
    found = _SECTION.fullmatch(name)
    if not found:
        raise _refusal(name[:20], "", "not the name of a span or a channel")
    kind = PlannedSpan if found[1] == "span" else PlannedPort
    known = {one.name for one in fields(kind)} - {_OWN[kind]}
    for field_name in sorted(values.keys() ^ known):
        raise _refusal(name, field_name[:20], "missing" if field_name in known else "unknown")

    def whole(field_name: str) -> int:
        if not _NUMBER.fullmatch(values[field_name]):
            raise _refusal(name, field_name, "a number of up to four digits")
        return int(values[field_name])

    if kind is PlannedPort:
        return PlannedPort(int(found[2]), whole("number"), values["device"], whole("port"), whole("first"))
    if values["crc4"] not in ("no", "yes"):
        raise _refusal(name, "crc4", "yes or no")
    return PlannedSpan(
        number=int(found[2]),
        device=values["device"],
        port=whole("port"),
        type=values["type"],
        framing=values["framing"],
        coding=values["coding"],
        crc4=values["crc4"] == "yes",
        clock=whole("clock"),
        first=whole("first"),
        last=whole("last"),
        bearers=values["bearers"],
        signalling=whole("signalling"),
    )
