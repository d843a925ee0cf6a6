"""What Asterisk's `pri show spans` prints: how the signalling of digital trunks is (Asterisk 22,
channels/sig_pri.c, build_status).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(r"\s*PRI span (?P<span>\d{1,4})/(?P<channel>\d): (?P<words>.+?)\s*")


@dataclass(frozen=True)
class Signalling:
    """A signalling channel of a span: the first is 0, others are its stand-ins. `is_active`: this one is
    used.
    """

    span: int
    channel: int
    is_up: bool
    is_in_alarm: bool
    is_active: bool


def parse(text: str) -> tuple[Signalling, ...]:
    """Every signalling channel, in the order of the lines."""
    return tuple(
        Signalling(
            int(found["span"]), int(found["channel"]), "Up" in words, "In Alarm" in words, "Active" in words
        )
        for line in text.splitlines()
        if (found := _LINE.fullmatch(line))
        for words in [[word.strip() for word in found["words"].split(",")]]
    )
