"""Faxes that came in: rows of kind `fax` in their calls, which are conversations of channel `fax`, and the
inbox of an agent or a queue.

A row is there when the call has ended; foyer-pbx then makes a PDF of what the fax machine sent (pbx/faxes.py)
and says how many pages it has. `body` is why it is not whole, one of REASONS, "" if it is. One of which
nothing came has 0 pages and no file; it is shown all the same, so that somebody may ask for it again, unless
no fax machine was heard at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from appliance.store import records
from appliance.store.db import Change
from appliance.store.ids import new_id
from appliance.store.news import tell
from appliance.store.records import Message

KIND = CHANNEL = OUTCOME = "fax"
FAILED = "fax_failed"
"""The outcome of a call whose fax is not whole."""
QUIET = "quiet"
REASONS = (QUIET, "dropped", "line", "machine", "full", "cut")
"""Nobody sent a fax; the other side hung up; the line is too bad; the machines have nothing in common; there
was no room; Asterisk ended.
"""


@dataclass(frozen=True)
class FaxRecord:
    """A fax as history tells it: the path that its PDF is going to have among the recordings, its begin (ms
    UTC), and why it is not whole.
    """

    path: str
    started: int
    reason: str


def add(change: Change, conversation_id: str, fax: FaxRecord) -> None:
    """The call left this one. One that is known changes nothing. Event: message."""
    message_id = new_id()
    added = change.db.execute(
        "INSERT INTO message (id, conversation_id, kind, body, path, created, updated, external_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (conversation_id, external_id) DO NOTHING",
        (
            message_id,
            conversation_id,
            KIND,
            fax.reason,
            fax.path,
            fax.started,
            change.now,
            f"{KIND}:{fax.path}",
        ),
    ).rowcount
    if added:
        tell(change, conversation_id, "message", message_id)


def unseen(db: Database) -> list[Message]:
    """Those that nobody has looked at yet, at most 100."""
    return _where(db, "pages IS NULL", (), 100)


def keep(change: Change, message: Message, pages: int) -> bool:
    """It has so many pages, and no file if there are none. False if it is gone: the person was erased
    meanwhile. Event: message.
    """
    path = message.path if pages else None
    changed = change.db.execute(
        "UPDATE message SET pages = ?, path = ?, updated = ? WHERE id = ?",
        (pages, path, change.now, message.id),
    ).rowcount
    if changed:
        tell(change, message.conversation_id, "message", message.id)
    return bool(changed)


def inbox(
    db: Database, agent_id: str | None, queues: Sequence[str], *, is_done: bool, limit: int
) -> list[Message]:
    """The newest faxes for this agent or for one of these queues; without an agent, everybody's."""
    shown = f"kind = '{KIND}' AND pages IS NOT NULL AND body <> '{QUIET}'"
    return records.inbox(db, shown, agent_id, queues, is_done=is_done, limit=limit)


def _where(db: Database, where: str, values: Sequence[str], limit: int) -> list[Message]:
    return records.messages_where(db, f"kind = '{KIND}' AND {where}", values, limit)
