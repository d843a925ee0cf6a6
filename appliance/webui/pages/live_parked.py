"""The calls that are parked: who, how a phone fetches them, who parked them. /live/parked is a part of the
live page, for supervisors; /desk/parked is a part of the desk, where an agent takes one with a button.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from bottle import HTTPResponse

from appliance.errors import ForbiddenError
from appliance.store import live, now_ms
from appliance.store.feature_codes import PLACES, place_code
from appliance.webui import board, labels
from appliance.webui.asking import ask_telephony
from appliance.webui.board import Who
from appliance.webui.i18n import N_
from appliance.webui.web import Web

ABOUT = " ".join(map(str, PLACES))
"""What news of parked calls are about."""


@dataclass(frozen=True)
class Parked:
    """Somebody who waits to be fetched: the place, the code that a phone dials for it, and who parked the
    call (a name, "" if nobody knows).
    """

    place: str
    code: str
    who: Who
    by: str
    since: int


def routes(web: Web) -> None:
    """Declares the routes."""

    @web.get("/live/parked", "supervisor")
    def parked() -> str:
        return web.render("live-parked.html", parked=now(web), now=now_ms())

    @web.get("/desk/parked")
    def on_desk() -> str:
        _agent_id(web)
        return web.render("live-parked.html", parked=now(web), now=now_ms(), takes=True)

    @web.post("/desk/parked")
    def take() -> HTTPResponse:
        args = {"agent": _agent_id(web), "place": web.form.text("place")}
        result = ask_telephony(web, "fetch_parked", args, done=N_("Your phone connects you with the call."))
        if web.is_fragment:
            answer = {"words": result.text, "done": result.kind == "good"}
            return web.answer(json.dumps(answer), content_type="application/json")
        web.visit.notices.append(result)
        return web.redirect("/desk")


def _agent_id(web: Web) -> str:
    agent_id = web.user().agent_id
    if agent_id is None:
        raise ForbiddenError(
            N_("Your account does not answer calls."), N_("An administrator can change that.")
        )
    return agent_id


def now(web: Web) -> list[Parked]:
    """All parked calls, by their places."""
    site = web.site()
    with web.store.read() as db:
        return [
            Parked(
                place,
                place_code(place),
                board.find(db, site, str(row["number"]), str(row["name"])),
                labels.agent_name(site, str(row["agent"])),
                int(row["since"]),
            )
            for place, row in sorted(live.snapshot(db).rows["parked"].items())
        ]
