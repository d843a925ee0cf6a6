"""What is known of one call, put in order from its raw rows. Pure; for history.py, which tells the call from
it.

A call back to somebody who left a number has a leg of Asterisk's own wiring: the one half waits in the queue
and talks to the agent, the other calls the customer. Such a call begins with the ring that the agent
answered; how long it waited before is the story of the call in which the number was left.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from appliance.pbx.identity import Identity, identity_of
from appliance.pbx.kept_files import Fax, Spoken, fax_of, is_part, message_of
from appliance.pbx.legs import Leg, Span, Stay, legs_of, other_half, together
from appliance.pbx.menus import Menu, menus_of
from appliance.pbx.rows import (
    CEL,
    ENTERED,
    FULL,
    NOT_TAKEN,
    RESTART,
    RESUME,
    Logged,
    agent_of,
    cel,
    logged,
)
from appliance.store.feeds import RawEvent

NEAR_S = 2
"""Between CEL and queue_log, which counts whole seconds and writes a moment later."""
_BLOCKED = "FOYER_BLOCKED"
# queue_log: the queue sends the caller on.
_TOO_LATE = "EXITWITHTIMEOUT"
# Microseconds: how long such a subroutine takes (_passes), where queue_log does not tell.
_PASSING = 500_000


@dataclass(frozen=True)
class Facts:
    """A call's rows, put in order. `cut` is when Asterisk died under it, in microseconds; None if it did
    not. `is_part`: a recording does not have all that was said.
    """

    identity: Identity
    main: Leg
    customer: Leg | None
    legs: tuple[Leg, ...]
    log: tuple[Logged, ...]
    talks: tuple[Span, ...]
    menus: tuple[Menu, ...]
    ended: int | None
    cut: int | None
    is_blocked: bool
    message: Spoken | None
    is_part: bool
    fax: Fax | None

    @functools.cached_property
    def stays(self) -> tuple[Stay, ...]:
        """The stays in queues, in order; who comes back to the same queue without having left it for good
        has stayed.
        """
        stays: list[Stay] = []
        entered = 0
        for app in self.main.apps:
            if app.name != "queue":
                continue
            last = stays[-1] if stays else None
            if last and last.end and self._passes(last, app, entered):
                stays[-1] = replace(last, end=app.end)
                continue
            entered = app.start
            if last and last.end and self._comes_back(last, app):
                stays[-1] = replace(last, end=app.end)
            else:
                stays.append(app)
        return tuple(stays)

    @functools.cached_property
    def not_taken(self) -> Mapping[str, frozenset[int]]:
        """By agent, the seconds in which the queue gave up a ring of theirs. A long wait that rings everybody
        has thousands of rings, and each asks.
        """
        found: defaultdict[str, set[int]] = defaultdict(set)
        for row in self.log:
            if row.event == NOT_TAKEN and (agent := agent_of(row.who)):
                found[agent].add(row.at)
        return {agent: frozenset(seconds) for agent, seconds in found.items()}

    def _passes(self, last: Stay, app: Stay, entered: int) -> bool:
        """Whether the caller was out of the queue only for a subroutine: news of the other end runs one on
        the caller's leg (the recording is taken up again), and the call events say that it left the queue
        and came back, on a busy machine seconds later or when the talk is over. Who comes back in truth is
        entered in the queue's log a second time since he `entered` last.
        """
        if last.data != app.data:
            return False
        begin, end = entered // 1_000_000, app.start // 1_000_000 + NEAR_S
        came = [row for row in self.log if row.event in (ENTERED, FULL) and begin <= row.at <= end]
        if [row.queue for row in came].count(queue_of(app)) == 1:
            return True
        left, back = last.end or last.start, app.start
        is_over = any(talk.end is not None and left - _PASSING <= talk.end <= back for talk in self.talks)
        return back - left <= _PASSING and not is_over

    def _comes_back(self, last: Stay, app: Stay) -> bool:
        """Whether the caller was not let in at first, or listened how to leave a number, and waits on."""
        is_answered = any(last.start <= talk.start <= app.start for talk in self.talks)
        is_sent_on = any(row.event == _TOO_LATE and is_end_of(last, row) for row in self.log)
        return queue_of(last) == queue_of(app) and not is_answered and not is_sent_on

    def queue_at(self, at: int) -> str | None:
        """The queue that the caller was in at that moment; None if in none."""
        for stay in self.stays:
            if is_in(at, stay):
                return queue_of(stay)
        return None


def is_in(at: int, stay: Stay) -> bool:
    """Whether that moment lies in the stay."""
    return stay.start <= at and (stay.end is None or at <= stay.end)


def is_end_of(stay: Stay, row: Logged) -> bool:
    """Whether a row of queue_log belongs to the end of the stay, which is over."""
    return row.queue == queue_of(stay) and abs(row.at - (stay.end or 0) // 1_000_000) <= NEAR_S


def queue_of(stay: Stay) -> str:
    """The queue's id, from the arguments of `Queue(q1,...)`."""
    return stay.data.partition(",")[0]


def facts_of(rows: Sequence[RawEvent]) -> Facts | None:
    rows = sorted(rows, key=lambda row: row.seq)
    events = sorted((cel(row) for row in rows if row.source == CEL), key=lambda row: row.at)
    log = sorted((logged(row) for row in rows if row.source != CEL), key=lambda row: (row.at, row.seq))
    identity = identity_of(events)
    if identity is None:
        return None
    legs = legs_of(events)
    main = legs[identity.uniqueid]
    if main.started is None:
        # Its first rows are older than what is kept of the logs.
        main.started = events[0].at
    if main.is_local:
        _take_other_half(main, legs, identity)
    was_up = main.ended is None
    # A leg that joins an older call takes on that call's id: here, then, it ends.
    over = next((row.at for row in events if row.kind == "LINKEDID_END"), None)
    died = _died(events[-1].at, log) if over is None else None
    gone = over or died
    for leg in legs.values():
        if leg.ended is None and gone:
            leg.end(max(gone, leg.started or 0))
    customer = _customer(identity, main, legs.values())
    others = [leg for leg in legs.values() if leg is not customer and not leg.is_local]
    talks = together(customer, others) if customer else []
    ended = _ended(identity, main, legs.values())
    return Facts(
        identity,
        main,
        customer,
        tuple(legs.values()),
        tuple(log),
        tuple(talks),
        menus_of((row for row in events if row.uniqueid == identity.uniqueid), main.ended),
        ended,
        died if was_up else None,
        any(row.kind == _BLOCKED for row in events),
        message_of(main.apps, events),
        is_part(main.apps, events, talks),
        fax_of(events),
    )


def _take_other_half(main: Leg, legs: dict[str, Leg], identity: Identity) -> None:
    """Of a call back: the queue is the other half's, and the call begins with the ring that was answered."""
    other = other_half(main, legs.values())
    main.apps = sorted((*main.apps, *(other.apps if other else ())), key=lambda app: app.start)
    rings = [leg.started for leg in legs.values() if leg.agent and leg.answered and leg.started is not None]
    main.started = max((ring for ring in rings if ring <= identity.at), default=identity.at)


def _customer(identity: Identity, main: Leg, legs: Iterable[Leg]) -> Leg | None:
    """The leg to the customer: of a call that goes out, the one that answered, or else the last that was
    tried.
    """
    if identity.direction == "in":
        return main
    outside = [leg for leg in legs if leg is not main and leg.agent is None and not leg.is_local]
    return next((leg for leg in outside if leg.answered), outside[-1] if outside else None)


def _ended(identity: Identity, main: Leg, legs: Iterable[Leg]) -> int | None:
    """When the call was over: without its caller; a call that goes out may be handed over, so without
    anybody.
    """
    if identity.direction == "in" or main.ended is None:
        return main.ended
    ends = [leg.ended for leg in legs if leg.started is not None]
    return None if None in ends else max(end for end in ends if end is not None)


def _died(last: int, log: Sequence[Logged]) -> int | None:
    """When Asterisk died under a call whose last CEL row is of `last`; None if it did not, as far as one
    knows.

    It did if it started again since and nothing more came of this call. (A new call of the restart's own
    second may look the same until its next row.) The best estimate is when foyer-pbx lost Asterisk; without
    one, it is `last`.
    """
    own = max((row.seq for row in log if row.call != "NONE"), default=0)
    is_after = (row for row in log if row.event == RESTART and row.seq > own and row.at >= last // 1_000_000)
    restart = next(is_after, None)
    if restart is None:
        return None
    lost = [
        int(row.data[0]) * 1000 for row in log if row.event == RESUME and row.data and row.data[0].isdigit()
    ]
    return min((at for at in lost if last <= at <= (restart.at + NEAR_S) * 1_000_000), default=last)
