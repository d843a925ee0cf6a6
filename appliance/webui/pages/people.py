"""/people: looking somebody up, and a person's page: who they are, how their calls are treated, and
everything that was ever between us.
"""

from __future__ import annotations

import urllib.parse
from typing import Any

from bottle import HTTPResponse
from sqlite_utils import Database

from appliance.errors import ConflictError, RejectedError
from appliance.store import audit, now_ms, people, users
from appliance.store.forms import AlreadySent
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

    @web.post("/people/<person_id>")
    def about(person_id: str) -> HTTPResponse:
        form = web.form
        try:
            with web.change() as change:
                _refuse_stale(web, people.get(change.db, person_id))
                people.rename(change, person_id, form.raw("name"))
                people.describe(change, person_id, form.raw("note"), form.text("language"))
                audit.record(change, web.user().id, "person.change", person_id)
        except AlreadySent:
            raise
        except (RejectedError, ConflictError) as error:
            form.error(getattr(error, "field", ""), web.say(error))
            return web.answer(show(web, person_id), 409 if isinstance(error, ConflictError) else 422)
        web.flash(N_("Saved."))
        return web.redirect(f"/people/{person_id}")


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
        parts = [people.part(db, one) for one in found.merged]
    return web.render(
        "person.html",
        person=found,
        title=title(web, found),
        parts=[(part, title(web, part)) for part in parts],
        seen=_seen(web, found),
        languages=_languages(web, found.language),
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
            callview.may_open(web.user(), entry.conversation, entry.segments, web.site()),
        )
        for entry in entries
    ]


def _refuse_stale(web: Web, person: Person) -> None:
    """ConflictError if somebody else has described the person anew since the form was opened."""
    if web.form.text("seen", _seen(web, person)) != _seen(web, person):
        raise ConflictError(
            N_("Somebody else has changed this meanwhile."),
            N_("Load the page in another window to compare, then save again."),
        )


def _seen(web: Web, person: Person) -> str:
    """What the form was opened with, as a mark."""
    return web.signer.mark("person", f"{person.name}\0{person.language}\0{person.note}")


def _languages(web: Web, chosen: str) -> list[tuple[str, str]]:
    """Languages to choose from: unknown, the office's own and English, then all by their names."""
    language = web.visit.language
    known = language.locale.languages
    names = {code: str(name) for code, name in known.items() if len(code) == 2}
    first = [code for code in dict.fromkeys((web.site().language, "en")) if code in names]
    if chosen:
        names[chosen] = str(known.get(chosen, chosen))
    rest = language.in_order({code: name for code, name in names.items() if code not in first})
    return [("", web.gettext(N_("Not known"))), *((code, names[code]) for code in first), *rest]
