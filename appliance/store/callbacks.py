"""Numbers that callers left, to be called back once it is their turn in the queue.

What happens to one is a row that goes from state to state, each step one change of the store:

    waiting -> placed       `place`: claimed, with the id of the call that is to be made; only then is
                            Asterisk asked for a leg that waits in the queue in the caller's place
    placed -> done          the customer was reached
    placed -> waiting       tried in vain, until the tries are used up: failed
    waiting -> cancelled, expired, called (the customer did, and talked with somebody of the same queue)

Called at most once for a try, whoever is killed when: the dialplan writes a row to queue_log, at once and in
its own thread, right before it calls (`dialled`). When a try is over, without a word if Asterisk died under
it, and all of the log is read, that row decides. There is none: nobody was called, and the same turn is given
again, with another id. There is one: it counts as a try, although the phone may not have rung. The id of a
try is never used again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlite_utils import Database

from appliance.errors import NotFoundError
from appliance.store import conversations
from appliance.store.db import Change
from appliance.store.ids import new_id

OPEN = ("waiting", "placed")
CANCELLED, EXPIRED, CALLED = "cancelled", "expired", "called"
# The begin of the system line in the conversation in which the number was left.
LINE = "callback:"
AGAIN_MS = 5000
"""How soon a turn is given again that came to nothing."""
KEPT_MS = 30 * 24 * 3600 * 1000
_COLUMNS = (
    "SELECT id, call_uuid, queue_id, number, asked, state, tries, next_at, try_uuid, placed_at, dialled_at,"
    " over, stop, priority FROM callback"
)


@dataclass(frozen=True)
class Callback:
    """One number that somebody left. Times are ms UTC: `asked` is when the caller came into the queue, and so
    the place. `over` is Dial's word for how the try went that is placed, None while nobody told.
    `stop` is the state that it shall end in as soon as it can. `priority` is app_queue's, as the caller had
    it.
    """

    id: str
    call_uuid: str
    queue_id: str
    number: str
    asked: int
    state: str
    tries: int
    next_at: int
    try_uuid: str | None
    placed_at: int | None
    dialled_at: int | None
    over: str | None
    stop: str
    priority: int


def get(db: Database, callback_id: str) -> Callback:
    """The callback; NotFoundError if there is none."""
    found = _where(db, "id = ?", callback_id)
    if not found:
        raise NotFoundError("There is no such call back.")
    return found[0]


def open_ones(db: Database) -> list[Callback]:
    """Those that are still to be called, whose turn comes first before the others."""
    return _where(db, "state IN ('waiting', 'placed')")


def leave(change: Change, call_uuid: str, queue_id: str, number: str, asked: int, priority: int = 0) -> None:
    """A caller leaves a number; who waits to be called there already keeps the place. Event: callback."""
    known = "SELECT 1 FROM callback WHERE call_uuid = ? OR (number = ? AND state IN ('waiting', 'placed'))"
    if change.db.execute(known, (call_uuid, number)).fetchone():
        return
    callback_id = new_id()
    change.db.execute(
        "INSERT INTO callback (id, call_uuid, queue_id, number, asked, left_at, state, priority)"
        " VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?)",
        (callback_id, call_uuid, queue_id, number, asked, change.now, priority),
    )
    _tell(change, get(change.db, callback_id), "waiting")


def place(change: Change, callback_id: str) -> Callback | None:
    """Claims a callback for a try; returns it, with the id of the call that is to be made. None: it is not to
    be called now, or the number is just being called, or just calls. Event: callback.
    """
    row = change.db.execute(
        "UPDATE callback SET state = 'placed', try_uuid = ?, placed_at = ?, dialled_at = NULL, over = NULL"
        " WHERE id = ? AND state = 'waiting' AND next_at <= ? AND NOT EXISTS"
        " (SELECT 1 FROM callback AS other WHERE other.number = callback.number AND other.state = 'placed')"
        " AND NOT EXISTS (SELECT 1 FROM conversation AS call WHERE call.state = 'open' AND"
        " call.direction = 'in' AND call.address = callback.number)"
        " RETURNING id",
        (str(uuid4()), change.now, callback_id, change.now),
    ).fetchone()
    if row is None:
        return None
    change.event("callback", callback_id)
    return get(change.db, callback_id)


def called_themselves(db: Database) -> list[str]:
    """The ids of those still to be called whose customer has called since, and talked in the same queue: who
    talked with another one, or with a person of the office, still waits for what was promised.
    """
    rows = db.execute(
        "SELECT id FROM callback WHERE state IN ('waiting', 'placed') AND stop = '' AND EXISTS"
        " (SELECT 1 FROM conversation AS call WHERE call.direction = 'in' AND call.address = callback.number"
        " AND call.started >= callback.asked AND call.external_id <> callback.call_uuid AND EXISTS"
        " (SELECT 1 FROM segment WHERE segment.conversation_id = call.id AND segment.kind = 'talk'"
        " AND segment.queue_id = callback.queue_id))"
    )
    return [str(row[0]) for row in rows]


def dialled(change: Change, try_uuid: str, at: int) -> None:
    """The log says that the customer is being called. Event: callback."""
    found = _where(change.db, "try_uuid = ?", try_uuid)
    if found:
        change.db.execute("UPDATE callback SET dialled_at = ? WHERE id = ?", (at, found[0].id))
        change.event("callback", found[0].id)
        _tie(change, found[0])


def over(change: Change, try_uuid: str, status: str) -> None:
    """The log says that the try is over, in Dial's word. Event: callback."""
    found = _where(change.db, "try_uuid = ? AND state = 'placed'", try_uuid)
    if found:
        change.db.execute("UPDATE callback SET over = ? WHERE id = ?", (status, found[0].id))
        change.event("callback", found[0].id)


def settle(change: Change, callback_id: str, tries: int, minutes: int) -> None:
    """A placed try is over, and all of the log is read: what comes next. `tries` and `minutes` between them
    are the queue's. Event: callback.
    """
    found = get(change.db, callback_id)
    if found.state != "placed" or found.try_uuid is None:
        return
    _tie(change, found)
    call = conversations.by_external(change.db, "voice", found.try_uuid)
    # Asterisk died under a talk: it was one.
    is_reached = found.dialled_at is not None and (
        found.over == "ANSWER" or (call is not None and call.answered is not None)
    )
    is_tried = found.dialled_at is not None or found.over is not None
    if is_reached:
        _end(change, found, "done")
    elif found.stop:
        _end(change, found, found.stop)
    elif is_tried and found.tries + 1 >= tries:
        _end(change, found, "failed")
    else:
        wait_ms = minutes * 60_000 if is_tried else AGAIN_MS
        change.db.execute(
            "UPDATE callback SET state = 'waiting', tries = tries + ?, next_at = ? WHERE id = ?",
            (int(is_tried), change.now + wait_ms, found.id),
        )
        change.event("callback", found.id)


def stop(change: Change, callback_id: str, state: str, who: str | None = None) -> bool:
    """Ends a callback as `state` (CANCELLED, EXPIRED, CALLED), or has it end so if it is just being tried;
    returns whether that was of any use. `who` is a user's id. Event: callback.
    """
    found = get(change.db, callback_id)
    if found.state not in OPEN or found.stop:
        return False
    change.db.execute("UPDATE callback SET stop = ?, stopped_by = ? WHERE id = ?", (state, who, found.id))
    if found.state == "waiting":
        _end(change, found, state, who)
    else:
        change.event("callback", found.id)
    return True


def expire(change: Change, queues: Collection[str], before: int) -> None:
    """Ends those of these queues that were asked for before that moment (ms UTC). Event: callback."""
    for one in open_ones(change.db):
        if one.queue_id in queues and one.asked < before:
            stop(change, one.id, EXPIRED)


def prune(change: Change) -> int:
    """Deletes what ended a month ago; returns how many."""
    return change.db.execute("DELETE FROM callback WHERE ended_at < ?", (change.now - KEPT_MS,)).rowcount


def _end(change: Change, found: Callback, state: str, who: str | None = None) -> None:
    change.db.execute(
        "UPDATE callback SET state = ?, tries = tries + ?, ended_at = ? WHERE id = ?",
        (state, int(found.state == "placed"), change.now, found.id),
    )
    _tell(change, found, state, who)


def _tell(change: Change, found: Callback, state: str, who: str | None = None) -> None:
    """The event, and a line for the person's timeline."""
    change.event("callback", found.id)
    call = conversations.by_external(change.db, "voice", found.call_uuid)
    if call is not None:
        line = f"{LINE}{state}"
        conversations.put_message(change, call.id, "system", line, author=who, body=line)


def _tie(change: Change, found: Callback) -> None:
    """The call back belongs to the one in which it was asked for."""
    change.db.execute(
        "UPDATE conversation SET parent_id = (SELECT id FROM conversation WHERE channel = 'voice' AND"
        " external_id = ?) WHERE channel = 'voice' AND external_id = ? AND parent_id IS NULL",
        (found.call_uuid, found.try_uuid),
    )


def _where(db: Database, condition: str, *values: Any) -> list[Callback]:
    sql = f"{_COLUMNS} WHERE {condition} ORDER BY asked, id"
    return [Callback(*row) for row in db.execute(sql, values)]
