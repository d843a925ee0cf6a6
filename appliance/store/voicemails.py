"""Messages that callers left: rows of kind `voicemail` in their calls, and the inbox of an agent or a queue.

A row is there when the call has ended; foyer-pbx then looks at the file (pbx/messages.py) and either gives it
its length or drops it, because nobody said anything. Only one with a length is shown. A dropped one keeps its
row, of length 0 and without a file, so that the call's record, built anew, does not bring it back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlite_utils import Database

from appliance.errors import ConflictError, NotFoundError
from appliance.store import doomed_files, faxes, records
from appliance.store.db import Change
from appliance.store.ids import new_id
from appliance.store.news import tell
from appliance.store.records import Message

KIND = "voicemail"
OUTCOME = "message"
"""Of a call that ended with one."""
DROPPED = "abandoned"
"""What such a call is when nobody said anything."""


def add(change: Change, conversation_id: str, files: Sequence[tuple[str, int]]) -> None:
    """The call left these files: path and begin (ms). Files that are known change nothing. Event: message."""
    for path, started in files:
        message_id = new_id()
        added = change.db.execute(
            "INSERT INTO message (id, conversation_id, kind, body, path, created, updated, external_id)"
            " VALUES (?, ?, ?, '', ?, ?, ?, ?) ON CONFLICT (conversation_id, external_id) DO NOTHING",
            (message_id, conversation_id, KIND, path, started, change.now, f"{KIND}:{path}"),
        ).rowcount
        if added:
            tell(change, conversation_id, "message", message_id)


def outcome(db: Database, conversation_id: str | None, told: str | None) -> str | None:
    """A call's outcome as history tells it, but for a message in which nobody spoke."""
    if told != OUTCOME or conversation_id is None:
        return told
    row = db.execute(
        "SELECT 1 FROM message WHERE conversation_id = ? AND kind = ? AND duration_ms = 0",
        (conversation_id, KIND),
    ).fetchone()
    return DROPPED if row else told


def unseen(db: Database) -> list[Message]:
    """Those that nobody has looked at yet, at most 100."""
    return _where(db, "duration_ms IS NULL", (), 100)


def keep(change: Change, message_id: str, duration_ms: int) -> None:
    """It is this long. Event: message."""
    _set_length(change, message_id, duration_ms)


def drop(change: Change, message_id: str) -> None:
    """Nobody said anything: the file has to go, and the call is one that was given up. Events: message,
    conversation.
    """
    found = _get(change.db, message_id)
    _set_length(change, message_id, 0)
    if found.path:
        doomed_files.doom(change, [found.path])
        change.db.execute("UPDATE message SET path = NULL WHERE id = ?", (message_id,))
    changed = change.db.execute(
        "UPDATE conversation SET outcome = ?, updated = ? WHERE id = ? AND outcome = ?",
        (DROPPED, change.now, found.conversation_id, OUTCOME),
    ).rowcount
    if changed:
        tell(change, found.conversation_id)


def inbox(
    db: Database, agent_id: str | None, queues: Sequence[str], *, is_done: bool, limit: int
) -> list[Message]:
    """The newest messages for this agent or for one of these queues; without an agent, everybody's."""
    shown = f"kind = '{KIND}' AND duration_ms > 0"
    return records.inbox(db, shown, agent_id, queues, is_done=is_done, limit=limit)


def set_done(change: Change, message_id: str, who: str | None) -> None:
    """The user `who` has dealt with it, or with a fax; None: it is open again. Event: message. NotFoundError.

    ConflictError: somebody else has dealt with it already.
    """
    found = _get(change.db, message_id, KIND, faxes.KIND)
    if who and found.done_by not in (None, who):
        raise ConflictError("Somebody else has already dealt with this message.")
    at = change.now if who else None
    change.db.execute(
        "UPDATE message SET done_at = ?, done_by = ?, updated = ? WHERE id = ?",
        (at, who, change.now, message_id),
    )
    tell(change, found.conversation_id, "message", message_id)


def _get(db: Database, message_id: str, *kinds: str) -> Message:
    wanted = json.dumps(kinds or (KIND,))
    where = "id = ? AND kind IN (SELECT value FROM json_each(?))"
    found = records.messages_where(db, where, (message_id, wanted), 1)
    if not found:
        raise NotFoundError("There is no such message.")
    return found[0]


def _set_length(change: Change, message_id: str, duration_ms: int) -> None:
    found = _get(change.db, message_id)
    change.db.execute(
        "UPDATE message SET duration_ms = ?, updated = ? WHERE id = ?", (duration_ms, change.now, message_id)
    )
    tell(change, found.conversation_id, "message", message_id)


def _where(db: Database, where: str, values: Sequence[str], limit: int) -> list[Message]:
    return records.messages_where(db, f"kind = '{KIND}' AND {where}", values, limit)
