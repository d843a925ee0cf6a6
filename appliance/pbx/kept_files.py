"""What a call leaves in files: recordings of what was said between two, messages, and faxes. Pure; from a
call's CEL rows. Used by `history.py`.

The dialplan marks for whom a message is (FOYER_MESSAGE: agent or queue), see pbx/dialplan/foyer-message.conf,
that a call has come to a queue that records nothing (FOYER_UNRECORDED), see foyer-call.conf, and that a fax
begins (FOYER_FAX: queue) and how it ended (FOYER_FAX_END), see foyer-fax.conf.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from appliance.pbx.legs import Span, Stay
from appliance.pbx.rows import Cel
from appliance.store import faxes

_FILE = r"([0-9]{4}/[0-9]{2}/[0-9]{2}/[0-9a-f-]{36}%s\.wav)(?:,|$)"
_RECORDING, _MESSAGE = re.compile(_FILE % ""), re.compile(_FILE % "-m")
_MARK = "FOYER_MESSAGE"
_UNRECORDED = "FOYER_UNRECORDED"
_FAX, _FAX_END = "FOYER_FAX", "FOYER_FAX_END"
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


@dataclass(frozen=True)
class Fax:
    """A fax that came in, or is coming in (`end` None): for which queue, and why it is not whole. Times in
    microseconds.
    """

    queue: str | None
    start: int
    end: int | None
    reason: str

    def path(self, uuid: str) -> str:
        """Where the PDF of that call's fax is going to be, among the recordings."""
        day = datetime.datetime.fromtimestamp(self.start / 1_000_000, datetime.UTC)
        return f"{day:%Y/%m/%d}/{uuid}-f.pdf"


def fax_of(events: Iterable[Cel]) -> Fax | None:
    """The fax of the call that these are of; None if no machine was heard and the number is none of faxes."""
    marks = [event for event in events if event.kind in (_FAX, _FAX_END)]
    begin = next((mark for mark in marks if mark.kind == _FAX), None)
    if begin is None:
        return None
    end = next((mark for mark in marks if mark.kind == _FAX_END), None)
    target = _TARGET.fullmatch(str(begin.extra.get("extra", "")))
    reason = reason_of(str(end.extra.get("extra", ""))) if end else "cut"
    queue = target[0] if target and target[0].startswith("q") else None
    return Fax(queue, begin.at, end.at if end else None, reason)


def reason_of(told: str) -> str:
    """Why a fax is not whole, one of `faxes.REASONS`, from FOYER_FAX_END's status^pages^station^error; "" if
    it is.

    The errors are the sentences of spandsp (t30_logging.c, t30_completion_code_to_str), without their marks.
    """
    status, pages, station, error, *_ = (*told.split("^"), "", "", "", "")
    if status == "SUCCESS" and pages.strip("0"):
        return ""
    is_begun = bool(pages.strip("0") or station)
    found = next((reason for words, reason in _ERRORS if words in error.lower()), "dropped")
    return faxes.QUIET if found == "dropped" and not is_begun else found


# The first that is found counts.
_ERRORS = (
    ("initial communication", faxes.QUIET),
    ("first message", faxes.QUIET),
    ("ced tone", faxes.QUIET),
    ("dropped", "dropped"),
    ("disk full", "full"),
    ("tiff", "full"),
    ("memory", "full"),
    ("train", "line"),
    ("compatible", "machine"),
    ("far end", "machine"),
    ("poll", "machine"),
    ("carrier", "line"),
    ("timed out", "line"),
    ("timer", "line"),
    ("retries", "line"),
    ("invalid", "line"),
    ("unexpected", "line"),
    ("received", "line"),
    ("no response", "line"),
)


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
