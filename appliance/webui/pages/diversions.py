"""/diversions: where calls to an agent's extension go instead of ringing. Agents see to their own, and
administrators to everybody's.

It holds at once, without a revision: the phone would set the same with a code (store/diversions.py).
"""

from __future__ import annotations

import re
from typing import Any

from bottle import HTTPResponse

from appliance.errors import ForbiddenError, RejectedError
from appliance.store import countries, live, phone
from appliance.store.diversions import WHEN, Diversion, refuse_unfit
from appliance.store.sitemodel import Agent
from appliance.webui import navigation
from appliance.webui.asking import ask_telephony
from appliance.webui.editing import known
from appliance.webui.i18n import N_
from appliance.webui.web import Web

_PUNCTUATION = re.compile(r"[\s().\-/]")


def routes(web: Web) -> None:
    """Declares the routes."""

    @web.get("/diversions")
    def own() -> HTTPResponse:
        return web.redirect(f"/diversions/{known(web.user().agent_id)}")

    @web.get("/diversions/<agent_id>")
    def page(agent_id: str) -> str:
        agent = _may_see(web, agent_id)
        return _show(web, agent, diversion_of(web, agent.id))

    @web.post("/diversions/<agent_id>")
    def save(agent_id: str) -> Any:
        agent = _may_see(web, agent_id)
        typed = {when: phone.ascii_digits(_PUNCTUATION.sub("", web.form.text(when))) for when in WHEN}
        wanted = Diversion(web.form.text("quiet") == "1", **typed)
        site = web.site()
        country = countries.find_or_generic(site.country, countries.load())
        try:
            refuse_unfit(site, country, agent.id, wanted)
        except RejectedError as error:
            web.form.error(error.field, web.say(error))
            return web.answer(_show(web, agent, wanted), 422)
        told = ask_telephony(
            web,
            "divert",
            {"agent": agent.id, "quiet": "1" if wanted.quiet else "0", **typed},
            action="agent.divert",
            subject=agent.id,
            done=N_("Saved. It holds from the next call on."),
        )
        web.visit.notices.append(told)
        return web.redirect(f"/diversions/{agent.id}")


def diversion_of(web: Web, agent_id: str) -> Diversion:
    """As the telephone service last told it."""
    with web.store.read() as db:
        return Diversion.of(live.snapshot(db).rows["divert"].get(agent_id, {}))


def _may_see(web: Web, agent_id: str) -> Agent:
    user = web.user()
    if user.agent_id != agent_id and not navigation.allows(user.role, "administrator"):
        raise ForbiddenError(N_("You may see to your own calls only."))
    return known(web.site().agent(agent_id))


def _show(web: Web, agent: Agent, diversion: Diversion) -> str:
    return web.render(
        "diversions.html",
        agent=agent,
        diversion=diversion,
        is_own=web.user().agent_id == agent.id,
    )
