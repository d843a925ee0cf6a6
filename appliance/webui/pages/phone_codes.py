"""/phone-codes: what can be dialled on an office phone beside numbers. For everybody; made to be printed."""

from __future__ import annotations

from appliance.webui import phone_code_words
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the route."""

    @web.get("/phone-codes")
    def codes() -> str:
        site = web.site()
        rows = list(phone_code_words.rows(site, web.gettext))
        keys = list(phone_code_words.during_calls(web.gettext))
        return web.render("phone-codes.html", rows=rows, keys=keys, numbers=phone_code_words.numbers(site))
