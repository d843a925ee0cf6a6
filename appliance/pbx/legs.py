"""The legs of one call, put together from its CEL rows: when each rang, was answered, was in which bridge,
ended. Pure.

A leg is what Asterisk calls a channel. Times are in microseconds. Used by `history.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from appliance.pbx.rows import Cel, agent_of

JOINED_US = 100_000
"""Two legs of one agent that follow each other within this time are one talk."""
LEFT_US = 300_000
"""An agent who leaves so soon after a hold has not talked again. Only the time tells it: a busy machine takes
its own between the two, and nobody says a word in less.
"""


@dataclass
class Stay:
    """An application or a bridge that a leg was in: `name` and `data`, from `start` to `end` (None: still in
    it).
    """

    name: str
    data: str
    start: int
    end: int | None = None


@dataclass
class Leg:
    """One channel. `cause` and `source` say why and by whom it was hung up (Q.850; a channel or
    `dialplan/...`).
    """

    uniqueid: str
    channel: str
    number: str = ""
    name: str = ""
    started: int | None = None
    answered: int | None = None
    ended: int | None = None
    cause: int = 0
    source: str = ""
    dial_status: str = ""
    apps: list[Stay] = field(default_factory=list)
    bridges: list[Stay] = field(default_factory=list)
    parked: list[Stay] = field(default_factory=list)

    @property
    def agent(self) -> str | None:
        """Whose phone it is; None for the leg of a customer."""
        return agent_of(self.channel)

    @property
    def is_local(self) -> bool:
        """Whether it is Asterisk's own wiring and nobody's leg."""
        return self.channel.startswith("Local/")

    def take(self, row: Cel) -> None:
        """Adds the next row; rows must come in the order of time."""
        if row.kind == "CHAN_START":
            self.started, self.number, self.name = row.at, row.number, row.name
        elif row.kind == "ANSWER":
            self.answered = self.answered or row.at
        elif row.kind == "HANGUP":
            self.cause = int(row.extra.get("hangupcause") or 0)
            self.source = str(row.extra.get("hangupsource", ""))
            self.dial_status = str(row.extra.get("dialstatus", ""))
        elif row.kind == "CHAN_END":
            self.end(row.at)
        elif row.kind == "APP_START":
            self.apps.append(Stay(row.app.lower(), row.data, row.at))
        elif row.kind == "APP_END":
            leave(self.apps, row.app.lower(), row.at)
        elif row.kind == "BRIDGE_ENTER":
            self.bridges.append(Stay(str(row.extra.get("bridge_id", "")), "", row.at))
        elif row.kind == "BRIDGE_EXIT":
            leave(self.bridges, str(row.extra.get("bridge_id", "")), row.at)
        elif row.kind == "PARK_START":
            self.parked.append(Stay("", "", row.at))
        elif row.kind == "PARK_END":
            leave(self.parked, "", row.at)

    def end(self, at: int) -> None:
        """The leg is gone, and with it whatever it was in."""
        self.ended = at
        for stay in (*self.apps, *self.bridges, *self.parked):
            stay.end = stay.end or at


def leave(stays: list[Stay], name: str, at: int) -> None:
    """Ends the last running stay of this name."""
    for stay in reversed(stays):
        if stay.name == name and stay.end is None:
            stay.end = at
            return


def legs_of(rows: Iterable[Cel]) -> dict[str, Leg]:
    """Every leg of a call by its unique id; `rows` in order of time."""
    legs: dict[str, Leg] = {}
    for row in rows:
        leg = legs.get(row.uniqueid)
        if leg is None:
            leg = legs[row.uniqueid] = Leg(row.uniqueid, row.channel)
        leg.take(row)
        if row.kind == "PICKUP":
            # Until it joins, the leg that takes the call counts as another call.
            taker = str(row.extra.get("pickup_channel_uniqueid", ""))
            legs[taker] = Leg(taker, str(row.extra.get("pickup_channel", "")), answered=row.at)
        elif row.kind == "BRIDGE_ENTER" and row.peer:
            _meet(legs.values(), row)
    for leg in tuple(legs.values()):
        if leg.channel.startswith("Local/") and leg.channel.endswith(";1"):
            _see_through(leg, legs.values())
    return legs


def _meet(legs: Iterable[Leg], row: Cel) -> None:
    """Who was in the bridge already, and came there as a leg of another call."""
    bridge, there = str(row.extra.get("bridge_id", "")), row.peer.split(",")
    for leg in legs:
        if leg.channel in there and all(stay.name != bridge for stay in leg.bridges):
            leg.bridges.append(Stay(bridge, "", row.at))


def other_half(half: Leg, legs: Iterable[Leg]) -> Leg | None:
    """The other end of a piece of Asterisk's own wiring; None if nothing is known of it."""
    name = half.channel[:-1] + ("2" if half.channel.endswith("1") else "1")
    return next((leg for leg in legs if leg.channel == name), None)


def _see_through(half: Leg, legs: Iterable[Leg]) -> None:
    """Who is in a bridge with one end hears who is in a bridge with the other: as if in one bridge."""
    other = other_half(half, legs)
    if other is None:
        return
    for near in half.bridges:
        for far in other.bridges:
            for leg in legs:
                if not leg.is_local:
                    stays = [stay for stay in leg.bridges if stay.name == far.name]
                    leg.bridges += filter(None, (_within(near.name, stay, near, far) for stay in stays))


def _within(name: str, *stays: Stay) -> Stay | None:
    """A stay while all of these went on, under that name."""
    start = max(stay.start for stay in stays)
    end = min((stay.end for stay in stays if stay.end is not None), default=None)
    return Stay(name, "", start, end) if end is None or end > start else None


@dataclass(frozen=True)
class Span:
    """An interval in which two legs heard each other; `end` None while they do."""

    agent: str | None
    start: int
    end: int | None


def together(customer: Leg, others: Iterable[Leg]) -> list[Span]:
    """When the customer was in a bridge with whom, in order of time."""
    spans: list[Span] = []
    for own in customer.bridges:
        for other in others:
            for stay in other.bridges:
                if stay.name == own.name:
                    start = max(own.start, stay.start)
                    ends = [end for end in (own.end, stay.end) if end is not None]
                    end = min(ends, default=None)
                    if end is None or end > start:
                        spans.append(Span(other.agent, start, end))
    return joined(sorted(spans, key=lambda span: span.start))


def joined(spans: Iterable[Span]) -> list[Span]:
    """Spans of one agent that follow each other at once (a reloaded page takes its call back) as one."""
    found: list[Span] = []
    for span in spans:
        last = found[-1] if found else None
        is_more = (
            last is not None
            and last.agent == span.agent is not None
            and (last.end is None or span.start - last.end <= JOINED_US)
        )
        if last is not None and is_more:
            end = None if last.end is None or span.end is None else max(last.end, span.end)
            found[-1] = Span(span.agent, last.start, end)
        else:
            found.append(span)
    return found


def without(span: Span, holes: Iterable[Span]) -> tuple[list[Span], list[Span]]:
    """Cuts a span at holes (in order of time): what is left of it, and the parts of the holes that lay in
    it.
    """
    left: list[Span] = []
    cut: list[Span] = []
    at = span.start
    for hole in holes:
        # What began before the span belongs to another one.
        if hole.start < at or (span.end is not None and hole.start >= span.end):
            continue
        end = min((end for end in (hole.end, span.end) if end is not None), default=None)
        if end is not None and span.end is not None and span.end - end <= LEFT_US:
            # Whoever hands a call on takes it off hold in the moment in which he leaves it.
            end = span.end
        if hole.start > at:
            left.append(Span(span.agent, at, hole.start))
        cut.append(Span(span.agent, hole.start, end))
        if end is None:
            return left, cut
        at = end
    if span.end is None or at < span.end:
        left.append(Span(span.agent, at, span.end))
    return left, cut
