"""Joining two entries that are one person, and separating them again. Nothing is lost either way.

Everybody may, unless it would change whose calls are turned away or come first: that is for supervisors.
"""

from __future__ import annotations

from typing import Any

from bottle import HTTPResponse

from appliance.errors import ForbiddenError, NotFoundError, RejectedError
from appliance.store import audit, people
from appliance.store.people import Person
from appliance.webui import labels
from appliance.webui.i18n import N_
from appliance.webui.pages.people import last_contact, title
from appliance.webui.web import Web

SHOWN = 20


def routes(web: Web) -> None:
    """Declares the routes."""

    @web.get("/people/<person_id>/join")
    def choose(person_id: str) -> str:
        text = web.query("q")
        with web.store.read() as db:
            found = people.get(db, person_id)
            others = [one for one in people.search(db, text, SHOWN + 1) if one.id != found.id] if text else []
            rows = [(one, title(web, one), last_contact(db, one)) for one in others[:SHOWN]]
        return web.render(
            "person-join.html", person=found, title=title(web, found), q=text, rows=rows, **_numbers(web)
        )

    @web.get("/people/<person_id>/join/<other_id>")
    def ask(person_id: str, other_id: str) -> str:
        with web.store.read() as db:
            both = people.get(db, person_id), people.get(db, other_id)
        if both[0].id == both[1].id:
            raise RejectedError(N_("These are the same person already."))
        _refuse_agents(web, *both)
        return web.render(
            "person-join-confirm.html", both=[_shown(web, one) for one in both], **_numbers(web)
        )

    @web.post("/people/<person_id>/join/<other_id>")
    def join(person_id: str, other_id: str) -> HTTPResponse:
        stays = web.form.text("stays")
        if stays not in (person_id, other_id):
            raise RejectedError(N_("This is not one of the choices."), field="stays")
        goes = other_id if stays == person_id else person_id
        with web.change() as change:
            _refuse_agents(web, people.get(change.db, goes), people.get(change.db, stays))
            people.merge(change, goes, stays)
            audit.record(change, web.user().id, "person.merge", stays, joined=goes)
        web.flash(N_("They are one person now."))
        return web.redirect(f"/people/{stays}")

    @web.get("/people/<person_id>/separate/<part_id>")
    def ask_separate(person_id: str, part_id: str) -> str:
        with web.store.read() as db:
            whole, part = people.get(db, person_id), people.part(db, part_id)
        if part.id not in whole.merged:
            raise NotFoundError(N_("These two are not joined."))
        _refuse_agents(web, whole, part)
        return web.render(
            "person-separate.html", both=[_shown(web, whole), _shown(web, part)], **_numbers(web)
        )

    @web.post("/people/<person_id>/separate/<part_id>")
    def separate(person_id: str, part_id: str) -> HTTPResponse:
        with web.change() as change:
            whole = people.get(change.db, person_id)
            if part_id not in whole.merged:
                raise NotFoundError(N_("These two are not joined."))
            _refuse_agents(web, whole, people.part(change.db, part_id))
            people.split(change, part_id)
            audit.record(change, web.user().id, "person.split", part_id, separated_from=person_id)
        web.flash(N_("They are two people again."))
        return web.redirect(f"/people/{person_id}")


def _refuse_agents(web: Web, one: Person, other: Person) -> None:
    """ForbiddenError for an agent who would let a blocked person in, or give somebody priority."""
    is_same = (one.blocked, one.priority) == (other.blocked, other.priority)
    if not is_same and not web.user().may("supervisor"):
        raise ForbiddenError(
            N_("Only one of these two is blocked or has priority."), N_("Ask a supervisor to do this.")
        )


def _shown(web: Web, person: Person) -> dict[str, Any]:
    """A person as the confirmations show them."""
    names = web.visit.language.locale.languages
    with web.store.read() as db:
        last = last_contact(db, person)
    return {
        "person": person,
        "title": title(web, person),
        "language": str(names.get(person.language, person.language)),
        "last": last,
    }


def _numbers(web: Web) -> dict[str, Any]:
    return {"number": lambda value: labels.number(value, web.site().country)}
