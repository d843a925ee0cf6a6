"""/system/cards/wiring: a sheet to be printed and left at the patch panel. For administrators.

A PDF of it is made by the browser's own printing, which knows every script that names are written in. What
Debian has for that costs 28 MB and more on the image (fpdf2, ReportLab, WeasyPrint), or is a kit to draw with
(Pango and Cairo, 6 MB with a Thai font), for which this page would have to be laid out once more.
"""

from __future__ import annotations

from appliance.store import live, now_ms
from appliance.webui import card_words, wiring
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the route."""

    @web.get("/system/cards/wiring", "administrator")
    def sheet() -> str:
        site = web.site()
        with web.store.read() as db:
            found = card_words.now(live.snapshot(db).rows, site)
        return web.render(
            "system-wiring.html",
            sheets=wiring.sheets(found, site),
            plugs=wiring.plugs(found),
            several=wiring.SEVERAL,
            printed=now_ms(),
        )
