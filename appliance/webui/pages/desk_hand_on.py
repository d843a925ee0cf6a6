"""POST /desk/hand-on: an agent hands on whom he talks to, to a colleague, a queue or a number, at once or
after asking there; or takes the caller back meanwhile. The answer is in words, for static/hand_on.js.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from bottle import HTTPResponse

from appliance.errors import ForbiddenError
from appliance.store import phone
from appliance.webui.asking import ask_telephony
from appliance.webui.i18n import N_
from appliance.webui.web import Web

QUEUE = "queue:"
"""What stands before a queue's id where colleagues have their internal numbers."""


@dataclass(frozen=True)
class Place:
    """Somewhere to hand a call on to: what the form sends for it, and its name."""

    value: str
    name: str


@dataclass(frozen=True)
class Places:
    """All that have names; anybody else has a number."""

    colleagues: tuple[Place, ...]
    queues: tuple[Place, ...]


def routes(web: Web) -> None:
    """Declares the route."""

    @web.post("/desk/hand-on")
    def hand_on() -> HTTPResponse:
        agent_id = web.user().agent_id
        if agent_id is None:
            raise ForbiddenError(
                N_("Your account does not answer calls."), N_("An administrator can change that.")
            )
        how, to = web.form.text("how"), phone.ascii_digits(web.form.text("to"))
        if how == "back":
            kind, args, done = "take_back", {}, N_("You are with the caller again.")
        elif to.startswith(QUEUE):
            kind, args, done = "hand_on", {"queue": to.removeprefix(QUEUE)}, N_("The call was handed on.")
        elif how == "ask":
            kind, args = "hand_on", {"number": to, "ask": "1"}
            done = N_("Your phone calls there. Hang up to connect both, or take the caller back.")
        else:
            kind, args, done = "hand_on", {"number": to}, N_("The call was handed on.")
        result = ask_telephony(
            web, kind, {"agent": agent_id, "call": web.form.text("call"), **args}, done=done
        )
        answer = {"words": result.text, "done": result.kind == "good"}
        return web.answer(json.dumps(answer), content_type="application/json")


def places(web: Web, agent_id: str) -> Places:
    """Where this agent may hand calls on to by name."""
    site = web.site()
    others = [one for one in site.agents if one.id != agent_id]
    return Places(
        tuple(Place(one.extension, f"{one.name} ({one.extension})") for one in others),
        tuple(Place(f"{QUEUE}{one.id}", one.name) for one in site.queues),
    )
