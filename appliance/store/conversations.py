"""Conversations: calls as history tells them, notes, dispositions, and the questions that pages ask about
them.

A call's record is built anew from all its raw rows whenever one arrives, and `upsert_call` makes the store
agree with it. What people added (notes, the disposition) belongs to them and is never touched by that.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

from sqlite_utils import Database

from appliance.errors import NotFoundError, RejectedError
from appliance.store import faxes, people, phone, records, site, voicemails, wrap_ups
from appliance.store.db import Change
from appliance.store.faxes import FaxRecord
from appliance.store.ids import new_id
from appliance.store.news import tell
from appliance.store.records import Conversation, Message, Segment
from appliance.store.text import storable

SEGMENT_KINDS = ("greeting", "menu", "wait", "ring", "talk", "hold", "message", "fax", "wrap_up")
OUTCOMES: tuple[str, ...] = ("answered", "abandoned", "no_answer", "cut", "failed", "timeout", "blocked")
OUTCOMES += ("callback", "message", faxes.OUTCOME, faxes.FAILED)
WRAP_UP_MS = 15 * 60 * 1000
NOTE_MAX = 10_000
PART = "part"  # the body of a recording that does not have all that was said


@dataclass(frozen=True)
class SegmentRecord:
    """An interval of a call, ms UTC; `ended` None while it runs. (kind, started, agent_id) is unique in a
    call. History knows only the begin of a wrap-up; its end is the store's to tell (`wrap_ups.py`). The last
    three are a menu's, see `records.Segment`.
    """

    kind: str
    queue_id: str | None
    agent_id: str | None
    started: int
    ended: int | None
    outcome: str | None = None
    flow_id: str | None = None
    step_id: str | None = None
    pressed: str | None = None


@dataclass(frozen=True)
class CallRecord:
    """One call as its raw rows tell it. Times are ms UTC.

    `caller` is the number as the network gave it (or E.164), `number` the dialled one, `agent_id` who
    talked last, `answered` when an agent did, `ended` None while the call is up. `state` is history's own
    view, open or closed; the store adds the wrap-up. `recordings` and `messages` are (path relative to
    the recordings' folder, begin in ms); `is_part`: the recordings do not have all that was said; `channel`
    is fax once a fax machine was heard, and `fax` what came of it.
    """

    call_uuid: str
    linkedid: str
    direction: str
    line_id: str | None
    number: str
    caller: str
    caller_name: str
    queue_id: str | None
    agent_id: str | None
    started: int
    answered: int | None
    ended: int | None
    state: str
    outcome: str | None
    segments: tuple[SegmentRecord, ...] = ()
    recordings: tuple[tuple[str, int], ...] = ()
    messages: tuple[tuple[str, int], ...] = ()
    is_part: bool = False
    card_channel: int | None = None
    fax: FaxRecord | None = None
    channel: str = "voice"


def upsert_call(change: Change, record: CallRecord) -> str:
    """Makes the store agree with `record`; returns the conversation's id. The same record again changes
    nothing.

    The person is found or made by the caller's number (going out: the dialled one); an anonymous caller has
    none. A call that nobody answered is closed when it ends; an answered one is in wrap-up until it has a
    disposition, or for 15 minutes (`end_wrap_ups`). Events: conversation, segment, message, for what really
    changed.
    """
    old = by_external(change.db, "voice", record.call_uuid)
    if old is None and record.channel != "voice":
        old = by_external(change.db, record.channel, record.call_uuid)
    address = _address(change, record)
    kept = old if old is not None and old.address == address else None
    person_id = kept.person_id if kept else _person(change, address, record)
    conversation_id = old.id if old else new_id()
    values: dict[str, Any] = {
        "channel": record.channel,
        "origin": record.linkedid,
        "direction": record.direction,
        "person_id": person_id,
        "address": address,
        "line_id": record.line_id,
        "card_channel": record.card_channel,
        "number": storable(record.number),
        "queue_id": record.queue_id,
        "agent_id": record.agent_id,
        "state": _state(record, old, change.now),
        "outcome": voicemails.outcome(change.db, old.id if old else None, record.outcome),
        "started": record.started,
        "answered": record.answered,
        "ended": record.ended,
    }
    if old is None:
        made = {"id": conversation_id, "external_id": record.call_uuid}
        change.db.table("conversation").insert({**made, **values, "updated": change.now})
        tell(change, conversation_id)
    else:
        _update(change, old, values)
    wanted = wrap_ups.completed(change.db, conversation_id, record.segments)
    _replace_segments(change, conversation_id, wanted)
    kind, said = "recording", PART if record.is_part else ""
    for path, started in record.recordings:
        put_message(change, conversation_id, kind, f"{kind}:{path}", body=said, path=path, created=started)
    voicemails.add(change, conversation_id, record.messages)
    if record.fax:
        faxes.add(change, conversation_id, record.fax)
    return conversation_id


def get(db: Database, conversation_id: str) -> Conversation:
    """The conversation; NotFoundError if there is none."""
    found = records.conversations_where(db, "id = ?", (conversation_id,), 1)
    if not found:
        raise NotFoundError("There is no such conversation.")
    return found[0]


def by_external(db: Database, channel: str, external_id: str) -> Conversation | None:
    """The conversation that the channel itself knows as `external_id` (voice: the call uuid); None if there
    is none.
    """
    found = records.conversations_where(db, "channel = ? AND external_id = ?", (channel, external_id), 1)
    return found[0] if found else None


def segments(db: Database, conversation_id: str) -> list[Segment]:
    """Its segments in order of time."""
    return records.segments_of(db, [conversation_id])[conversation_id]


def messages(db: Database, conversation_id: str) -> list[Message]:
    """Its messages in order of time."""
    return records.messages_of(db, [conversation_id])[conversation_id]


def message(db: Database, message_id: str) -> Message:
    """One message; NotFoundError if there is none."""
    row = db.execute("SELECT conversation_id FROM message WHERE id = ?", (message_id,)).fetchone()
    found = [item for item in messages(db, row[0]) if item.id == message_id] if row else []
    if not found:
        raise NotFoundError("There is no such message.")
    return found[0]


def open_calls(db: Database) -> list[Conversation]:
    """The calls that have not ended as far as the store knows, faxes too, newest first, at most 1,000."""
    return records.conversations_where(db, "state = 'open' AND channel IN ('voice', 'fax')", (), 1000)


def recent(
    db: Database,
    limit: int = 50,
    before: str | None = None,
    *,
    agent_id: str | None = None,
    queue_id: str | None = None,
    direction: str | None = None,
    outcome: str | None = None,
    state: str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> list[Conversation]:
    """The newest conversations first, of those that match every filter given.

    `before` is the id of the last one of the page before; `since` and `until` bound the begin (ms UTC,
    until excluded).
    """
    conditions = {
        "agent_id = ?": agent_id,
        "queue_id = ?": queue_id,
        "direction = ?": direction,
        "outcome = ?": outcome,
        "state = ?": state,
        "started >= ?": since,
        "started < ?": until,
        "(started, id) < (SELECT started, id FROM conversation WHERE id = ?)": before,
    }
    wanted = {condition: value for condition, value in conditions.items() if value is not None}
    return records.conversations_where(db, " AND ".join(wanted) or "1", tuple(wanted.values()), limit)


def add_note(
    change: Change, conversation_id: str, author: str | None, body: str, external_id: str | None = None
) -> str:
    """Adds a note; returns its id. The same `external_id` again changes nothing. Event: message.

    NotFoundError: no such conversation, or its person was erased. RejectedError: empty, or longer than
    10,000 characters.
    """
    _refuse_erased(change.db, conversation_id)
    text = _note_text(body)
    if not text.strip():
        raise RejectedError("This must be filled in.", field="body")
    return put_message(change, conversation_id, "note", external_id or new_id(), author=author, body=text)


def save_note(change: Change, conversation_id: str, author: str, body: str) -> str | None:
    """Keeps the one note that `author` is writing here, as typed so far; returns its id, None if there is
    nothing.

    For saving while somebody types: the same text again changes nothing; of two texts, the newer one has the
    later `updated`, whatever the clock does. Event: message. Errors as `add_note`.
    """
    _refuse_erased(change.db, conversation_id)
    text = _note_text(body)
    key = f"note:{author}"
    row = change.db.execute(
        "SELECT id, body FROM message WHERE conversation_id = ? AND external_id = ?", (conversation_id, key)
    ).fetchone()
    if row is None:
        return put_message(change, conversation_id, "note", key, author=author, body=text) if text else None
    if row[1] != text:
        now = (text, change.now, row[0])
        change.db.execute("UPDATE message SET body = ?, updated = max(?, updated + 1) WHERE id = ?", now)
        tell(change, conversation_id, "message", row[0])
    return str(row[0])


def _refuse_erased(db: Database, conversation_id: str) -> None:
    """A note may come late, from a page that was cut off; nothing of an erased person comes back."""
    if get(db, conversation_id).erased is not None:
        raise NotFoundError("This person was erased: notes about them are not kept.")


def set_disposition(change: Change, conversation_id: str, code: str | None, who: str) -> None:
    """Says how the conversation ended, and so ends its wrap-up; None takes that back. Events: conversation,
    and those of the wrap-up.

    `who` is the user's id, kept in a system line. RejectedError: the site has no such disposition.
    """
    old = get(change.db, conversation_id)
    if code == old.disposition:
        return
    if code is not None and not site.has_disposition(change.db, code):
        raise RejectedError("There is no such disposition.", field="disposition")
    _update(change, old, {"disposition": code, "state": "closed" if code and old.ended else old.state})
    if code is not None:
        wrap_ups.end_of_call(change, conversation_id)
    put_message(change, conversation_id, "system", new_id(), author=who, body=f"disposition:{code or ''}")


def end_wrap_up(change: Change, conversation_id: str) -> None:
    """Ends the wrap-up of a call that gets no disposition; any other stays as it is. Event: conversation."""
    old = get(change.db, conversation_id)
    if old.state == "wrap_up":
        wrap_ups.end_of_call(change, conversation_id)
        _update(change, old, {"state": "closed"})


def end_wrap_ups(change: Change) -> int:
    """Closes what was left in wrap-up for longer than 15 minutes; returns how many. Event: conversation."""
    overdue = records.conversations_where(
        change.db, "state = 'wrap_up' AND ended < ?", (change.now - WRAP_UP_MS,), 1000
    )
    for old in overdue:
        _update(change, old, {"state": "closed"})
    return len(overdue)


def _state(record: CallRecord, old: Conversation | None, now: int) -> str:
    if record.ended is None:
        return "open"
    if record.answered is None or now - record.ended > WRAP_UP_MS:
        return "closed"
    if old is not None and (old.disposition is not None or old.state == "closed"):
        return "closed"
    return "wrap_up"


def _address(change: Change, record: CallRecord) -> str:
    """The customer's number, "" for a caller who hides; of a call from inside, the colleague's."""
    raw = (record.caller if record.direction == "in" else record.number).strip()
    if phone.is_anonymous(raw):
        return ""
    return phone.e164(raw, site.country(change.db)) or storable(raw)


def _person(change: Change, address: str, record: CallRecord) -> str | None:
    is_colleague = record.direction == "in" and record.line_id is None
    if not address or is_colleague:
        return None
    name = phone.network_name(record.caller_name) if record.direction == "in" else ""
    return people.person_for(change, "phone", address, name or None)


def _update(change: Change, old: Conversation, values: dict[str, Any]) -> None:
    """Writes what differs, and only then tells."""
    changed = {name: value for name, value in values.items() if getattr(old, name) != value}
    if changed:
        change.db.table("conversation").update(old.id, {**changed, "updated": change.now})
        tell(change, old.id)


def _replace_segments(change: Change, conversation_id: str, wanted: tuple[SegmentRecord, ...]) -> None:
    """Rows that stay the same keep their ids; a segment that the record no longer has goes."""
    known = {(item.kind, item.started, item.agent_id): item for item in segments(change.db, conversation_id)}
    last = {(item.kind, item.started, item.agent_id): item for item in wanted}
    news: dict[str, int] = {}  # agents whose talks and wrap-ups are not what they were, and since when
    for key, row in known.items():
        if key not in last:
            change.db.execute("DELETE FROM segment WHERE id = ?", (row.id,))
            tell(change, conversation_id, "segment", row.id)
            _note(news, row)
    for key, item in last.items():
        old = known.get(key)
        if old is None:
            segment_id = new_id()
            change.db.execute(
                "INSERT INTO segment (id, conversation_id, kind, queue_id, agent_id, started, ended, outcome,"
                " flow_id, step_id, pressed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (segment_id, conversation_id, *astuple(item)),
            )
            tell(change, conversation_id, "segment", segment_id)
            _note(news, item)
            if item.kind == wrap_ups.KIND:
                # It may be over when it becomes known: foyer-pbx looks whether the queues know.
                change.event("agent", item.agent_id or "", agent=item.agent_id)
        elif _changing(old) != _changing(item):
            change.db.execute(
                "UPDATE segment SET queue_id = ?, ended = ?, outcome = ?, pressed = ? WHERE id = ?",
                (*_changing(item), old.id),
            )
            tell(change, conversation_id, "segment", old.id)
    for agent_id, since in news.items():
        wrap_ups.settle(change, agent_id, since)


def _changing(segment: Segment | SegmentRecord) -> tuple[str | int | None, ...]:
    """What may be known only later than that the segment began."""
    return segment.queue_id, segment.ended, segment.outcome, segment.pressed


def _note(news: dict[str, int], segment: Segment | SegmentRecord) -> None:
    if segment.agent_id is not None and segment.kind in ("talk", wrap_ups.KIND):
        news[segment.agent_id] = min(segment.started, news.get(segment.agent_id, segment.started))


def put_message(
    change: Change,
    conversation_id: str,
    kind: str,
    external_id: str,
    *,
    author: str | None = None,
    body: str = "",
    path: str | None = None,
    created: int | None = None,
) -> str:
    """Inserts a message unless (conversation, external id) is there already; returns its id either way."""
    message_id = new_id()
    at = change.now if created is None else created
    inserted = change.db.execute(
        "INSERT INTO message (id, conversation_id, kind, author, body, path, created, updated, external_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (conversation_id, external_id) DO NOTHING",
        (message_id, conversation_id, kind, author, body, path, at, change.now, external_id),
    ).rowcount
    if inserted:
        tell(change, conversation_id, "message", message_id)
        return message_id
    row = change.db.execute(
        "SELECT id FROM message WHERE conversation_id = ? AND external_id = ?", (conversation_id, external_id)
    ).fetchone()
    return str(row[0])


def _note_text(body: str) -> str:
    """Line ends as "\\n"; what no database or page can show is refused."""
    text = body.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > NOTE_MAX:
        raise RejectedError("At most {high} characters, please.", field="body", high=NOTE_MAX)
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise RejectedError("This has characters that cannot be seen.", "Type it anew.", field="body")
    return text
