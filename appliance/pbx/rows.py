"""Lines of Asterisk's two logs as values: CEL's JSON lines and queue_log's fields. Pure; any garbage in, no
error out.

Used by `feed.py`, which keeps the rows, and by `history.py`, which reads calls from them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from appliance.pbx.conf.cel_custom_conf import FIELDS
from appliance.store.feeds import RawEvent

CEL, QUEUE_LOG = "cel", "queue_log"
NO_CALL = ""
"""The linkedid under which rows are kept that concern all calls."""
CONNECT = "CONNECT"
"""queue_log: a queue has connected a caller with an agent."""
NUMBER_LEFT, DIALLING, OVER = "FOYERCALLBACK", "FOYERDIAL", "FOYEROVER"
"""queue_log, written by the dialplan (foyer-back.conf): a caller has left a number to be called back; the box
is about to call it; that call is over.
"""
NOT_TAKEN = "RINGNOANSWER"
"""queue_log: an agent's phone has rung for as long as the queue lets it."""
ENTERED = "ENTERQUEUE"
"""queue_log: a caller has come into a queue."""
FULL = "FULL"
"""queue_log: a queue has no room for a caller."""
RESTART = "QUEUESTART"
"""queue_log: the first use of the log since Asterisk started."""
RESUME = "FOYERRESUME"
"""queue_log: foyer-pbx is connected (again); data: when it last heard from Asterisk before, ms UTC, 0 if
never.
"""
HOLD, UNHOLD = "HOLD", "UNHOLD"
"""queue_log, written by foyer-pbx from AMI's events; data: the event's own time, in seconds with
microseconds.
"""

OTHER_HALF = "-2"
"""What the second half of a call back's own wiring has behind its unique id, which is else the call's."""

_PHONE = re.compile(r"(?:PJSIP/)?(a[1-9][0-9]{0,5})(d?)(?:-[0-9a-f]+)?")
# A unique id: the system's name if it has one, the second and a number.
_CALL = re.compile(r"(?:[A-Za-z0-9_-]+-)?[0-9]{9,11}\.[0-9]+")
# Asterisk's writer puts a backslash before a quote and leaves a backslash as it is, which is no JSON, and the
# calls of "Jim \"JJ\" Smith" would be lost. But all fields are text, and come in one order.
_FIELDS = ",".join(rf'"{name}":"(?P<{name}>(?:\\"|[^"])*?)"' for name in map(str.lower, FIELDS))
_EVENT = re.compile(rf"\{{{_FIELDS}\}}", re.DOTALL)
_SECONDS = re.compile(r"([0-9]{9,11})(?:\.([0-9]{1,6})[0-9]*)?")


@dataclass(frozen=True)
class Parsed:
    """One line of a log: the call it belongs to, its time (ms UTC) and its fields."""

    linkedid: str
    at: int
    row: dict[str, Any]


@dataclass(frozen=True)
class Cel:
    """One event of a channel. `at` is in microseconds: segments are built from these stamps."""

    at: int
    kind: str
    channel: str
    uniqueid: str
    number: str
    name: str
    app: str
    data: str
    peer: str
    extra: dict[str, Any]


@dataclass(frozen=True)
class Logged:
    """One row of queue_log. `at` is in whole seconds, as Asterisk writes it; `seq` is its place in the
    log.
    """

    seq: int
    at: int
    call: str
    queue: str
    who: str
    event: str
    data: tuple[str, ...]


def agent_of(name: str) -> str | None:
    """The agent of a channel (`PJSIP/a1d-0000002b`), an interface or a member's name; None if it is nobody's
    phone.
    """
    found = _PHONE.fullmatch(name)
    return found[1] if found else None


def device_of(name: str) -> str | None:
    """`browser` or `desk`, from a channel's or an interface's name; None if it is nobody's phone."""
    found = _PHONE.fullmatch(name)
    return ("desk" if found[2] else "browser") if found else None


def microseconds(text: str) -> int | None:
    """A stamp such as `1795302612.467738`, exactly; None if it is none."""
    found = _SECONDS.fullmatch(text)
    return int(found[1]) * 1_000_000 + int((found[2] or "0").ljust(6, "0")) if found else None


def parse_cel(line: str) -> Parsed | None:
    """One line of cel.jsonl; None for a line that is no event.

    A crash can cut a line short; the next Asterisk then goes on behind it, so the last object in the line
    counts.
    """
    row = _object(line)
    if row is None and (at := line.rfind('{"')) > 0:
        row = _object(line[at:])
    if row is None:
        return None
    stamp = microseconds(str(row.get("eventtime", "")))
    linkedid = str(row.get("linkedid", ""))
    if stamp is None or not linkedid:
        return None
    return Parsed(linkedid, stamp // 1000, {name: value for name, value in row.items() if value != ""})


def parse_queue_log(line: str) -> Parsed | None:
    """One line of queue_log; None for a line that is no event. Rows of no call get the linkedid `NO_CALL`."""
    fields = line.split("|")
    if len(fields) < 5 or not re.fullmatch(r"[0-9]{9,11}", fields[0]):
        return None
    at, call, queue, who, event, *data = fields
    call = call.removesuffix(OTHER_HALF)
    is_call = _CALL.fullmatch(call) is not None
    row = {"call": call, "queue": queue, "who": who, "event": event, "data": data}
    return Parsed(call if is_call else NO_CALL, int(at) * 1000, row)


def cel(event: RawEvent) -> Cel:
    """A kept row of cel.jsonl."""
    row = event.row

    def text(name: str) -> str:
        return str(row.get(name, ""))

    return Cel(
        microseconds(text("eventtime")) or event.at * 1000,
        text("eventtype"),
        text("channame"),
        text("uniqueid"),
        text("num"),
        text("name"),
        text("appname"),
        text("appdata"),
        text("peer"),
        _object(text("eventextra")) or {},
    )


def logged(event: RawEvent) -> Logged:
    """A kept row of queue_log."""
    row = event.row
    return Logged(
        event.seq,
        event.at // 1000,
        str(row.get("call", "")),
        str(row.get("queue", "")),
        str(row.get("who", "")),
        str(row.get("event", "")),
        tuple(str(item) for item in row.get("data", ())),
    )


def _object(text: str) -> dict[str, Any] | None:
    """A JSON object; None for anything else. Control characters in a caller's name are let through."""
    if event := _EVENT.fullmatch(text):
        return {name: value.replace('\\"', '"') for name, value in event.groupdict().items()}
    try:
        value = json.loads(text, strict=False)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
