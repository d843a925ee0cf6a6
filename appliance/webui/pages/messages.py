"""/messages: the messages that callers left, and faxes: for an agent those for the agent and for the
agent's queues, for supervisors all of them. Who listens is audited by recordings.py, which serves the sound
and the fax.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.errors import ConflictError, ForbiddenError
from appliance.store import conversations, people, voicemails
from appliance.store.forms import AlreadySent
from appliance.store.people import Person
from appliance.store.records import Conversation, Message
from appliance.webui import callview, inbox, labels
from appliance.webui.i18n import N_
from appliance.webui.web import Web

_OPEN, _DONE = 100, 30


@dataclass(frozen=True)
class Row:
    """A message as the page shows it: `whom` it is for, `number` as people read it."""

    message: Message
    call: Conversation
    person: Person | None
    number: str
    whom: str


def routes(web: Web) -> None:
    """Declares the routes."""

    @web.get("/messages")
    def messages() -> str:
        return web.render("messages.html", **_shown(web))

    @web.get("/messages/part")
    def part() -> str:
        return web.render("messages-part.html", **_shown(web))

    @web.get("/messages/count")
    def count() -> str:
        return web.render("messages-count.html")

    @web.post("/messages/<message_id>/done")
    def done(message_id: str) -> Any:
        with web.store.read() as db:
            message = conversations.message(db, message_id)
            call = conversations.get(db, message.conversation_id)
            segments = conversations.segments(db, call.id)
        if not callview.may_open(web.user(), call, segments, web.site()):
            raise ForbiddenError(N_("This is another agent's call."), N_("Supervisors can open it."))
        try:
            with web.change() as change:
                voicemails.set_done(change, message_id, web.user().id if web.form.has("done") else None)
        except AlreadySent:
            raise
        except ConflictError:
            with web.store.read() as db:
                who = web.who(conversations.message(db, message_id).done_by or "")
            web.flash(N_("%(name)s has already dealt with this message."), "info", name=who)
        return web.redirect("/messages")


def _shown(web: Web) -> dict[str, Any]:
    site = web.site()
    agent_id, queues = inbox.whose(web.user(), site)
    with web.store.read() as db:

        def rows(is_done: bool, limit: int) -> list[Row]:
            found = inbox.messages(db, agent_id, queues, is_done=is_done, limit=limit)
            calls = [conversations.get(db, message.conversation_id) for message in found]
            return [
                Row(
                    message,
                    call,
                    people.get(db, call.person_id) if call.person_id else None,
                    labels.number(call.address, site.country),
                    labels.agent_name(site, call.agent_id) or labels.queue_name(site, call.queue_id),
                )
                for message, call in zip(found, calls, strict=True)
            ]

        return {
            "waiting": rows(False, _OPEN),
            "done": rows(True, _DONE),
            "who": web.who,
            "fax_reasons": labels.FAX_REASONS,
        }
