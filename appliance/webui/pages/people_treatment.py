"""How a person's calls are treated: whether they come first, and whether they are turned away. For
supervisors.
"""

from __future__ import annotations

from bottle import HTTPResponse

from appliance.store import audit, people
from appliance.webui.i18n import N_
from appliance.webui.pages.people import title
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the routes."""

    @web.post("/people/<person_id>/priority", "supervisor")
    def priority(person_id: str) -> HTTPResponse:
        with web.change() as change:
            before = people.get(change.db, person_id)
            people.set_priority(change, person_id, web.form.text("priority"))
            if web.form.text("priority") != before.priority:
                audit.record(change, web.user().id, "person.priority", before.id, was=before.priority)
        web.flash(N_("Saved."))
        return web.redirect(f"/people/{person_id}")

    @web.get("/people/<person_id>/block", "supervisor")
    def ask(person_id: str) -> str:
        with web.store.read() as db:
            found = people.get(db, person_id)
        return web.render("person-block.html", person=found, title=title(web, found))

    @web.post("/people/<person_id>/block", "supervisor")
    def block(person_id: str) -> HTTPResponse:
        is_blocked = web.form.text("blocked") == "1"
        with web.change() as change:
            before = people.get(change.db, person_id)
            if is_blocked != before.blocked:
                people.set_blocked(change, person_id, is_blocked)
                action = "person.block" if is_blocked else "person.unblock"
                audit.record(change, web.user().id, action, before.id)
        web.flash(N_("The calls are turned away from now on.") if is_blocked else N_("They can call again."))
        return web.redirect(f"/people/{person_id}")
