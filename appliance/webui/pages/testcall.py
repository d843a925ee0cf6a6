"""POST /test-call: the built-in caller rings in, so that anybody can see a call without a phone or a
provider.
"""

from __future__ import annotations

from typing import Any

from appliance.store import audit, requests
from appliance.webui.i18n import N_
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the route."""

    @web.post("/test-call", "supervisor")
    def test_call() -> Any:
        number = web.form.text("number")
        with web.change() as change:
            args = {"number": number} if number else {}
            asked = requests.ask(change, "pbx", "test_call", args, web.user().id)
            audit.record(change, web.user().id, "test-call")
        outcome = requests.wait(web.store, asked)
        sentence, kind = words(outcome), "good" if outcome.state == "done" else "bad"
        if web.is_fragment:
            return web.answer(web.render("test-call.html", test_call=web.gettext(sentence)))
        web.flash(sentence, kind)
        return web.back()


def words(request: requests.Request) -> str:
    """What became of the request, as a msgid."""
    if request.state == "done":
        return N_("It is ringing.")
    if request.state == "failed":
        return str(request.result.get("error") or N_("The test call did not work."))
    return N_("The telephone exchange does not answer just now. Try again in a moment.")
