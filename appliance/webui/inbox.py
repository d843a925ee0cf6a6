"""Whose messages a user sees, and how many of them wait: what the page of messages and the frame of every
page share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.store import voicemails
from appliance.store.sitemodel import Site
from appliance.store.users import User

if TYPE_CHECKING:
    from appliance.webui.web import Web

MANY = 100


def whose(user: User, site: Site) -> tuple[str | None, list[str]]:
    """The agent (None for everybody) and the queues whose messages this user sees."""
    agent_id = None if user.may("supervisor") else user.agent_id or ""
    return agent_id, [queue.id for queue in site.queues if agent_id in queue.agents]


def waiting(web: Web) -> int:
    """How many messages wait for the user of this request, at most MANY; 0 without one."""
    if web.visit.user is None:
        return 0
    with web.store.read() as db:
        agent_id, queues = whose(web.visit.user, web.site())
        return len(voicemails.inbox(db, agent_id, queues, is_done=False, limit=MANY))
