"""Wrap-up: an agent's time after a talk that a queue gave him, in which the queue gives him no other.

It begins with the talk's end, which history tells, and ends with the queue's wrap-up time or, if that is
sooner, once the agent has given the call's result, is not available any more, said on the phone that he is
back, or talks again. The end is written down together with the begin, as a moment that may be still to come,
and then only brought forward: so nobody has to be alive to end a wrap-up, and settings that change later
change no figure. Asterisk's queues follow (`pbx/members.py`).

Used by `conversations.py`, `agents.py` and foyer-pbx.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlite_utils import Database

from appliance.store import news, site
from appliance.store.db import Change
from appliance.store.records import Segment

if TYPE_CHECKING:
    from appliance.store.conversations import SegmentRecord

KIND = "wrap_up"
RESULT, AWAY, BACK, TALK = "result", "away", "back", "talk"
"""Their outcomes: what ended them before the queue's time did."""
LONGEST_MS = 900 * 1000
"""The longest wrap-up that a queue can have (`sitemodel.py`)."""
_LATE_MS, _EARLY_MS = 5000, 1000
"""app_queue knows of a talk's end a moment after the call events, on a machine with much to do some seconds;
and it counts whole seconds.
"""


def completed(
    db: Database, conversation_id: str, segments: Iterable[SegmentRecord]
) -> tuple[SegmentRecord, ...]:
    """The segments of a call, its wrap-ups, which history only begins, with their ends; without those of
    queues that have none. `settle` is to follow once the segments are in the database.
    """
    found = (
        _completed(db, conversation_id, segment) if segment.kind == KIND else segment for segment in segments
    )
    return tuple(segment for segment in found if segment is not None)


def _completed(db: Database, conversation_id: str, begun: SegmentRecord) -> SegmentRecord | None:
    row = db.execute(
        "SELECT ended, outcome FROM segment"
        " WHERE conversation_id = ? AND kind = ? AND started = ? AND agent_id = ?",
        (conversation_id, KIND, begun.started, begun.agent_id),
    ).fetchone()
    if row is not None:
        return replace(begun, ended=row[0], outcome=row[1])
    ended, outcome = _planned(db, conversation_id, begun.queue_id, begun.started)
    return replace(begun, ended=ended, outcome=outcome) if ended is not None else None


def _planned(
    db: Database, conversation_id: str, queue_id: str | None, started: int
) -> tuple[int | None, str | None]:
    """The end by the queue's time and the call's result, and which of them it was; no end if the queue has no
    wrap-up.
    """
    wrap_up_ms = site.wrap_up_seconds(db, queue_id or "") * 1000
    if not wrap_up_ms:
        return None, None
    result = db.execute(
        "SELECT min(created) FROM message WHERE conversation_id = ? AND kind = 'system'"
        " AND body LIKE 'disposition:_%'",
        (conversation_id,),
    ).fetchone()[0]
    if result is not None and result < started + wrap_up_ms:
        return max(started, result), RESULT
    return started + wrap_up_ms, None


def settle(change: Change, agent_id: str, since: int) -> None:
    """Looks again at this agent's wrap-ups of about `since` (ms) and later, now that more is known of what he
    did. Events: segment, agent.
    """
    for row in _of_agent(change.db, agent_id, since - LONGEST_MS):
        ended, outcome = row.ended, row.outcome
        if outcome == TALK:
            # A call's record is built anew with each of its rows, and a talk that it had may be none.
            planned, result = _planned(change.db, row.conversation_id, row.queue_id, row.started)
            ended, outcome = (row.ended, TALK) if planned is None else (planned, result)
        for turn, at in _turns(change.db, agent_id, row.started):
            if ended is not None and at < ended:
                ended, outcome = at, turn
        _set(change, row, ended, outcome)


def end(change: Change, agent_id: str, at: int) -> None:
    """The agent wants the next call, whatever he still had to write: from `at` (ms) on he has no wrap-up.
    Events: segment, agent.
    """
    for row in _of_agent(change.db, agent_id, at - LONGEST_MS):
        if row.started <= at and row.ended is not None and at < row.ended:
            _set(change, row, at, BACK)


def end_of_call(change: Change, conversation_id: str) -> None:
    """The call's result is there. Events: segment, agent."""
    rows = change.db.execute(
        f"{_ROWS} WHERE conversation_id = ? AND kind = ? AND ended > ?",
        (conversation_id, KIND, change.now),
    ).fetchall()
    for row in rows:
        segment = Segment(*row)
        _set(change, segment, max(segment.started, change.now), RESULT)


def running(db: Database, now: int) -> dict[str, Segment]:
    """The wrap-ups that run at the moment `now` (ms), by agent."""
    rows = db.execute(
        f"{_ROWS} WHERE started > ? AND started <= ? AND kind = ? AND ended > ? ORDER BY started",
        (now - LONGEST_MS, now, KIND, now),
    )
    found = (Segment(*row) for row in rows)
    return {segment.agent_id: segment for segment in found if segment.agent_id}


def is_over(db: Database, agent_id: str, since: int, now: int) -> bool:
    """Whether the agent's wrap-up that began at about `since` (ms) is known, and over at `now`."""
    rows = _of_agent(db, agent_id, since - _LATE_MS)
    near = [row for row in rows if row.started <= since + _EARLY_MS]
    if not near or any(row.ended is None or row.ended > now for row in near):
        return False
    # A queue gave him another call since: it is that one's wrap-up, which is not known yet.
    talk = db.execute(
        "SELECT 1 FROM segment WHERE agent_id = ? AND kind = 'talk' AND queue_id IS NOT NULL AND started > ?",
        (agent_id, max(row.started for row in near)),
    )
    return talk.fetchone() is None


# A wrap-up has no menu: the rest of a segment stays None.
_ROWS = "SELECT id, conversation_id, kind, queue_id, agent_id, started, ended, outcome FROM segment"


def _of_agent(db: Database, agent_id: str, since: int) -> list[Segment]:
    rows = db.execute(f"{_ROWS} WHERE agent_id = ? AND started >= ? AND kind = ?", (agent_id, since, KIND))
    return [Segment(*row) for row in rows]


def _turns(db: Database, agent_id: str, since: int) -> list[tuple[str, int]]:
    """From when on this agent was not available, at `since` (ms) or after it, and when he talked next."""
    away = db.execute(
        "SELECT min(started) FROM agent_state WHERE agent_id = ?1 AND state <> 'available'"
        " AND started >= coalesce((SELECT max(started) FROM agent_state"
        " WHERE agent_id = ?1 AND started <= ?2), 0)",
        (agent_id, since),
    ).fetchone()[0]
    talk = db.execute(
        "SELECT min(started) FROM segment WHERE agent_id = ? AND started > ? AND kind = 'talk'",
        (agent_id, since),
    ).fetchone()[0]
    return [(turn, max(since, at)) for turn, at in ((AWAY, away), (TALK, talk)) if at is not None]


def _set(change: Change, row: Segment, ended: int | None, outcome: str | None) -> None:
    if (ended, outcome) == (row.ended, row.outcome):
        return
    change.db.execute("UPDATE segment SET ended = ?, outcome = ? WHERE id = ?", (ended, outcome, row.id))
    news.tell(change, row.conversation_id, "segment", row.id)
    change.event("agent", row.agent_id or "", agent=row.agent_id)
