"""Which telephony cards there are, and what each is in need of: from the buses, the card tables and what the
kernel has. Pure.

Called by foyer-hw; the pages have the words for each state (webui/card_words.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from appliance.hw.bus import Device
from appliance.hw.cards import Card, CardTable
from appliance.hw.dahdi import sysfs
from appliance.hw.dahdi.sysfs import Span

# ready: its driver has it. setup: so it is, but DAHDI has not numbered its ports yet. firmware: a file is
# missing. refused: Secure Boot keeps its driver out. waiting: its driver is not loaded. silent: it is, and
# did not take the card. taken: another driver has it. no-driver: the box runs without drivers of cards.
# unsupported: a card that needs another driver than the box has. unknown: a telephony card that no table
# names.
State = Literal[
    "ready",
    "setup",
    "firmware",
    "refused",
    "waiting",
    "silent",
    "taken",
    "no-driver",
    "unsupported",
    "unknown",
]

# Types of ports that take a digital line; DYNAMIC is one without a card.
DIGITAL = ("E1", "T1", "J1", "BRI_TE", "BRI_NT", "DYNAMIC")
# Types of spans with analog ports: all for telephones, all for lines, or as the small modules make them
# (drivers/dahdi/dahdi-base.c, spantype names).
ANALOG = ("FXS", "FXO", "ANALOG_MIXED")
# One of two ends inside the box that hear each other (drivers/dahdi/dahdi_dynamic_loc.c): pair and end.
_LOCAL_END = re.compile(r"(DYN/loc/[0-9A-Fa-f]:)([0-9A-Fa-f])", re.ASCII)
# Shown of a span that has no number yet, from which DAHDI would tell, and whose card's table does not say.
_USUAL_PORTS = 8


@dataclass(frozen=True)
class Kernel:
    """What the kernel has: drivers of ours that fit it, modules that are loaded, files of firmware.
    `is_locked`: Secure Boot takes no driver of ours. `loaded_with` says which uploaded files were there when
    the driver of a card took it, by the card's address.
    """

    drivers: frozenset[str]
    loaded: frozenset[str]
    firmware: frozenset[str]
    is_locked: bool = False
    loaded_with: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """A telephony card in this machine. `card` is None for one that no table names, `maker` then who made
    it, "" if only the device's class tells. `missing` are files of firmware that the box does not have;
    `is_late`: its driver has not looked for one that was uploaded since.
    """

    device: Device
    card: Card | None
    maker: str
    state: State
    missing: tuple[str, ...]
    spans: tuple[Span, ...]
    is_late: bool = False

    def to_row(self) -> dict[str, Any]:
        """For the store."""
        card = self.card
        return {
            "bus": self.device.bus,
            "address": self.device.address,
            "slot": self.device.slot,
            "id": self.device.id,
            "name": card.name if card else "",
            "maker": self.maker,
            "driver": card.driver if card else "",
            "taken_by": self.device.driver if self.state == "taken" else "",
            "lines": list(card.lines) if card else [],
            "ports": list(card.ports) if card else [],
            "modular": bool(card and card.is_modular),
            "state": self.state,
            "firmware": [asdict(file) for file in card.firmware if file.file in self.missing] if card else [],
            "late": self.is_late,
            "spans": [_span(span) for span in self.spans],
        }


def find(
    devices: Iterable[Device], spans: Iterable[Span], table: CardTable, kernel: Kernel
) -> tuple[tuple[Found, ...], tuple[Span, ...]]:
    """The cards, and the spans that belong to none of them."""
    left = list(spans)
    found = []
    for device in devices:
        card = table.find(device.bus, device.id)
        maker = table.maker(device.bus, device.vendor)
        if card is None and maker is None and not device.is_telephony:
            continue
        own = [span for span in left if belongs(span, device)]
        left = [span for span in left if span not in own]
        missing = tuple(_missing(card, kernel)) if card else ()
        state = _state(device, card, kernel, bool(own)) if card else "unknown"
        is_late = card is not None and device.driver == card.driver and _is_late(device, card, kernel)
        found.append(Found(device, card, maker.name if maker else "", state, missing, tuple(own), is_late))
    return tuple(found), tuple(left)


def belongs(thing: Span | sysfs.Device, device: Device) -> bool:
    """Whether a span or a part of a card is below the device, or below one of its interfaces (USB)."""
    return any(part == device.address or part.startswith(f"{device.address}:") for part in thing.path)


def _missing(card: Card, kernel: Kernel) -> Iterator[str]:
    if card.is_supported:
        yield from (file.file for file in card.firmware if file.file not in kernel.firmware)


def _is_late(device: Device, card: Card, kernel: Kernel) -> bool:
    """Whether there is an uploaded file for this card that its driver was not given."""
    with_it = kernel.loaded_with.get(device.address)
    return with_it is not None and any(
        file.file in kernel.firmware and file.file not in with_it for file in card.firmware
    )


def _state(device: Device, card: Card, kernel: Kernel, has_spans: bool) -> State:
    if not card.is_supported:
        return "unsupported"
    if device.driver == card.driver:
        return "ready" if has_spans or not card.lines else "setup"
    if device.driver and device.bus == "pci":
        return "taken"
    return _why_idle(device, card, kernel) if card.driver in kernel.drivers else "no-driver"


def _why_idle(device: Device, card: Card, kernel: Kernel) -> State:
    """Why no driver has the card, although the box has the one for it."""
    is_loaded = card.driver in kernel.loaded
    if kernel.is_locked and not is_loaded:
        return "refused"
    needed = {file.file for file in card.firmware if file.need in ("start", "update")}
    if (is_loaded or device.id in card.bare_ids) and needed - kernel.firmware:
        return "firmware"
    return "silent" if is_loaded else "waiting"


def sockets(
    parts: Iterable[sysfs.Device], cards: Iterable[Found], spans: Iterable[Span]
) -> dict[str, dict[str, Any]]:
    """The ports for digital lines, for the store, by card and port, whether they have the number of a span
    (else 0) or not. `card` is the key of the card's own row, "" for a port of no card.
    """
    by_number = {span.number: span for span in spans}
    rows = {}
    known = tuple(cards)
    for part in (every := tuple(parts)):
        own = _key_of(_card_of(part, known))
        for port, kind in part.types.items():
            number = part.numbers.get(port, 0)
            if kind in DIGITAL and not _rings(part, every, by_number):
                span = by_number.get(number)
                rows[f"{part.key}:{port}"] = {
                    "device": part.key,
                    "port": port,
                    "type": kind,
                    "card": own,
                    "number": number,
                    "alarms": list(span.alarms) if span else [],
                }
    return rows


def ports(
    parts: Iterable[sysfs.Device], cards: Iterable[Found], spans: Iterable[Span]
) -> dict[str, dict[str, Any]]:
    """The analog ports, for the store, by card, part of the card and port. `number` is that of the span (0
    for none), `signalling` what a channel was set up for ("FXSKS" for a line, "" for nothing), `open` whether
    Asterisk has it.
    """
    by_number = {span.number: span for span in spans}
    rows = {}
    known = tuple(cards)
    for part in (every := tuple(parts)):
        found, ringing = _card_of(part, known), _rings(part, every, by_number)
        for at, its_type in part.types.items():
            kind = "FXO" if ringing else its_type
            number = part.numbers.get(at, 0)
            span = by_number.get(number)
            channels = {one.number: one for one in (span.more.channels if span and span.more else ())}
            first = part.first.get(number, 0)
            for port in range(1, _count(span or ringing, found) + 1) if kind in ANALOG else ():
                channel = channels.get(first + port - 1)
                rows[f"{part.key}:{at}:{port}"] = {
                    "device": part.key,
                    "part": at,
                    "port": port,
                    "kind": kind,
                    "card": _key_of(found),
                    "number": number,
                    "signalling": channel.signalling if channel else "",
                    "open": bool(channel and channel.is_open),
                    "alarms": list(channel.alarms) if channel else [],
                }
    return rows


def _rings(part: sysfs.Device, parts: Iterable[sysfs.Device], spans: Mapping[int, Span]) -> Span | None:
    """What rings a port without a card: the other end inside the box, where its channels are set up as those
    of a telephone company are for analog lines. None for any other port.
    """
    own = _LOCAL_END.fullmatch(part.key)
    for other in parts if own else ():
        its = _LOCAL_END.fullmatch(other.key)
        if own and its and its[1] == own[1] and its[2] != own[2]:
            for span in filter(None, map(spans.get, other.numbers.values())):
                if span.more and any(one.signalling.startswith("FXO") for one in span.more.channels):
                    return span
    return None


def _count(span: Span | None, found: Found | None) -> int:
    """How many ports an analog span has."""
    if span is not None:
        return span.channels
    counts = found.card.ports if found and found.card else ()
    return max(counts, default=_USUAL_PORTS)


def _card_of(part: sysfs.Device, cards: Iterable[Found]) -> Found | None:
    return next((one for one in cards if belongs(part, one.device)), None)


def _key_of(found: Found | None) -> str:
    """The key of a card's own row, "" for no card."""
    return f"{found.device.bus}:{found.device.address}" if found else ""


def _span(span: Span) -> dict[str, Any]:
    """What a page shows of a span: the ports of an analog card one by one, by their places on it."""
    channels = span.more.channels if span.more and not span.is_digital else ()
    return {
        "port": span.port,
        "name": span.name,
        "description": span.description,
        "channels": span.channels,
        "alarms": list(span.alarms),
        "ports": [
            {"port": at, "signalling": one.signalling, "alarms": list(one.alarms)}
            for at, one in enumerate(channels, 1)
        ],
    }


def span_row(span: Span) -> dict[str, Any]:
    """A span of no card, for the store; it is known by its number, and so are its channels by theirs."""
    channels = span.more.channels if span.more else ()
    row = _span(span)
    for port, channel in zip(row["ports"], channels, strict=False):
        port["port"] = channel.number
    return {**row, "port": span.number}
