"""POST /call-out: an agent calls a number, typed on the desk or found on the page of a person or a call.

The box rings the agent's own phone first; the one in the browser answers by itself (static/phone.js). The
call gets its id here, so that the desk knows it from the first ring on.
"""

from __future__ import annotations

import uuid
from typing import Any

from appliance.errors import ForbiddenError
from appliance.store import phone
from appliance.webui.asking import ask_telephony
from appliance.webui.i18n import N_
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the route."""

    @web.post("/call-out")
    def call_out() -> Any:
        agent_id = web.user().agent_id
        if agent_id is None:
            raise ForbiddenError(
                N_("Your account does not answer calls."), N_("An administrator can change that.")
            )
        number = phone.ascii_digits(web.form.text("number"))
        args = {"agent": agent_id, "number": number, "call": str(uuid.uuid4())}
        result = ask_telephony(web, "originate", args, done=N_("Your phone connects you with the number."))
        if web.is_fragment:
            fixed = web.form.text("number") if web.form.has("fixed") else ""
            return web.answer(web.render("call-out.html", number=fixed, called=result))
        web.visit.notices.append(result)
        return web.back()
