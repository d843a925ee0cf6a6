"""/proc/dahdi/N: a span with its channels, as the kernel writes it (DAHDI 3.4.0, drivers/dahdi/dahdi-base.c,
dahdi_seq_show), and as older releases and lsdahdi do.

Called by foyer-hw. What a line says beyond what is known here is left out: drivers of other makers add words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from appliance.errors import RejectedError
from appliance.hw.dahdi.alarms import from_word

# lsdahdi puts signs before it and a blank more in it: "### Span  1: ...".
_HEAD = re.compile(
    r'(?:###\s*)?Span\s+(?P<number>\d{1,4}):\s+(?P<name>[^"\n]*)"(?P<description>[^"\n]*)"(?P<rest>.*)'
)
_COUNTER = re.compile(r"\s*(?P<name>[A-Za-z][A-Za-z0-9 -]{0,30}):\s*(?P<count>\d{1,10})\s*")
_COUNTERS = {
    "BPV count": "bipolar",
    "CRC4 error count": "crc",
    "E-bit error count": "ebit",
    "FAS error count": "frame",
    "IRQ misses": "irq",
    "Timing slips": "slips",
}
_CHANNEL = re.compile(r"\s*(?P<number>\d{1,5})\s+(?P<rest>\S.*)")
_ECHO = re.compile(r"\(EC: (?P<name>[^()]*?)(?: - (?P<state>ACTIVE|INACTIVE))?\)")
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_NO_SIGNALLING = frozenset(("Master", "Reserved"))


@dataclass(frozen=True)
class Channel:
    """One channel. `signalling` is DAHDI's word ("FXSKS", "Clear", "Hardware-assisted HDLC"), "" while nobody
    has said how it is used; `echo` names its echo canceller, "" for none.
    """

    number: int
    name: str
    signalling: str = ""
    is_open: bool = False
    alarms: tuple[str, ...] = ()
    echo: str = ""


@dataclass(frozen=True)
class ProcSpan:
    """One span. `line` is its coding and framing ("HDB3/CCS/CRC4"), "" while it has none; `counters` are
    errors since the driver was loaded, by the names bipolar, crc, ebit, frame, slips, and irq for interrupts
    that came too late.
    """

    number: int
    name: str
    description: str
    is_master: bool = False
    is_clock: bool = False
    line: str = ""
    alarms: tuple[str, ...] = ()
    counters: tuple[tuple[str, int], ...] = ()
    channels: tuple[Channel, ...] = ()


# A span is asked every second, and mostly says what it said before; a machine has fewer of them than this.
@lru_cache(maxsize=64)
def parse(text: str) -> ProcSpan:
    """The span. RejectedError: the first line that says something is not that of a span."""
    lines = [line for line in text.splitlines() if line.strip()]
    head = _HEAD.fullmatch(lines[0].rstrip()) if lines else None
    if head is None:
        raise RejectedError("This is not how DAHDI tells of a span.")
    words = _IN_BRACKETS.sub(" ", head["rest"]).split()
    channels, counters = [], {}
    for line in lines[1:]:
        if (counted := _COUNTER.fullmatch(line)) and counted["name"] in _COUNTERS:
            counters[_COUNTERS[counted["name"]]] = int(counted["count"])
        elif found := _CHANNEL.fullmatch(line):
            channels.append(_channel(int(found["number"]), found["rest"]))
    return ProcSpan(
        number=int(head["number"]),
        name=head["name"].strip(),
        description=head["description"],
        is_master="(MASTER)" in head["rest"],
        is_clock="ClockSource" in words,
        line=next((word.strip("/") for word in words if "/" in word), ""),
        alarms=_alarms(words),
        counters=tuple(sorted(counters.items())),
        channels=tuple(channels),
    )


def _channel(number: int, rest: str) -> Channel:
    echo = _ECHO.search(rest)
    name, *words = _IN_BRACKETS.sub(" ", rest).split() or [""]
    alarms = _alarms(words)
    said = [word for word in words if from_word(word) is None and word not in _NO_SIGNALLING]
    return Channel(number, name, " ".join(said), "(In use)" in rest, alarms, echo["name"] if echo else "")


def _alarms(words: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(alarm for word in words if (alarm := from_word(word))))
