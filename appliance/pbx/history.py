"""One call's record from its raw rows: segments, outcome, who talked. Pure, and built anew whenever a row
arrives.

Called by `feed.py` with every row kept of the call (CEL and queue_log) and the rows that concern all calls.
The stamps of segments come from CEL, whose clock ticks in microseconds; queue_log, in whole seconds, tells
outcomes, holds and Asterisk's restarts. Rows may be missing (the call is still up) and in any order: only
their times count.
"""

from __future__ import annotations

import bisect
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from appliance.pbx.call_facts import NEAR_S, Facts, facts_of, is_end_of, is_in, queue_of
from appliance.pbx.kept_files import recordings_of
from appliance.pbx.legs import Leg, Span, Stay, joined, without
from appliance.pbx.menus import greetings
from appliance.pbx.rows import (
    CEL,
    CONNECT,
    FULL,
    HOLD,
    NUMBER_LEFT,
    UNHOLD,
    Logged,
    agent_of,
    microseconds,
)
from appliance.store import faxes
from appliance.store.conversations import SEGMENT_KINDS, CallRecord, SegmentRecord
from appliance.store.faxes import FaxRecord
from appliance.store.feeds import RawEvent
from appliance.store.voicemails import OUTCOME

# The source of the hangup of a leg whose phone was not called, since it had just declined (foyer-queue.conf).
_RESTS = "foyer-rests"
# queue_log's words for a caller who left the queue without having talked.
_LEFT = {
    "ABANDON": "abandoned",
    "EXITWITHTIMEOUT": "timeout",
    "EXITEMPTY": "no_answer",
    "EXITWITHKEY": "no_answer",
}
# Dial's words for a call that failed for a technical reason; all others mean that nobody answered.
_FAILED = ("CHANUNAVAIL", "CONGESTION")


def build(rows: Sequence[RawEvent]) -> CallRecord | None:
    """The record of the call that these rows tell of; None if they are of no customer's call."""
    facts = facts_of(rows)
    if facts is None:
        return None
    segments = [*_greeting(facts), *_waits(facts), *_rings(facts), *_talks(facts), *_wrap_ups(facts)]
    segments += [*_parked(facts), *_message(facts), *_fax(facts)]
    segments.sort(key=lambda segment: (segment.started, SEGMENT_KINDS.index(segment.kind)))
    main, left, fax = facts.main, facts.message, facts.fax
    talkers = [span.agent for span in facts.talks if span.agent]
    talks, is_over = facts.talks, facts.ended is not None
    outgoing_agent = main.agent if facts.identity.direction == "out" else None
    return CallRecord(
        call_uuid=facts.identity.uuid,
        linkedid=next(row.linkedid for row in rows if row.source == CEL),
        direction=facts.identity.direction,
        line_id=facts.identity.line,
        card_channel=facts.identity.card_channel,
        number=facts.identity.number,
        caller=main.number,
        caller_name=main.name,
        queue_id=(left.queue if left else None) or (fax.queue if fax else None) or _last_queue(facts),
        agent_id=(left.agent if left else None) or (talkers[-1] if talkers else outgoing_agent),
        started=(main.started or 0) // 1000,
        answered=facts.talks[0].start // 1000 if facts.talks else None,
        ended=None if facts.ended is None else facts.ended // 1000,
        state="open" if facts.ended is None else "closed",
        outcome=_outcome(facts),
        segments=tuple(segments),
        recordings=recordings_of(main.apps, talks[0].start // 1000) if is_over and talks else (),
        messages=((left.file, left.start // 1000),) if is_over and left else (),
        is_part=facts.is_part,
        fax=FaxRecord(fax.path(facts.identity.uuid), fax.start // 1000, fax.reason)
        if is_over and fax
        else None,
        channel=faxes.CHANNEL if fax else "voice",
    )


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


def _message(facts: Facts) -> list[SegmentRecord]:
    """While a caller speaks a message."""
    left = facts.message
    return [_segment("message", Span(left.agent, left.start, left.end), left.queue)] if left else []


def _fax(facts: Facts) -> list[SegmentRecord]:
    """While a fax machine sends, or nobody does."""
    fax = facts.fax
    if fax is None:
        return []
    end = facts.ended if fax.end is None else fax.end
    return [_segment("fax", Span(None, fax.start, end), fax.queue)]


def _waits(facts: Facts) -> list[SegmentRecord]:
    """Each stay in a queue, until an agent was there. Of a call out, nobody waited."""
    if facts.identity.direction == "out":
        return []
    waits: list[SegmentRecord] = []
    for stay in facts.stays:
        answered = next(
            (talk.start for talk in facts.talks if talk.start >= stay.start and is_in(talk.start, stay)),
            None,
        )
        span = Span(None, stay.start, stay.end if answered is None else answered)
        outcome = "answered" if answered is not None else _wait_outcome(facts, stay)
        waits.append(_segment("wait", span, queue_of(stay), outcome))
    return waits + _turned_away(facts)


def _turned_away(facts: Facts) -> list[SegmentRecord]:
    """A moment for each full queue, which the caller did not come into."""
    found: list[SegmentRecord] = []
    at = facts.main.started or 0
    for row in facts.log:
        if row.event == FULL:
            # Several may be of one second, and no two waits of a call begin in the same millisecond.
            at = max(row.at * 1_000_000, at + 1000)
            found.append(_segment("wait", Span(None, at, at), row.queue, "no_answer"))
    return found


def _last_queue(facts: Facts) -> str | None:
    """The queue that the caller came to last, whether it took the call or not."""
    full = next((row for row in reversed(facts.log) if row.event == FULL), None)
    last = facts.stays[-1] if facts.stays else None
    if full is not None and (last is None or last.start < full.at * 1_000_000):
        return full.queue
    return queue_of(last) if last else None


def _left_a_number(facts: Facts) -> bool:
    return any(row.event == NUMBER_LEFT for row in facts.log)


def _is_left_in(row: Logged, stay: Stay) -> bool:
    return row.event == NUMBER_LEFT and row.queue == queue_of(stay)


def _wait_outcome(facts: Facts, stay: Stay) -> str | None:
    if facts.cut is not None and (stay.end is None or stay.end >= facts.cut):
        return "cut"
    if stay.end is None:
        return None
    has_left = facts.main.ended is not None and facts.main.source == facts.main.channel
    for row in facts.log:
        if row.event not in _LEFT or not is_end_of(stay, row):
            continue
        if row.event == "EXITWITHKEY" and any(_is_left_in(row, stay) for row in facts.log):
            return "callback"
        if row.event == "ABANDON" and not has_left:
            # The queue was removed, and the caller sent on (apply/asterisk.py).
            return "no_answer"
        return _LEFT[row.event]
    return "abandoned" if has_left and stay.end == facts.main.ended else "no_answer"


def _rings(facts: Facts) -> list[SegmentRecord]:
    """Each ring of an agent's phone; of a call that goes out, the ring at the customer's."""
    rings: list[SegmentRecord] = []
    for leg in facts.legs:
        is_ours = leg is not facts.main and leg.started is not None and not leg.is_local
        if not is_ours or (leg.agent is None and leg is not facts.customer) or leg.started is None:
            continue
        if leg.started < (facts.main.started or 0):
            continue  # An agent who did not take a call back.
        if leg.source == _RESTS:
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
        near, seconds = leg.ended // 1_000_000, facts.not_taken.get(leg.agent, frozenset())
        is_no_answer = any(at in seconds for at in range(near - NEAR_S, near + NEAR_S + 1))
    return "no_answer" if is_no_answer else "cancelled"


def _one_per_agent(rings: list[SegmentRecord]) -> list[SegmentRecord]:
    """Two phones of one agent that ring at once are one ring; what was answered counts."""
    order = {"answered": 0, None: 1}
    kept: list[SegmentRecord] = []
    # Of each agent, when: in order of time, and none reaches into another.
    times: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for ring in sorted(rings, key=lambda ring: (order.get(ring.outcome, 2), ring.started)):
        if ring.agent_id is not None:
            own, end = times[ring.agent_id], math.inf if ring.ended is None else ring.ended
            at = bisect.bisect_right(own, (ring.started, math.inf))
            if (at > 0 and own[at - 1][1] >= ring.started) or (at < len(own) and own[at][0] <= end):
                continue
            own.insert(at, (ring.started, end))
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


def _parked(facts: Facts) -> list[SegmentRecord]:
    """While the customer is parked: on hold, and with no agent."""
    stays = facts.customer.parked if facts.customer else ()
    return [_segment("hold", Span(None, stay.start, stay.end), None) for stay in stays]


def _wrap_ups(facts: Facts) -> list[SegmentRecord]:
    """The begin of an agent's wrap-up after each talk that came to him from a queue, as app_queue has it: not
    after one that another agent passed on to him. An Asterisk that died keeps nobody waiting.
    """
    given = [(agent_of(row.who), row.at) for row in facts.log if row.event == CONNECT]
    found: list[SegmentRecord] = []
    for talk in facts.talks:
        if talk.agent is None or talk.end is None or (facts.cut is not None and talk.end >= facts.cut):
            continue
        until = talk.start // 1_000_000 + NEAR_S
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


def _what_stays(facts: Facts) -> str | None:
    """How a call ended of which something stays: a fax, a talk, a message, a promise to call back."""
    if facts.fax and facts.fax.reason != faxes.QUIET:
        return faxes.FAILED if facts.fax.reason else faxes.OUTCOME
    if facts.talks:
        return "answered"
    if facts.message:
        return OUTCOME
    return "callback" if _left_a_number(facts) else None


def _outcome(facts: Facts) -> str | None:
    """How the whole call ended; None while it is up."""
    if facts.ended is None:
        return None
    if facts.is_blocked or facts.cut is not None:
        return "blocked" if facts.is_blocked else "cut"
    if stays := _what_stays(facts):
        return stays
    if facts.identity.direction == "out":
        return "failed" if facts.main.dial_status in _FAILED else "no_answer"
    if facts.stays:
        return _wait_outcome(facts, facts.stays[-1])
    return "abandoned" if facts.main.source == facts.main.channel else "no_answer"
