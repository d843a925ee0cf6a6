"""GET /: leads each user to the place where his work is, and a new box to its wizard."""

from __future__ import annotations

from bottle import HTTPResponse

from appliance.webui.navigation import home_of
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the route."""

    @web.get("/")
    def home() -> HTTPResponse:
        user = web.user()
        if user.may("administrator") and web.site_number() == 0:
            return web.redirect("/setup")
        return web.redirect(home_of(user.role, bool(user.agent_id)))
