"""/people: looking somebody up, and a person's page: name, addresses, note, and everything that was ever
between us.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable
from typing import Any

from bottle import HTTPResponse
from sqlite_utils import Database

from appliance.errors import RejectedError
from appliance.store import audit, now_ms, people, users
from appliance.store.people import Person, TimelineEntry
from appliance.webui import callview, labels
from appliance.webui.callview import View
from appliance.webui.i18n import N_
from appliance.webui.web import Web

PAGE = 30
TIMELINE = 20


def routes(web: Web) -> None:
    """Declares the routes."""

    @web.get("/people")
    def search() -> str:
        text, after = web.query("q"), web.query("after")
        with web.store.read() as db:
            found = people.search(db, text, PAGE + 1, after or None)
            shown = found[:PAGE]
            rows = [(person, title(web, person), last_contact(db, person)) for person in shown]
        more = {"q": text, "after": shown[-1].id} if len(found) > PAGE else {}
        return web.render(
            "people.html",
            people=rows,
            q=text,
            newest=f"/people?{urllib.parse.urlencode({'q': text})}" if after else "",
            older=f"/people?{urllib.parse.urlencode(more)}" if more else "",
            number=lambda value: labels.number(value, web.site().country),
        )

    @web.get("/people/<person_id>")
    def person(person_id: str) -> str:
        return show(web, person_id)

    @web.get("/people/<person_id>/timeline")
    def timeline(person_id: str) -> str:
        return web.render("person-timeline.html", **past(web, person_id, web.query("before")))

    @web.post("/people/<person_id>/name")
    def rename(person_id: str) -> str | HTTPResponse:
        def do() -> None:
            with web.change() as change:
                people.rename(change, person_id, web.form.raw("name"))
                audit.record(change, web.user().id, "person.rename", person_id)

        return _saved(web, person_id, "name", do)

    @web.post("/people/<person_id>/note")
    def note(person_id: str) -> str | HTTPResponse:
        def do() -> None:
            with web.change() as change:
                language = people.get(change.db, person_id).language
                people.describe(change, person_id, web.form.raw("note"), language)

        return _saved(web, person_id, "note", do)


def title(web: Web, person: Person | None, address: str = "") -> str:
    """Whom to greet: the name, else the first number, else that the caller hides it."""
    if person is not None and person.name:
        return person.name
    value = address or (person.addresses[0].value if person is not None and person.addresses else "")
    return labels.number(value, web.site().country) or web.gettext(N_("Unknown caller"))


def last_contact(db: Database, person: Person) -> int | None:
    """When the last conversation with this person began (ms UTC); None before the first."""
    moments = [
        db.execute("SELECT max(started) FROM conversation WHERE person_id = ?", (person_id,)).fetchone()[0]
        for person_id in (person.id, *person.merged)
    ]
    return max((moment for moment in moments if moment is not None), default=None)


def show(web: Web, person_id: str) -> str:
    """A person's page. NotFoundError if there is none."""
    with web.store.read() as db:
        found = people.get(db, person_id)
    return web.render(
        "person.html",
        person=found,
        title=title(web, found),
        number=lambda value: labels.number(value, web.site().country),
        **past(web, person_id, web.query("before")),
    )


def past(web: Web, person_id: str, before: str, limit: int = TIMELINE) -> dict[str, Any]:
    """A page of the person's timeline, for person-timeline.html."""
    with web.store.read() as db:
        root = people.root_of(db, person_id)
        entries = people.timeline(db, root, before or None, limit + 1)
        views = _views(web, db, entries[:limit])
    path = f"/people/{root}"
    return {
        "entries": views,
        "newest": path if before else "",
        "older": f"{path}?before={views[-1][0].conversation.id}" if len(entries) > limit else "",
        "now": now_ms(),
    }


def _views(web: Web, db: Database, entries: list[TimelineEntry]) -> list[tuple[View, bool]]:
    """Each conversation, and whether this user may open it."""
    names = {user.id: user.name for user in users.every(db)}
    return [
        (
            callview.view(web.site(), entry.conversation, entry.segments, entry.messages, names, now_ms()),
            callview.may_open(web.user(), entry.conversation, entry.segments),
        )
        for entry in entries
    ]


def _saved(web: Web, person_id: str, field: str, do: Callable[[], None]) -> str | HTTPResponse:
    """Carries a form out and leads back; what was refused is shown beside its field, with what was typed."""
    try:
        do()
    except RejectedError as error:
        web.form.error(field, web.say(error))
        return show(web, person_id)
    web.flash(N_("Saved."))
    return web.redirect(f"/people/{person_id}")
