"""/trust: how to make each kind of computer and phone trust this box's certificate. For everybody, signed in
or not.

Browsers give the microphone only to pages whose certificate they trust; the box is its own authority, since
it needs no name and no cloud.
"""

from __future__ import annotations

from bottle import request

from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the route."""

    @web.get("/trust", public=True)
    def trust() -> str:
        template = "trust.html" if web.visit.user else "trust-alone.html"
        return web.render(template, mine=system_of(request.headers.get("User-Agent", "")))


def system_of(user_agent: str) -> str:
    """The system whose steps to open first."""
    for word, system in (
        ("Firefox", "firefox"),
        ("Android", "android"),
        ("iPhone", "ios"),
        ("iPad", "ios"),
        ("Windows", "windows"),
        ("Mac OS", "macos"),
        ("Linux", "linux"),
    ):
        if word in user_agent:
            return system
    return "windows"
