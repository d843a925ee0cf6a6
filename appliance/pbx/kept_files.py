"""What a call leaves in files: recordings of what was said between two, and messages. Pure; from a call's CEL
rows. Used by `history.py`.

The dialplan marks for whom a message is (FOYER_MESSAGE: agent or queue), see pbx/dialplan/foyer-message.conf,
and that a call has come to a queue that records nothing (FOYER_UNRECORDED), see foyer-call.conf.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from appliance.pbx.legs import Span, Stay
from appliance.pbx.rows import Cel

_FILE = r"([0-9]{4}/[0-9]{2}/[0-9]{2}/[0-9a-f-]{36}%s\.wav)(?:,|$)"
_RECORDING, _MESSAGE = re.compile(_FILE % ""), re.compile(_FILE % "-m")
_MARK = "FOYER_MESSAGE"
_UNRECORDED = "FOYER_UNRECORDED"
_TARGET = re.compile(r"[aq][1-9][0-9]{0,5}", re.ASCII)


@dataclass(frozen=True)
class Spoken:
    """A message that a caller left, or is leaving (`end` None): for which agent or queue, in which file.
    Times in microseconds.
    """

    target: str
    file: str
    start: int
    end: int | None

    @property
    def agent(self) -> str | None:
        """The agent whom it is for."""
        return self.target if self.target.startswith("a") else None

    @property
    def queue(self) -> str | None:
        """The queue that it is for."""
        return self.target if self.target.startswith("q") else None


def message_of(apps: Iterable[Stay], events: Iterable[Cel]) -> Spoken | None:
    """The message of the leg that these are of; None if it left none. Nothing follows one in a call."""
    marks = [str(event.extra.get("extra", "")) for event in events if event.kind == _MARK]
    target = _TARGET.fullmatch(marks[-1]) if marks else None
    for app in apps:
        found = _MESSAGE.search(app.data) if app.name == "record" else None
        if target and found:
            return Spoken(target[0], found[1], app.start, app.end)
    return None


def recordings_of(apps: Iterable[Stay], started: int) -> tuple[tuple[str, int], ...]:
    """MixMonitor's files, and when the talk began (ms)."""
    found = (_RECORDING.search(app.data) for app in apps if app.name == "mixmonitor")
    return tuple(dict.fromkeys((file[1], started) for file in found if file))


def is_part(apps: Iterable[Stay], events: Iterable[Cel], talks: Iterable[Span]) -> bool:
    """Whether somebody talked after the call had come to a queue that records nothing, and before a recording
    began anew.
    """
    begins = [app.start for app in apps if app.name == "mixmonitor"]
    talks = list(talks)
    for mark in (event.at for event in events if event.kind == _UNRECORDED):
        until = min((begin for begin in begins if begin > mark), default=math.inf)
        if any(mark <= talk.start < until for talk in talks):
            return True
    return False
