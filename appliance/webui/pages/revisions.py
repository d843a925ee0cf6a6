"""/revisions: who changed what in the settings and when, how far it is, and the way back to any of them."""

from __future__ import annotations

from dataclasses import dataclass

from bottle import HTTPResponse
from sqlite_utils import Database

from appliance.errors import NotFoundError
from appliance.store import site as sites
from appliance.store.site import Revision
from appliance.webui.applied import report, state_of
from appliance.webui.differences import Difference, differences
from appliance.webui.i18n import N_
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
            found = sites.history(db, PAGE + 1, int(before) if before.isdecimal() else None)
            wanted = sites.desired(db)
            rows = [_row(web, db, revision, wanted) for revision in found[:PAGE]]
        older = f"/revisions?before={found[PAGE - 1].number}" if len(found) > PAGE else ""
        return web.render(
            "revisions.html", rows=rows, wanted=wanted, older=older, newest="/revisions" if before else ""
        )

    @web.get("/revisions/<number:int>", "administrator")
    def one(number: int) -> str:
        with web.store.read() as db:
            found = next(iter(sites.history(db, 1, number + 1)), None)
            if found is None or found.number != number:
                raise NotFoundError("There is no such revision.")
            wanted, newest = sites.desired(db), sites.head_number(db)
            row = _row(web, db, found, wanted)
            back = differences(sites.head(db)[1], sites.revision(db, number), web.visit.language)
        return web.render(
            "revision.html",
            row=row,
            report=report(web, number),
            is_wanted=number == wanted,
            newest=newest,
            back=back,
        )

    @web.post("/revisions/<number:int>/undo", "administrator")
    def undo(number: int) -> HTTPResponse:
        with web.change() as change:
            saved = sites.undo_to(change, number, web.user().id)
        web.flash(N_("The settings of number %(number)s are wanted again."), number=number)
        return web.redirect(f"/settings/saved/{saved}")


def _row(web: Web, db: Database, revision: Revision, wanted: int) -> Row:
    state = state_of(db, revision.number)
    before = sites.revision(db, revision.number - 1)
    found = differences(before, sites.revision(db, revision.number), web.visit.language)
    past = state == "live" and revision.number != wanted
    return Row(revision, web.who(revision.who), "past" if past else state, found)
