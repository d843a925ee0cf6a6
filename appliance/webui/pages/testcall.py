"""POST /test-call: the built-in caller rings in, so that anybody can see a call without a phone or a
provider.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from appliance.store import audit, requests
from appliance.webui.i18n import N_
from appliance.webui.visit import Notice
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
        sentence = words(outcome, web.gettext)
        if web.is_fragment:
            return web.answer(web.render("test-call.html", test_call=sentence))
        web.visit.notices.append(Notice(sentence, "good" if outcome.state == "done" else "bad"))
        return web.back()


def words(request: requests.Request, say: Callable[[str], str]) -> str:
    """What became of the request, for whoever asked."""
    if request.state == "done":
        return say(N_("It is ringing."))
    reason = [say(str(request.result[name])) for name in ("error", "hint") if request.result.get(name)]
    if request.state == "failed":
        return " ".join(reason) or say(N_("The test call did not work."))
    return say(N_("The telephone service does not answer just now. Try again in a moment."))
