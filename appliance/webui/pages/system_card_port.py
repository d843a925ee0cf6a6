"""/system/cards/port: one port of a telephone card, how it is and what went wrong on it. For administrators.

A port is named by its key, as in socket_words.py: what a card calls itself may hold any sign, so that it is
no part of the path.
"""

from __future__ import annotations

from appliance.errors import NotFoundError
from appliance.store import live, now_ms, port_history
from appliance.webui import brackets, card_words, port_charts
from appliance.webui.i18n import N_
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the routes."""

    def render(template: str) -> str:
        site, key, now = web.site(), web.query("socket"), now_ms()
        days = 7 if web.query("days") == "7" else 1
        with web.store.read() as db:
            found = card_words.now(live.snapshot(db).rows, site)
            quarters = port_history.of_port(db, key, port_charts.since(days, now))
        card, plug = _plug(brackets.everything(found, site), key)
        return web.render(
            template,
            card=card,
            plug=plug,
            days=days,
            periods=[(1, web.gettext(N_("One day"))), (7, web.gettext(N_("Seven days")))],
            history=port_charts.draw(quarters, days, now),
            series=port_charts.SERIES,
            alarms=port_history.ALARMS,
            height=port_charts.HEIGHT,
        )

    @web.get("/system/cards/port", "administrator")
    def port() -> str:
        return render("system-card-port.html")

    @web.get("/system/cards/port/now", "administrator")
    def port_now() -> str:
        return render("system-card-port-now.html")


def _plug(everything: brackets.Everything, key: str) -> tuple[card_words.CardNow | None, brackets.Plug]:
    for card, bracket in everything:
        for plug in bracket.plugs:
            if key and plug.key == key:
                return card, plug
    raise NotFoundError(N_("This port is not there."))
