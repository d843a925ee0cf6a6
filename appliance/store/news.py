"""Events about conversations and their parts, with the ids that listeners filter by. For the store alone."""

from __future__ import annotations

from appliance.store import people, records
from appliance.store.db import Change


def tell(change: Change, conversation_id: str, kind: str = "conversation", subject: str = "") -> None:
    """Event `kind` about `subject`, a segment's or a message's id; about the conversation itself if not
    given.
    """
    (now,) = records.conversations_where(change.db, "id = ?", (conversation_id,), 1)
    change.event(
        kind,
        subject or conversation_id,
        conversation=conversation_id,
        person=people.root_of(change.db, now.person_id) if now.person_id else None,
        agent=now.agent_id,
        queue=now.queue_id,
    )
