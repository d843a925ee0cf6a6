"""Conversations, segments and messages as they are read: the values that pages, timelines and reports work
with.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

_CONVERSATIONS = """
SELECT id, channel, external_id, origin, direction, person_id, address, line_id, number, queue_id, agent_id,
       parent_id, state, outcome, disposition, started, answered, ended, updated, erased,
       card_channel
FROM conversation
"""
_SEGMENTS = """
SELECT id, conversation_id, kind, queue_id, agent_id, started, ended, outcome, flow_id, step_id, pressed
FROM segment WHERE conversation_id IN (SELECT value FROM json_each(?)) ORDER BY started, rowid
"""
_MINE = (
    "conversation_id IN (SELECT id FROM conversation WHERE agent_id = ?"
    " OR (agent_id IS NULL AND queue_id IN (SELECT value FROM json_each(?))))"
)
_MESSAGES = """
SELECT id, conversation_id, kind, author, body, path, duration_ms, created, updated, external_id, done_at,
       done_by, pages
FROM message
"""
_IN_ORDER = "WHERE conversation_id IN (SELECT value FROM json_each(?)) ORDER BY created, rowid"


@dataclass(frozen=True)
class Conversation:
    """One contact over one channel. Times are ms UTC; `person_id` is whom the address belongs to, merged or
    not.

    `card_channel` is DAHDI's number of the channel of a telephone card that it used, if it did. `state` is
    open, wrap_up or closed; `outcome` answered, abandoned, no_answer, cut, failed, timeout, blocked, callback
    (the caller left a number), message, fax, fax_failed (not all of it came) or None. `erased` is when the
    person was: then no note is taken any more.
    """

    id: str
    channel: str
    external_id: str
    origin: str
    direction: str
    person_id: str | None
    address: str
    line_id: str | None
    number: str
    queue_id: str | None
    agent_id: str | None
    parent_id: str | None
    state: str
    outcome: str | None
    disposition: str | None
    started: int
    answered: int | None
    ended: int | None
    updated: int
    erased: int | None
    card_channel: int | None


@dataclass(frozen=True)
class Segment:
    """An interval of a conversation, ms UTC: greeting, menu, wait, ring, talk, hold, message, fax or wrap_up.

    A menu has the flow and the step that it is, and what was pressed: "" for nothing that led anywhere, None
    if the caller went before.
    """

    id: str
    conversation_id: str
    kind: str
    queue_id: str | None
    agent_id: str | None
    started: int
    ended: int | None
    outcome: str | None
    flow_id: str | None = None
    step_id: str | None = None
    pressed: str | None = None


@dataclass(frozen=True)
class Message:
    """An item of a conversation: text_in, text_out, note, recording, voicemail, fax
    or system. Times are ms UTC.

    `author` is a user id; `path` (recordings, voicemail, fax) is relative to the folder of recordings;
    `done_at` and `done_by` say who has dealt with a voicemail or a fax, `pages` how many a fax has.
    """

    id: str
    conversation_id: str
    kind: str
    author: str | None
    body: str
    path: str | None
    duration_ms: int | None
    created: int
    updated: int
    external_id: str
    done_at: int | None = None
    done_by: str | None = None
    pages: int | None = None


def conversations_where(
    db: Database, where: str, values: Sequence[str | int | None], limit: int
) -> list[Conversation]:
    """The conversations for which the SQL condition `where` (a constant of the caller) holds, newest
    first.
    """
    sql = f"{_CONVERSATIONS} WHERE {where} ORDER BY started DESC, id DESC LIMIT ?"
    return [Conversation(*row) for row in db.execute(sql, (*values, limit))]


def segments_of(db: Database, conversation_ids: Sequence[str]) -> dict[str, list[Segment]]:
    """The segments of each of these conversations, in order of time."""
    found: dict[str, list[Segment]] = {key: [] for key in conversation_ids}
    for row in db.execute(_SEGMENTS, (json.dumps(conversation_ids),)):
        found[row[1]].append(Segment(*row))
    return found


def messages_of(db: Database, conversation_ids: Sequence[str]) -> dict[str, list[Message]]:
    """The messages of each of these conversations, in order of time."""
    found: dict[str, list[Message]] = {key: [] for key in conversation_ids}
    for row in db.execute(f"{_MESSAGES} {_IN_ORDER}", (json.dumps(conversation_ids),)):
        found[row[1]].append(Message(*row))
    return found


def messages_where(db: Database, where: str, values: Sequence[str | int], limit: int) -> list[Message]:
    """The messages for which the SQL condition `where` (a constant of the caller) holds, newest first."""
    sql = f"{_MESSAGES} WHERE {where} ORDER BY created DESC, id DESC LIMIT ?"
    return [Message(*row) for row in db.execute(sql, (*values, limit))]


def inbox(
    db: Database, shown: str, agent_id: str | None, queues: Sequence[str], *, is_done: bool, limit: int
) -> list[Message]:
    """The newest messages for which the SQL condition `shown` (a constant of the caller) holds, for this
    agent or for one of these queues; without an agent, everybody's.
    """
    done = "done_at IS NOT NULL" if is_done else "done_at IS NULL"
    values = [] if agent_id is None else [agent_id, json.dumps(queues)]
    mine = "1" if agent_id is None else _MINE
    return messages_where(db, f"{shown} AND {done} AND {mine}", values, limit)


def has_recording(db: Database, call_uuid: str) -> bool:
    """Whether the call has a recording, or may still get one because it is not over."""
    row = db.execute(
        "SELECT 1 FROM conversation WHERE channel = 'voice' AND external_id = ? AND (state = 'open' OR EXISTS"
        " (SELECT 1 FROM message WHERE conversation_id = conversation.id AND kind = 'recording'))",
        (call_uuid,),
    )
    return row.fetchone() is not None
