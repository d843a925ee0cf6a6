"""/account: everybody's own page: password, language, and what to type into a desk phone."""

from __future__ import annotations

from typing import Any

from bottle import HTTPResponse, request

from appliance.errors import RejectedError, TransientError
from appliance.store import audit, passwords, secrets, users
from appliance.store.diversions import Diversion
from appliance.webui import phone_code_words
from appliance.webui.i18n import N_
from appliance.webui.pages import diversions
from appliance.webui.pages.login import repeated
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the routes."""

    @web.get("/account")
    def account() -> str:
        return show(web)

    @web.post("/account/language")
    def language() -> HTTPResponse:
        codes = ["", *(one.code for one in web.languages.all)]
        code = web.form.choice("language", codes)
        with web.change() as change:
            users.set_language(change, web.user().id, code)
        web.visit.language = web.languages.choose(code, web.site().language)
        web.flash(N_("Your language is saved."))
        return web.redirect("/account")

    @web.post("/account/desk-phone")
    def desk_phone() -> str:
        agent_id = web.user().agent_id
        with web.change() as change:
            password = secrets.get(change.db, f"sip:{agent_id}d") if agent_id else None
            audit.record(change, web.user().id, "desk-phone.password", agent_id or "")
        if password is None:
            web.flash(
                N_("There is no password for a desk phone yet: the settings are still being put to use."),
                "warn",
            )
        return show(web, password or "")

    _password(web)


def _password(web: Web) -> None:
    @web.get("/account/password")
    def password() -> str:
        return web.render("account-password.html", password_min=passwords.SHORTEST)

    @web.post("/account/password")
    def new_password() -> Any:
        form, user = web.form, web.user()
        repeated(form)
        if form.ok:
            _change_password(web, user)
        if not form.ok:
            return web.answer(web.render("account-password.html", password_min=passwords.SHORTEST), 422)
        web.flash(N_("Your new password is set. Other browsers were signed out."))
        return web.redirect("/account" if not user.must_change else "/")


def _change_password(web: Web, user: users.User) -> None:
    form, visit = web.form, web.visit
    try:
        users.confirm(web.store, user, form.raw("password_now"), visit.address)
    except (RejectedError, TransientError) as error:
        form.error("password_now", web.say(error))
        return
    if form.raw("password") == form.raw("password_now"):
        form.error("password", N_("This is the old password."))
        return
    try:
        with web.change() as change:
            users.set_password(change, user.id, form.raw("password"), user.id, keep_token=visit.token)
    except RejectedError as error:
        form.error(error.field or "password", web.say(error))


def show(web: Web, desk_password: str = "") -> str:
    """The account page; with the desk phone's password only when it was asked for."""
    user = web.user()
    host = request.headers.get("Host", "")
    # The browser reached the box under this name; a desk phone on the same network reaches it there, too.
    server = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    agent = web.site().agent(user.agent_id) if user.agent_id else None
    diversion = diversions.diversion_of(web, agent.id) if agent else Diversion()
    return web.render(
        "account.html",
        diversion_words=phone_code_words.diversion(diversion, web.gettext),
        agent=agent,
        server=server,
        port=web.settings.sip_port,
        desk_password=desk_password,
        default_language=web.languages.choose(web.site().language).name,
    )
