"""What is known of Asterisk at one moment, and the rows of the `live` table that say so. Pure.

Filled by `live.py`. Rows (times are ms UTC, numbers and names as the network gave them, "" if it gave none):

    pbx/state      {"up": bool, "since": ms}
    caller/<call>  {"queue": "q1", "position": 1, "since": ms, "number": "...", "name": "..."}
    agent/<agent>  {"browser": bool, "desk": bool,           which of the two phones is connected
                    "queues": {"q1": null, "q2": "lunch"},   where it rings; a reason if paused there
                    "state": "idle"|"ringing"|"calling"|"talking"|"hold", and unless idle:
                    "since": ms, "call": "<call>", "queue": "q1", "number": "...", "name": "...",
                    "asks": {"since": ms, "how": "asking"}}  -- only if he asked somebody before handing on
    parked/<place> {"call": "<call>", "agent": "a1", "since": ms, "number": "...", "name": "..."}
                                                             the agent who parked it, "" for nobody's phone
    line/<line>    {"reachable": bool, "registered": bool|null, "calls": 2,
                    "came": ms,         -- only if a call came in since foyer-pbx began: the last
                    "refused": 488}     -- only if the provider refused the last call out: its SIP status
    line/i1        as line/<line>, of a span of a telephone card, by its number: only its calls matter
    line/c65       the same, of an analog port, by its channel
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from appliance.pbx.rows import agent_of

type Key = tuple[str, str]
type Row = dict[str, Any]

KINDS = ("pbx", "caller", "agent", "line", "parked")
"""The kinds of rows that are made here."""

ASKING = "asking"

_LINE = re.compile(r"(?:PJSIP/)?(l[1-9][0-9]{0,5})(?:-[0-9a-f]+)?")
# "DAHDI/i1/0912345678-2a": a call over the first span (Asterisk 22, channels/chan_dahdi.c, dahdi_new).
_SPAN = re.compile(r"DAHDI/(i[1-9][0-9]?)/.*-[0-9a-f]+")
# "DAHDI/65-1": a call over an analog channel; the second number tells calls that wait from one another.
_ANALOG = re.compile(r"DAHDI/([1-9][0-9]{0,3})-[0-9]+")


def line_of(name: str) -> str | None:
    """The line of a channel, a device or an endpoint, or the span of a card's channel ("i1"), or an analog
    one itself ("c65"); None if it is none's.
    """
    if analog := _ANALOG.fullmatch(name):
        return f"c{analog[1]}"
    found = _LINE.fullmatch(name) or _SPAN.fullmatch(name)
    return found[1] if found else None


@dataclass
class Caller:
    """Somebody who waits; `seen` is the listing in which that was last known."""

    call: str
    uniqueid: str
    since: int
    number: str
    name: str
    seen: int


@dataclass
class Parked:
    """Somebody who waits in a place that others dial; `agent` is who parked the call, "" for nobody known."""

    call: str
    agent: str
    since: int
    number: str
    name: str
    seen: int


@dataclass
class Asking:
    """The last time that an agent asked somebody before handing his call on: since when (ms), and the bridge
    in which the caller waits. `how`: asking; unanswered; back, after a talk there; alone: the caller is gone.
    `was_refused`: who left last where he asks had not answered.
    """

    since: int
    home: str
    how: str = ASKING
    was_refused: bool = False


@dataclass
class Leg:
    """A channel, an agent's or a line's or another's. `state` is "" until it rings, "calling" while an
    agent's own phone calls and nobody has answered; `since` is when that began, `there` when it first was up.

    `is_out`: Asterisk called, and was not called. `number` and `name` are the other side's, `own_number` and
    `own_name` this side's.
    """

    agent: str | None
    line: str | None
    seen: int
    channel: str = ""
    linkedid: str = ""
    bridge: str = ""
    state: str = ""
    since: int = 0
    there: int = 0
    is_out: bool = False
    call: str = ""
    queue: str = ""
    number: str = ""
    name: str = ""
    own_number: str = ""
    own_name: str = ""
    asks: Asking | None = None


@dataclass
class Place:
    """An agent's phone in a queue."""

    reason: str | None
    seen: int


@dataclass
class Known:
    """Whether something (a phone, a line) is there."""

    is_there: bool
    seen: int


@dataclass
class Now:
    """Everything that is known. Keys: queues (callers, in order), Asterisk's unique ids (legs), (queue,
    device, agent) (places), places to park (parked), endpoints (devices) and lines (registrations; refusals:
    of the last call out; came: when the last call came in, ms).
    """

    callers: dict[str, list[Caller]] = field(default_factory=dict)
    legs: dict[str, Leg] = field(default_factory=dict)
    places: dict[tuple[str, str, str], Place] = field(default_factory=dict)
    parked: dict[str, Parked] = field(default_factory=dict)
    devices: dict[str, Known] = field(default_factory=dict)
    registrations: dict[str, Known] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    came: dict[str, int] = field(default_factory=dict)
    state: Row = field(default_factory=dict)

    def everything(self) -> dict[str, dict[str, Row]]:
        """All rows by kind and id: what the table must hold, whatever it held before."""
        keys: dict[Key, None] = {("pbx", "state"): None}
        keys |= {("caller", caller.call): None for callers in self.callers.values() for caller in callers}
        keys |= {("parked", place): None for place in self.parked}
        legs = [(leg.agent, leg.line) for leg in self.legs.values()]
        names = [*self.devices, *self.registrations]
        agents = {agent_of(name) for name in names} | {agent for agent, _ in legs}
        agents |= {agent for _, _, agent in self.places}
        lines = {line_of(name) for name in names} | {line for _, line in legs}
        keys |= {("agent", agent): None for agent in sorted(filter(None, agents))}
        keys |= {("line", line): None for line in sorted(filter(None, lines))}
        rows: dict[str, dict[str, Row]] = {kind: {} for kind in KINDS}
        for key in keys:
            row = self.row(key)
            if row is not None:
                rows[key[0]][key[1]] = row
        return rows

    def row(self, key: Key) -> Row | None:
        """One row as it should be; None if there should be none."""
        kind, name = key
        if kind == "caller":
            return self._caller_row(name)
        if kind == "agent":
            return self._agent_row(name)
        if kind == "parked":
            return self._parked_row(name)
        return self._line_row(name) if kind == "line" else self.state

    def _caller_row(self, call: str) -> Row | None:
        for queue, callers in self.callers.items():
            for position, caller in enumerate(callers, 1):
                if caller.call == call:
                    return {
                        "queue": queue,
                        "position": position,
                        "since": caller.since,
                        "number": caller.number,
                        "name": caller.name,
                    }
        return None

    def _parked_row(self, place: str) -> Row | None:
        one = self.parked.get(place)
        if one is None:
            return None
        return {
            "call": one.call,
            "agent": one.agent,
            "since": one.since,
            "number": one.number,
            "name": one.name,
        }

    def _agent_row(self, agent: str) -> Row:
        places = {queue: place.reason for (queue, _, who), place in self.places.items() if who == agent}
        row: Row = {
            "browser": self._is_there(agent),
            "desk": self._is_there(f"{agent}d"),
            "queues": dict(sorted(places.items())),
            "state": "idle",
        }
        # Who talks and is rung by another phone talks.
        order = {"talking": 3, "hold": 3, "calling": 2, "ringing": 1}
        legs = [leg for leg in self.legs.values() if leg.agent == agent and leg.state]
        leg = max(legs, key=lambda leg: (order[leg.state], leg.since), default=None)
        if leg is not None:
            state, since = self._talk(leg) if leg.state == "talking" else (leg.state, leg.since)
            row |= {"state": state, "since": since, "call": leg.call, "queue": leg.queue}
            row |= {"number": leg.number, "name": leg.name}
            if leg.asks is not None:
                row["asks"] = {"since": leg.asks.since, "how": leg.asks.how}
        return row

    def _talk(self, leg: Leg) -> tuple[str, int]:
        """What an agent's leg that is up does, and since when: it calls until somebody else is there, too."""
        others = [
            other.there
            for other in self.legs.values()
            if other is not leg and other.linkedid == leg.linkedid and leg.linkedid
        ]
        if others and not any(others):
            return "calling", leg.since
        return "talking", max(leg.since, min(filter(None, others), default=0))

    def _line_row(self, line: str) -> Row | None:
        device, registration = self.devices.get(line), self.registrations.get(line)
        calls = sum(leg.line == line for leg in self.legs.values())
        if device is None and registration is None and not calls:
            return None
        is_registered = None if registration is None else registration.is_there
        row: Row = {"reachable": self._is_there(line), "registered": is_registered, "calls": calls}
        if line in self.came:
            row["came"] = self.came[line]
        if line in self.refusals:
            row["refused"] = self.refusals[line]
        return row

    def _is_there(self, name: str) -> bool:
        known = self.devices.get(name)
        return known is not None and known.is_there
