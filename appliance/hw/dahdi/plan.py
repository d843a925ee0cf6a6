"""What is to be set up of the cards: a plan that foyer-apply writes and root reads.

A plan that exists is sound: nothing that was typed gets past the constructors, and root writes its own files
anew from what is in it.
"""

from __future__ import annotations

import configparser
import itertools
import re
from dataclasses import dataclass, field, fields

from appliance.errors import RejectedError

# The file's name beside Asterisk's files, in whose form it is written.
FILE = "cards.conf"
TEXT_MAX = 20_000
SPANS_MAX = 128
CHANNELS_MAX = 1024
TYPES = ("e1", "t1", "j1")
# As dahdi_cfg(8) calls them.
FRAMINGS = ("ccs", "esf", "d4")
CODINGS = ("hdb3", "b8zs", "ami")
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9/:.@ _-]{0,79}", re.ASCII)
_RANGES = re.compile(r"[1-9][0-9]{0,3}-[1-9][0-9]{0,3}(?:,[1-9][0-9]{0,3}-[1-9][0-9]{0,3})?", re.ASCII)
_SECTION = re.compile(r"span-([1-9][0-9]{0,2})", re.ASCII)
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
        """Refuses what root must not take over."""
        is_sound = (
            1 <= self.number <= SPANS_MAX
            and _DEVICE.fullmatch(self.device)
            and 1 <= self.port <= SPANS_MAX
            and self.type in TYPES
            and self.framing in FRAMINGS
            and self.coding in CODINGS
            and 0 <= self.clock <= SPANS_MAX
            and 1 <= self.first < self.last <= CHANNELS_MAX
            and _RANGES.fullmatch(self.bearers)
            and self.first <= self.signalling <= self.last
            and all(self.first <= int(one) <= self.last for one in re.findall(r"\d+", self.bearers))
        )
        if not is_sound:
            raise RejectedError("This is no plan for a telephone card.")

    @property
    def channels(self) -> str:
        """All of its channels: "1-31"."""
        return f"{self.first}-{self.last}"


@dataclass(frozen=True)
class CardPlan:
    """All spans, none of which shares a number, a port or a channel with another."""

    spans: tuple[PlannedSpan, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuses spans that get into each other's way."""
        ordered = sorted(self.spans, key=lambda span: span.first)
        overlaps = any(one.last >= other.first for one, other in itertools.pairwise(ordered))
        numbers = {span.number for span in self.spans}
        ports = {(span.device, span.port) for span in self.spans}
        if overlaps or len(numbers) < len(self.spans) or len(ports) < len(self.spans):
            raise RejectedError("This is no plan for a telephone card.")

    def to_text(self) -> str:
        """The file that `parse` reads; "" without spans."""
        return "\n".join(f"[span-{span.number}]\n{_settings(span)}" for span in self.spans)

    @classmethod
    def parse(cls, text: str) -> CardPlan:
        """The plan again; RejectedError for anything but what `to_text` writes."""
        reader = configparser.RawConfigParser(
            delimiters=("=",), comment_prefixes=(), default_section="", empty_lines_in_values=False
        )
        try:
            if len(text) > TEXT_MAX:
                raise RejectedError("This is no plan for a telephone card.")
            reader.read_string(text)
            return cls(tuple(_span(name, dict(reader[name])) for name in reader.sections()))
        except (configparser.Error, KeyError, ValueError, IndexError) as error:
            raise RejectedError("This is no plan for a telephone card.") from error


def _settings(span: PlannedSpan) -> str:
    values = {one.name: getattr(span, one.name) for one in fields(span) if one.name != "number"}
    return "".join(f"{name} = {_plain(value)}\n" for name, value in values.items())


def _plain(value: object) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def _span(name: str, values: dict[str, str]) -> PlannedSpan:
    found = _SECTION.fullmatch(name)
    known = {one.name for one in fields(PlannedSpan)} - {"number"}
    if not found or values.keys() != known or values["crc4"] not in ("no", "yes"):
        raise KeyError(name)
    return PlannedSpan(
        number=int(found[1]),
        device=values["device"],
        port=_whole(values["port"]),
        type=values["type"],
        framing=values["framing"],
        coding=values["coding"],
        crc4=values["crc4"] == "yes",
        clock=_whole(values["clock"]),
        first=_whole(values["first"]),
        last=_whole(values["last"]),
        bearers=values["bearers"],
        signalling=_whole(values["signalling"]),
    )


def _whole(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return int(text)
