"""Whose messages a user sees, faxes among them, and how many of them wait: what the page of messages and the
frame of every page share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlite_utils import Database

from appliance.store import faxes, voicemails
from appliance.store.records import Message
from appliance.store.sitemodel import Site
from appliance.store.users import User

if TYPE_CHECKING:
    from appliance.webui.web import Web

MANY = 100


def whose(user: User, site: Site) -> tuple[str | None, list[str]]:
    """The agent (None for everybody) and the queues whose messages this user sees."""
    agent_id = None if user.may("supervisor") else user.agent_id or ""
    return agent_id, [queue.id for queue in site.queues if agent_id in queue.agents]


def messages(
    db: Database, agent_id: str | None, queues: Sequence[str], *, is_done: bool, limit: int
) -> list[Message]:
    """The newest messages and faxes for this agent or for one of these queues; without an agent,
    everybody's.
    """
    found = voicemails.inbox(db, agent_id, queues, is_done=is_done, limit=limit)
    found += faxes.inbox(db, agent_id, queues, is_done=is_done, limit=limit)
    return sorted(found, key=lambda message: (message.created, message.id), reverse=True)[:limit]


def waiting(web: Web) -> int:
    """How many messages wait for the user of this request, at most MANY; 0 without one."""
    if web.visit.user is None:
        return 0
    with web.store.read() as db:
        agent_id, queues = whose(web.visit.user, web.site())
        return len(messages(db, agent_id, queues, is_done=False, limit=MANY))
