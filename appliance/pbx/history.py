"""One call's record from its raw rows: segments, outcome, who talked. Pure, and built anew whenever a row
arrives.

Called by `feed.py` with every row kept of the call (CEL and queue_log) and the rows that concern all calls.
The stamps of segments come from CEL, whose clock ticks in microseconds; queue_log, in whole seconds, tells
outcomes, holds and Asterisk's restarts. Rows may be missing (the call is still up) and in any order: only
their times count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from appliance.pbx.identity import Identity, identity_of
from appliance.pbx.legs import Leg, Span, Stay, joined, legs_of, together, without
from appliance.pbx.menus import Menu, greetings, menus_of
from appliance.pbx.rows import (
    CEL,
    CONNECT,
    FULL,
    HOLD,
    RESTART,
    RESUME,
    UNHOLD,
    Logged,
    agent_of,
    cel,
    logged,
    microseconds,
)
from appliance.store.conversations import SEGMENT_KINDS, CallRecord, SegmentRecord
from appliance.store.feeds import RawEvent

_BLOCKED = "FOYER_BLOCKED"
_RECORDING = re.compile(r"([0-9]{4}/[0-9]{2}/[0-9]{2}/[0-9a-f-]{36}\.wav)(?:,|$)")
# queue_log's words for a caller who left the queue without having talked.
_LEFT = {
    "ABANDON": "abandoned",
    "EXITWITHTIMEOUT": "timeout",
    "EXITEMPTY": "no_answer",
    "EXITWITHKEY": "no_answer",
}
# Dial's words for a call that failed for a technical reason; all others mean that nobody answered.
_FAILED = ("CHANUNAVAIL", "CONGESTION")
# Between CEL and queue_log, which counts whole seconds and writes a moment later.
_NEAR_S = 2
# Microseconds: news of the other end runs a subroutine on the caller's leg (the recording is taken up again),
# and the call events say that it left the queue and came back.
_PASSING = 500_000


@dataclass(frozen=True)
class Facts:
    """A call's rows, put in order. `cut` is when Asterisk died under it, in microseconds; None if it did
    not.
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

    @property
    def stays(self) -> list[Stay]:
        """The stays in queues, in order."""
        stays: list[Stay] = []
        for app in self.main.apps:
            if app.name != "queue":
                continue
            last = stays[-1] if stays else None
            if last and last.end and last.data == app.data and self._passes(last.end, app.start):
                stays[-1] = replace(last, end=app.end)
            else:
                stays.append(app)
        return stays

    def _passes(self, left: int, back: int) -> bool:
        """Whether the caller was out of the queue only for a subroutine: soon back, and no talk was over."""
        is_over = any(talk.end is not None and left - _PASSING <= talk.end <= back for talk in self.talks)
        return back - left <= _PASSING and not is_over

    def queue_at(self, at: int) -> str | None:
        """The queue that the caller was in at that moment; None if in none."""
        for stay in self.stays:
            if _is_in(at, stay):
                return queue_of(stay)
        return None


def build(rows: Sequence[RawEvent]) -> CallRecord | None:
    """The record of the call that these rows tell of; None if they are of no customer's call."""
    facts = _facts(rows)
    if facts is None:
        return None
    segments = [*_greeting(facts), *_waits(facts), *_rings(facts), *_talks(facts), *_wrap_ups(facts)]
    segments.sort(key=lambda segment: (segment.started, SEGMENT_KINDS.index(segment.kind)))
    main = facts.main
    talkers = [span.agent for span in facts.talks if span.agent]
    outgoing_agent = main.agent if facts.identity.direction == "out" else None
    return CallRecord(
        call_uuid=facts.identity.uuid,
        linkedid=next(row.linkedid for row in rows if row.source == CEL),
        direction=facts.identity.direction,
        line_id=facts.identity.line,
        number=facts.identity.number,
        caller=main.number,
        caller_name=main.name,
        queue_id=_last_queue(facts),
        agent_id=talkers[-1] if talkers else outgoing_agent,
        started=(main.started or 0) // 1000,
        answered=facts.talks[0].start // 1000 if facts.talks else None,
        ended=None if facts.ended is None else facts.ended // 1000,
        state="open" if facts.ended is None else "closed",
        outcome=_outcome(facts),
        segments=tuple(segments),
        recordings=_recordings(facts),
    )


def queue_of(stay: Stay) -> str:
    """The queue's id, from the arguments of `Queue(q1,...)`."""
    return stay.data.partition(",")[0]


def _facts(rows: Sequence[RawEvent]) -> Facts | None:
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
    )


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
    return min((at for at in lost if last <= at <= (restart.at + _NEAR_S) * 1_000_000), default=last)


def _segment(kind: str, span: Span, queue: str | None, outcome: str | None = None) -> SegmentRecord:
    end = None if span.end is None else span.end // 1000
    return SegmentRecord(kind, queue, span.agent, span.start // 1000, end, outcome)


def _greeting(facts: Facts) -> list[SegmentRecord]:
    """What is said before the queue, and the menus."""
    if facts.identity.direction == "out":
        return []
    queued = facts.stays[0].start if facts.stays else None
    said = [_segment("greeting", span, None) for span in greetings(facts.main.apps, facts.menus, queued)]
    return said + [
        replace(
            _segment("menu", Span(None, menu.start, menu.end), None),
            flow_id=menu.flow_id,
            step_id=menu.step_id,
            pressed=menu.pressed,
        )
        for menu in facts.menus
    ]


def _waits(facts: Facts) -> list[SegmentRecord]:
    """Each stay in a queue, until an agent was there."""
    waits: list[SegmentRecord] = []
    for stay in facts.stays:
        answered = next(
            (talk.start for talk in facts.talks if talk.start >= stay.start and _is_in(talk.start, stay)),
            None,
        )
        span = Span(None, stay.start, stay.end if answered is None else answered)
        outcome = "answered" if answered is not None else _wait_outcome(facts, stay)
        waits.append(_segment("wait", span, queue_of(stay), outcome))
    return waits + _turned_away(facts)


def _turned_away(facts: Facts) -> list[SegmentRecord]:
    """A moment for each full queue, which the caller did not come into."""
    found: list[SegmentRecord] = []
    for row in facts.log:
        if row.event == FULL:
            at = max(row.at * 1_000_000, facts.main.started or 0)
            found.append(_segment("wait", Span(None, at, at), row.queue, "no_answer"))
    return found


def _last_queue(facts: Facts) -> str | None:
    """The queue that the caller came to last, whether it took the call or not."""
    full = next((row for row in reversed(facts.log) if row.event == FULL), None)
    last = facts.stays[-1] if facts.stays else None
    if full is not None and (last is None or last.start < full.at * 1_000_000):
        return full.queue
    return queue_of(last) if last else None


def _is_in(at: int, stay: Stay) -> bool:
    return stay.start <= at and (stay.end is None or at <= stay.end)


def _wait_outcome(facts: Facts, stay: Stay) -> str | None:
    if facts.cut is not None and (stay.end is None or stay.end >= facts.cut):
        return "cut"
    if stay.end is None:
        return None
    near = stay.end // 1_000_000
    for row in facts.log:
        if row.event in _LEFT and row.queue == queue_of(stay) and abs(row.at - near) <= _NEAR_S:
            return _LEFT[row.event]
    has_left = facts.main.ended is not None and facts.main.source == facts.main.channel
    return "abandoned" if has_left and stay.end == facts.main.ended else "no_answer"


def _rings(facts: Facts) -> list[SegmentRecord]:
    """Each ring of an agent's phone; of a call that goes out, the ring at the customer's."""
    rings: list[SegmentRecord] = []
    for leg in facts.legs:
        is_ours = leg is not facts.main and leg.started is not None and not leg.is_local
        if not is_ours or (leg.agent is None and leg is not facts.customer) or leg.started is None:
            continue
        span = Span(leg.agent, leg.started, leg.answered or leg.ended)
        outcome = _ring_outcome(facts, leg)
        rings.append(_segment("ring", span, facts.queue_at(leg.started), outcome))
    return _one_per_agent(rings)


def _ring_outcome(facts: Facts, leg: Leg) -> str | None:
    if leg.answered is not None:
        return "answered"
    if leg.ended is None:
        return None
    if facts.cut is not None and leg.ended >= facts.cut:
        return "cut"
    if leg.source == leg.channel:
        return "rejected"
    if leg.agent is None:
        is_no_answer = facts.main.source != facts.main.channel
    else:
        near = leg.ended // 1_000_000
        rows = (row for row in facts.log if row.event == "RINGNOANSWER" and agent_of(row.who) == leg.agent)
        is_no_answer = any(abs(row.at - near) <= _NEAR_S for row in rows)
    return "no_answer" if is_no_answer else "cancelled"


def _one_per_agent(rings: list[SegmentRecord]) -> list[SegmentRecord]:
    """Two phones of one agent that ring at once are one ring; what was answered counts."""
    order = {"answered": 0, None: 1}
    kept: list[SegmentRecord] = []
    for ring in sorted(rings, key=lambda ring: (order.get(ring.outcome, 2), ring.started)):
        is_same = any(
            other.agent_id == ring.agent_id is not None
            and ring.started <= (other.ended or ring.started)
            and other.started <= (ring.ended or other.started)
            for other in kept
        )
        if not is_same:
            kept.append(ring)
    return kept


def _talks(facts: Facts) -> list[SegmentRecord]:
    """Talk without the holds in it, and the holds."""
    segments: list[SegmentRecord] = []
    for talk in facts.talks:
        left, held = without(talk, _holds(facts.log, talk.agent))
        queue = facts.queue_at(talk.start)
        segments += [_segment("talk", span, queue) for span in left]
        # A hold may be told anew, by a foyer-pbx that came back.
        segments += [_segment("hold", span, queue) for span in joined(held)]
    return segments


def _wrap_ups(facts: Facts) -> list[SegmentRecord]:
    """The begin of an agent's wrap-up after each talk that came to him from a queue, as app_queue has it: not
    after one that another agent passed on to him. An Asterisk that died keeps nobody waiting.
    """
    given = [(agent_of(row.who), row.at) for row in facts.log if row.event == CONNECT]
    found: list[SegmentRecord] = []
    for talk in facts.talks:
        if talk.agent is None or talk.end is None or (facts.cut is not None and talk.end >= facts.cut):
            continue
        until = talk.start // 1_000_000 + _NEAR_S
        if any(agent == talk.agent and at <= until for agent, at in given):
            begin = Span(talk.agent, talk.end, None)
            found.append(_segment("wrap_up", begin, facts.queue_at(talk.start)))
    return found


def _holds(log: Iterable[Logged], agent: str | None) -> list[Span]:
    """When this agent had the other side on hold, in order of time."""
    marks = [
        (stamp, row.event)
        for row in log
        if row.event in (HOLD, UNHOLD) and row.data and agent_of(row.who) == agent is not None
        if (stamp := microseconds(row.data[0])) is not None
    ]
    holds: list[Span] = []
    since: int | None = None
    for stamp, event in sorted(marks):
        if since is not None:
            # A second hold without an end of the first: the caller hung up on hold, and it is another talk.
            holds.append(Span(agent, since, stamp))
        since = stamp if event == HOLD else None
    return [*holds, Span(agent, since, None)] if since is not None else holds


def _outcome(facts: Facts) -> str | None:
    """How the whole call ended; None while it is up."""
    if facts.ended is None:
        return None
    if facts.is_blocked or facts.cut is not None:
        return "blocked" if facts.is_blocked else "cut"
    if facts.talks:
        return "answered"
    if facts.identity.direction == "out":
        return "failed" if facts.main.dial_status in _FAILED else "no_answer"
    if facts.stays:
        return _wait_outcome(facts, facts.stays[-1])
    return "abandoned" if facts.main.source == facts.main.channel else "no_answer"


def _recordings(facts: Facts) -> tuple[tuple[str, int], ...]:
    """MixMonitor's files, once nothing more is written to them. It records only what was said between two."""
    if facts.ended is None or not facts.talks:
        return ()
    started = facts.talks[0].start // 1000
    paths = [_RECORDING.search(app.data) for app in facts.main.apps if app.name == "mixmonitor"]
    return tuple(dict.fromkeys((found[1], started) for found in paths if found))
