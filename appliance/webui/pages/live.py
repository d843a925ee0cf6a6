"""/live: the queues and the agents as they are now, and how the day went. For supervisors.

The board is made once for each event that changes it, however many browsers show it.
"""

from __future__ import annotations

import threading

from appliance.store import now_ms
from appliance.webui.board import Board, Latest
from appliance.webui.web import Web


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
        return web.render("live.html", html=html, event_id=event_id)

    @web.get("/live/board", "supervisor")
    def live_board() -> str:
        return pages.get()[1]
