"""/settings/agents: who answers calls, under which internal number, in which queues, and signed in as
whom.
"""

from __future__ import annotations

from functools import partial

from appliance.store import Change, countries, secrets, users
from appliance.store.sitemodel import Agent, Site
from appliance.webui import phone_code_words, site_forms
from appliance.webui.calls_out_words import KINDS
from appliance.webui.editing import Extra, Kind, based_on, item_routes, known
from appliance.webui.i18n import N_
from appliance.webui.pages import diversions
from appliance.webui.web import Web
from appliance.webui.wizard import NewPerson, one_time_password


def routes(web: Web) -> None:
    """Declares the routes."""

    def show(agent_id: str) -> str:
        site = web.site()
        country = countries.find_or_generic(site.country, countries.load())
        agent = (
            Agent("", "", site_forms.free_extension(site, country))
            if agent_id == "new"
            else known(site.agent(agent_id))
        )
        with web.store.read() as db:
            account = users.of_agent(db, agent.id) if agent.id else None
        member_of = [queue.id for queue in site.queues if agent.id in queue.agents]
        return web.render(
            "settings-agent.html",
            agent=agent,
            account=account,
            permit=next((one for one in site.outbound.permits if one.agent_id == agent.id), None),
            everybody=site.outbound.kinds,
            kinds=KINDS,
            diversion_words=phone_code_words.diversion(diversions.diversion_of(web, agent.id), web.gettext),
            member_of=member_of if agent.id else [queue.id for queue in site.queues],
            number=based_on(web),
        )

    def saving(agent_id: str) -> Extra:
        login = web.form.text("login")
        if not login:
            return Extra()
        _check_login(web, login)
        return Extra(
            [web.gettext(N_("A new account “%(login)s” to sign in with"), login=login)],
            partial(_account_for, web, login, agent_id),
        )

    def removing(agent_id: str) -> Extra:
        with web.store.read() as db:
            account = users.of_agent(db, agent_id)
        return Extra([_what_happens_to(web, account)] if account else [], partial(_part_with, web, agent_id))

    item_routes(web, Kind("agents", "a", show, site_forms.agent, saving, removing))


def _check_login(web: Web, login: str) -> None:
    with web.store.read() as db:
        taken = any(user.login == login.casefold() for user in users.every(db))
    if taken:
        web.form.error("login", N_("Another user has this login."))
    elif not users.is_login(login):
        web.form.error("login", N_("A login has letters a to z, digits and . _ @ - only."))


def _account_for(web: Web, login: str, agent_id: str, change: Change, site: Site) -> list[NewPerson]:
    agent = site.agent(agent_id)
    if not login or agent is None:
        return []
    password = one_time_password()
    users.create(
        change, login, agent.name, "agent", password, agent_id=agent_id, must_change=True, by=web.user().id
    )
    return [NewPerson(agent.name, login, password)]


def _what_happens_to(web: Web, account: users.User) -> str:
    if account.role == "agent":
        return web.gettext(N_("The account “%(login)s” can no longer sign in"), login=account.login)
    return web.gettext(N_("The account “%(login)s” no longer answers calls"), login=account.login)


def _part_with(web: Web, agent_id: str, change: Change, _site: Site) -> list[NewPerson]:
    by = web.user().id
    account = users.of_agent(change.db, agent_id)
    if account is not None:
        users.update(
            change, account.id, account.name, account.role, language=account.language, agent_id=None, by=by
        )
        if account.role == "agent":
            users.set_disabled(change, account.id, True, by)
    for name in (f"sip:{agent_id}", f"sip:{agent_id}d"):
        secrets.drop(change, name)
    return []
