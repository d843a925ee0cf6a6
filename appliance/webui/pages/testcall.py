"""POST /test-call: the built-in caller rings in, so that anybody can see a call without a phone or a
provider.
"""

from __future__ import annotations

from typing import Any

from appliance.webui.asking import ask_telephony
from appliance.webui.i18n import N_
from appliance.webui.web import Web

RINGING = N_("It is ringing.")


def routes(web: Web) -> None:
    """Declares the route."""

    @web.post("/test-call", "supervisor")
    def test_call() -> Any:
        number = web.form.text("number")
        args = {"number": number} if number else {}
        result = ask_telephony(web, "test_call", args, done=RINGING, action="test-call")
        if web.is_fragment:
            return web.answer(web.render("test-call.html", test_call=result.text))
        web.visit.notices.append(result)
        return web.back()
