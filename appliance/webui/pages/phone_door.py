"""GET /phone-door: Caddy asks whether a browser may open a connection to the telephone (/ws).

Asterisk's own web server takes a bounded number of connections, and everybody comes to it from 127.0.0.1.
Only who answers calls gets through, and nobody may open one after the other: a page needs one, and a few more
while its network comes and goes.
"""

from __future__ import annotations

import threading
import time
from collections import deque

from bottle import HTTPResponse, request

from appliance.webui.incoming import refuse_strangers
from appliance.webui.web import Web

MOST = 20  # connections of one user
WITHIN_S = 60.0


class Door:
    """Counts the connections of each user."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._opened: dict[str, deque[float]] = {}

    def admits(self, user_id: str, now_s: float) -> bool:
        """Whether this user may open one more at `now_s` (of a monotonic clock); counts it if so."""
        with self._guard:
            opened = self._opened.setdefault(user_id, deque())
            while opened and opened[0] <= now_s - WITHIN_S:
                opened.popleft()
            if len(opened) >= MOST:
                return False
            opened.append(now_s)
            return True


def routes(web: Web) -> None:
    """Declares the route."""
    door = Door()

    @web.get("/phone-door", public=True)
    def phone_door() -> HTTPResponse:
        refuse_strangers(request)
        user = web.visit.user
        if user is None:
            return web.answer("", 401)
        if user.agent_id is None or user.must_change:
            return web.answer("", 403)
        if not door.admits(user.id, time.monotonic()):
            answer = web.answer("", 429)
            answer.set_header("Retry-After", str(round(WITHIN_S)))
            return answer
        return web.answer("", 204)
