"""GET /health: whether this process and its database answer. For systemd, tests and the curious; no
session.
"""

from __future__ import annotations

from bottle import HTTPResponse

from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the route."""

    @web.get("/health", public=True)
    def health() -> HTTPResponse:
        with web.store.read() as db:
            db.execute("SELECT 1").fetchone()
        return web.answer("ok\n", content_type="text/plain; charset=utf-8")
