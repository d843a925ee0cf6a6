"""/calls: the calls, filtered and paged, and one call with its segments, notes, result and recording.

Agents see the calls that they took part in, supervisors all of them.
"""

from __future__ import annotations

import urllib.parse
from dataclasses import asdict, dataclass
from typing import Any

from sqlite_utils import Database

from appliance.errors import ForbiddenError
from appliance.store import conversations, now_ms, people, phone, records, users
from appliance.store.people import Person
from appliance.store.records import Conversation
from appliance.webui import callview, days, labels
from appliance.webui.callview import View
from appliance.webui.i18n import N_
from appliance.webui.web import Web

PAGE = 30
_PEOPLE_MAX = 200
_DIGITS_MIN = 2


@dataclass(frozen=True)
class Filter:
    """What is asked for; "" is everything. `who` is a name or a part of a number."""

    day: str = ""
    queue: str = ""
    agent: str = ""
    outcome: str = ""
    who: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is filtered."""
        return not any(asdict(self).values())

    def address(self, **more: str) -> str:
        """The page with this filter."""
        values = {name: value for name, value in {**asdict(self), **more}.items() if value}
        return "/calls" + (f"?{urllib.parse.urlencode(values)}" if values else "")


def routes(web: Web) -> None:
    """Declares the routes."""

    @web.get("/calls")
    def calls() -> str:
        wanted = Filter(*(web.query(name) for name in Filter.__dataclass_fields__))
        before = web.query("before")
        with web.store.read() as db:
            found = _search(web, db, wanted, before)
            views = _views(web, db, found[:PAGE])
            whom = _people(db, views)
        older = wanted.address(before=views[-1].conversation.id) if len(found) > PAGE else ""
        return web.render(
            "calls.html",
            calls=views,
            people=whom,
            filter=wanted,
            newest=wanted.address() if before else "",
            older=older,
            outcomes=labels.OUTCOMES,
            today=days.of(now_ms(), web.visit.zone).isoformat(),
        )

    @web.get("/calls/<call_id>")
    def call(call_id: str) -> str:
        return web.render("call.html", **one_call(web, call_id))

    @web.get("/calls/<call_id>/part")
    def part(call_id: str) -> str:
        return web.render("call-part.html", **one_call(web, call_id))


def one_call(web: Web, call_id: str) -> dict[str, Any]:
    """What the page of one call shows. NotFoundError, or ForbiddenError for agents who had no part in it."""
    with web.store.read() as db:
        conversation = conversations.get(db, call_id)
        segments = conversations.segments(db, call_id)
        if not callview.may_open(web.user(), conversation, segments, web.site()):
            raise ForbiddenError(N_("This is another agent's call."), N_("Supervisors can open it."))
        view = _views(web, db, [conversation])[0]
        person = people.get(db, conversation.person_id) if conversation.person_id else None
    language, zone = web.visit.language, web.visit.zone
    started = days.of(conversation.started, zone).isoformat()
    return {
        "call": view,
        "person": person,
        "now": now_ms(),
        "fax_reasons": labels.FAX_REASONS,
        "language_name": lambda code: str(language.locale.languages.get(code, code)),
        "local_clock": lambda moment: language.time(moment, zone, "medium"),
        "file_name": f"{started}-{conversation.address.lstrip('+') or 'call'}.wav",
    }


def _views(web: Web, db: Database, found: list[Conversation]) -> list[View]:
    keys = [one.id for one in found]
    segments, messages = records.segments_of(db, keys), records.messages_of(db, keys)
    names = {user.id: user.name for user in users.every(db)}
    site, now = web.site(), now_ms()
    return [callview.view(site, one, segments[one.id], messages[one.id], names, now) for one in found]


def _people(db: Database, views: list[View]) -> dict[str, Person]:
    """The people of these calls, by the id that the call has."""
    ids = {view.conversation.person_id for view in views}
    return {person_id: people.get(db, person_id) for person_id in ids if person_id}


def _search(web: Web, db: Database, wanted: Filter, before: str) -> list[Conversation]:
    """One more than a page of conversations, newest first."""
    user = web.user()
    where, values = ["channel IN ('voice', 'fax')"], list[str | int | None]()

    def narrow(condition: str, *given: str | int) -> None:
        where.append(condition)
        values.extend(given)

    if not user.may("supervisor"):
        narrow(
            "(agent_id = ? OR id IN"
            " (SELECT conversation_id FROM segment WHERE agent_id = ? AND kind = 'talk'))",
            user.agent_id or "",
            user.agent_id or "",
        )
    elif wanted.agent:
        narrow("agent_id = ?", wanted.agent)
    if day := days.parse(wanted.day):
        narrow("started >= ? AND started < ?", *days.span(day, web.visit.zone))
    if wanted.queue:
        narrow("queue_id = ?", wanted.queue)
    if wanted.outcome:
        narrow("outcome = ?", wanted.outcome)
    if wanted.who:
        narrow(*_who(db, wanted.who))
    if before:
        narrow("(started, id) < (SELECT started, id FROM conversation WHERE id = ?)", before)
    return records.conversations_where(db, " AND ".join(where), values, PAGE + 1)


def _who(db: Database, text: str) -> tuple[str, *tuple[str, ...]]:
    """The condition for a name, or for a number as people write it ("0901 234" for +84901234...)."""
    digits = "".join(char for char in phone.ascii_digits(text) if char.isdigit()).lstrip("0")
    if len(digits) >= _DIGITS_MIN and not any(char.isalpha() for char in text):
        return "(address LIKE ? OR number LIKE ?)", f"%{digits}%", f"%{digits}%"
    found = people.search(db, text, _PEOPLE_MAX)
    ids = [person_id for person in found for person_id in (person.id, *person.merged)]
    return f"person_id IN ({', '.join('?' * len(ids))})", *ids
