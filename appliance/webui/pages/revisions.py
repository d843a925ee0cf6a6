"""/revisions: who changed what in the settings and when, how far it is, and the way back to any of them."""

from __future__ import annotations

from dataclasses import dataclass

from bottle import HTTPResponse
from sqlite_utils import Database

from appliance.errors import ConflictError, NotFoundError
from appliance.store import site as sites
from appliance.store.forms import AlreadySent
from appliance.store.site import Revision
from appliance.store.sitemodel import Site
from appliance.webui.applied import report, state_of
from appliance.webui.differences import Difference, differences
from appliance.webui.i18n import N_
from appliance.webui.incoming import whole_number
from appliance.webui.web import Web

PAGE = 25


@dataclass(frozen=True)
class Row:
    """A revision as the list shows it; `state` is that of applied.state_of, or "past" for one that is no
    longer wanted.
    """

    revision: Revision
    who: str
    state: str
    found: list[Difference]


def routes(web: Web) -> None:
    """Declares the routes."""

    @web.get("/revisions", "administrator")
    def listing() -> str:
        before = web.query("before")
        with web.store.read() as db:
            found = sites.history(db, PAGE + 1, whole_number(before))
            wanted = sites.desired(db)
            documents = Documents(db)
            rows = [_row(web, documents, revision, wanted) for revision in found[:PAGE]]
        older = f"/revisions?before={found[PAGE - 1].number}" if len(found) > PAGE else ""
        return web.render(
            "revisions.html", rows=rows, wanted=wanted, older=older, newest="/revisions" if before else ""
        )

    def show(number: int, *, is_late: bool = False) -> str:
        with web.store.read() as db:
            found = next(iter(sites.history(db, 1, number + 1)), None)
            if found is None or found.number != number:
                raise NotFoundError("There is no such revision.")
            wanted, newest = sites.desired(db), sites.head_number(db)
            documents = Documents(db)
            row = _row(web, documents, found, wanted)
            back = differences(documents.get(newest), documents.get(number), web.visit.language)
        return web.render(
            "revision.html",
            row=row,
            report=report(web, number),
            is_wanted=number == wanted,
            newest=newest,
            back=back,
            is_late=is_late,
        )

    @web.get("/revisions/<number:int>", "administrator")
    def one(number: int) -> str:
        return show(number)

    @web.post("/revisions/<number:int>/undo", "administrator")
    def undo(number: int) -> HTTPResponse:
        seen = whole_number(web.form.text("based_on"))
        try:
            with web.change() as change:
                saved = sites.undo_to(change, number, web.user().id, 0 if seen is None else seen)
        except AlreadySent:
            raise
        except ConflictError:
            return web.answer(show(number, is_late=True), 409)
        web.flash(N_("The settings of number %(number)s are wanted again."), number=number)
        return web.redirect(f"/settings/saved/{saved}")


class Documents:
    """Revisions, each read and checked once while a page is made."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._known: dict[int, Site] = {}

    def get(self, number: int) -> Site:
        """The document of a revision."""
        if number not in self._known:
            self._known[number] = sites.revision(self.db, number)
        return self._known[number]


def _row(web: Web, documents: Documents, revision: Revision, wanted: int) -> Row:
    state = state_of(documents.db, revision.number)
    before, after = documents.get(revision.number - 1), documents.get(revision.number)
    past = state == "live" and revision.number != wanted
    found = differences(before, after, web.visit.language)
    return Row(revision, web.who(revision.who), "past" if past else state, found)
