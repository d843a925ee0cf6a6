"""Erasing a person for good, after a page that says who it is and what goes. For administrators."""

from __future__ import annotations

import contextlib

from bottle import HTTPResponse

from appliance.errors import ConflictError, TransientError
from appliance.store import people, people_erasure, requests
from appliance.webui import labels
from appliance.webui.i18n import N_
from appliance.webui.pages.people import title
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the routes."""

    @web.get("/people/<person_id>/erase", "administrator")
    def ask(person_id: str) -> str:
        with web.store.read() as db:
            found = people.get(db, person_id)
            extent = people_erasure.extent(db, person_id)
        return web.render(
            "person-erase.html",
            person=found,
            title=title(web, found),
            extent=extent,
            number=lambda value: labels.number(value, web.site().country),
        )

    @web.post("/people/<person_id>/erase", "administrator")
    def erase(person_id: str) -> HTTPResponse:
        _refuse_while_calls_are_missing(web)
        with web.store.read() as db:
            seen = people_erasure.mentions(db, person_id)
        with web.change() as change:
            people_erasure.erase(change, person_id, web.user().id, seen)
        # What it overwrote stands in the log yet; if somebody reads just now, foyer-pbx empties it.
        with contextlib.suppress(TransientError):
            web.store.empty_log()
        web.flash(N_("The person is erased."))
        return web.redirect("/people")


def _refuse_while_calls_are_missing(web: Web) -> None:
    """ConflictError unless every call so far is recorded: one of this person, recorded later, would make them
    anew.
    """
    # Not yet what the form is for: it may be sent again until that is done.
    with web.store.change() as change:
        asked = requests.ask(change, "pbx", "recorded", {}, web.user().id)
    outcome = requests.wait(web.store, asked)
    if outcome.state != "done" or not outcome.result.get("all"):
        raise ConflictError(
            N_("Not every call is recorded yet, and one of this person may be missing."),
            N_("Nobody was erased. Try again in a minute."),
        )
