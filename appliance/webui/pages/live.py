"""/live: the queues, the agents and the phone lines as they are now, and how the day went; /live/end ends a
call. For supervisors.

The board is made once for each event that changes it, however many browsers show it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from bottle import HTTPResponse

from appliance.store import conversations, now_ms
from appliance.store import live as live_rows
from appliance.store.records import Conversation
from appliance.webui import board, labels
from appliance.webui.asking import ask_telephony
from appliance.webui.board import Board, Latest, Who
from appliance.webui.i18n import N_
from appliance.webui.pages import live_hours, live_parked
from appliance.webui.web import Web


@dataclass(frozen=True)
class GoingOn:
    """A call that a supervisor looks at before ending it: the other side, who of us is in it (names), the
    queue's name, since when (ms), and its record, which comes a moment later than the call.
    """

    call: str
    who: Who
    agents: str
    queue: str
    since: int | None
    conversation: Conversation | None


class Pages:
    """The last board as HTML, in each language that somebody reads."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._latest = Latest(web.store)
        self._guard = threading.Lock()
        self._html: dict[str, tuple[Board, str]] = {}

    def get(self) -> tuple[int, str]:
        """The id of the newest event in it, and the board in the reader's language."""
        web = self._web
        event_id, board = self._latest.get(web.site(), web.visit.zone, now_ms())
        with self._guard:
            made = self._html.get(web.visit.language.code)
            if made is None or made[0] is not board:
                made = (board, web.render("live-board.html", board=board))
                self._html[web.visit.language.code] = made
        return event_id, made[1]


def routes(web: Web) -> None:
    """Declares the routes."""
    pages = Pages(web)

    @web.get("/live", "supervisor")
    def live() -> str:
        event_id, html = pages.get()
        more = {"hours": live_hours.now(web), "parked": live_parked.now(web), "now": now_ms()}
        return web.render("live.html", html=html, event_id=event_id, **more)

    @web.get("/live/board", "supervisor")
    def live_board() -> str:
        return pages.get()[1]

    _end_call(web)


def _end_call(web: Web) -> None:
    @web.get("/live/end", "supervisor")
    def ask_first() -> str | HTTPResponse:
        found = _going_on(web, web.query("call"))
        return _over(web) if found is None else web.render("live-end.html", call=found, now=now_ms())

    @web.post("/live/end", "supervisor")
    def end() -> HTTPResponse:
        found = _going_on(web, web.form.text("call"))
        if found is None:
            return _over(web)
        result = ask_telephony(
            web,
            "hangup",
            {"call": found.call},
            action="call.end",
            subject=found.conversation.id if found.conversation else found.call,
            done=N_("The call was ended."),
        )
        web.visit.notices.append(result)
        return web.redirect("/live")


def _over(web: Web) -> HTTPResponse:
    web.flash(N_("This call is over already."), "info")
    return web.redirect("/live")


def _going_on(web: Web, call: str) -> GoingOn | None:
    """The call as the live rows know it; None if it is over, or is none."""
    if not board.is_call(call):
        return None
    site = web.site()
    with web.store.read() as db:
        rows = live_rows.snapshot(db).rows
        agents = [name for name, row in rows["agent"].items() if row.get("call") == call]
        row = rows["caller"].get(call) or (rows["agent"][agents[0]] if agents else None)
        if row is None:
            return None
        return GoingOn(
            call,
            board.find(db, site, str(row.get("number", "")), str(row.get("name", ""))),
            ", ".join(labels.agent_name(site, agent) for agent in agents),
            labels.queue_name(site, row.get("queue")),
            row.get("since"),
            conversations.by_external(db, "voice", call),
        )
