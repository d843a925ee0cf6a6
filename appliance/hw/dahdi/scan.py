"""What `dahdi_scan` prints: each span with its ports, as the library's own tool sees them (dahdi-tools 3.4.0,
dahdi_scan.c).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from appliance.hw.dahdi.alarms import BITS

_SECTION = re.compile(r"\[(\d{1,4})\]")
_PORT = re.compile(r"(?P<number>\d{1,5}),(?P<kind>[A-Za-z]+)(?P<failed> FAILED)?")
# As the tool shortens them.
_SHORT = {"RED": "red", "YEL": "yellow", "BLU": "blue", "REC": "recovering", "NOP": "notopen", "LB": "loop"}


@dataclass(frozen=True)
class Port:
    """A port of an analog card. `kind` is fxo, fxs, none for a place without a module, or another word of the
    tool's in lower case.
    """

    number: int
    kind: str
    is_failed: bool = False


@dataclass(frozen=True)
class ScannedSpan:
    """One span. `kind` is "analog", or "digital-" and the tool's word ("digital-E1", "digital-TE"), "" while
    DAHDI does not tell; `is_configured` is False while nobody has said how it is used.
    """

    number: int
    name: str
    description: str
    manufacturer: str
    device: str
    location: str
    kind: str
    first_channel: int
    channels: int
    is_configured: bool
    alarms: tuple[str, ...]
    line: str
    ports: tuple[Port, ...]


def parse(text: str) -> tuple[ScannedSpan, ...]:
    """The spans, in their order; those without a number of their own are left out, and so is all before the
    first.
    """
    return tuple(_span(number, facts, ports) for number, facts, ports in _sections(text))


def _sections(text: str) -> Iterator[tuple[int, Mapping[str, str], list[Port]]]:
    number, facts, ports = -1, dict[str, str](), list[Port]()
    for line in text.splitlines():
        if section := _SECTION.fullmatch(line.strip()):
            if number >= 0:
                yield number, facts, ports
            number, facts, ports = int(section[1]), {}, []
            continue
        name, is_pair, value = line.strip().partition("=")
        if name == "port" and (port := _PORT.fullmatch(value)):
            ports.append(Port(int(port["number"]), port["kind"].lower(), port["failed"] is not None))
        elif is_pair:
            facts[name] = value.strip()
    if number >= 0:
        yield number, facts, ports


def _span(number: int, facts: Mapping[str, str], ports: list[Port]) -> ScannedSpan:
    alarms = facts.get("alarms", "")
    coding = [facts.get("coding", ""), facts.get("framing", "")]
    return ScannedSpan(
        number=number,
        name=facts.get("name", ""),
        description=facts.get("description", ""),
        manufacturer=facts.get("manufacturer", ""),
        device=facts.get("devicetype", ""),
        location=facts.get("location", ""),
        kind=facts.get("type", ""),
        first_channel=_count(facts.get("basechan", "")),
        channels=_count(facts.get("totchans", "")),
        is_configured=alarms not in ("", "UNCONFIGURED"),
        alarms=tuple(dict.fromkeys(_alarm for word in alarms.split("/") if (_alarm := _alarm_of(word)))),
        line="/".join(word for word in coding if word),
        ports=tuple(ports),
    )


def _alarm_of(word: str) -> str:
    name = _SHORT.get(word, word.lower())
    return name if name in BITS else ""


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
