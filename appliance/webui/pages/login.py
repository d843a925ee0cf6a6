"""/login, /logout, /recover and /language: signing in and out, a new password by the one-time password, a
visitor's language.
"""

from __future__ import annotations

import json
from typing import Any

from bottle import HTTPResponse, request

from appliance.errors import RejectedError, TransientError
from appliance.store import audit, users
from appliance.webui import cookies
from appliance.webui.i18n import N_
from appliance.webui.incoming import safe_path
from appliance.webui.one_time import OneTimePassword
from appliance.webui.web import Web

_A_YEAR_S = 365 * 24 * 3600


def routes(web: Web) -> None:
    """Declares the routes."""
    _login(web)
    _recover(web)

    @web.post("/logout", public=True)
    def logout() -> HTTPResponse:
        with web.change() as change:
            web.sessions.end(change, web.visit)
        return web.redirect("/login")

    @web.post("/language", public=True)
    def language() -> HTTPResponse:
        code = web.form.choice("language", [language.code for language in web.languages.all], "")
        if code:
            web.visit.headers.append(cookies.set_cookie(cookies.LANGUAGE, code, _A_YEAR_S))
        return web.redirect(safe_path(web.form.text("next", "/")))


def _login(web: Web) -> None:
    @web.get("/login", public=True)
    def login() -> Any:
        if web.sessions.needs_setup():
            return web.redirect("/setup")
        if web.visit.user is not None:
            return web.redirect(safe_path(web.query("next", "/")))
        return web.render("login.html", next=safe_path(web.query("next", "/")), kept=[], failed="")

    @web.post("/login", public=True)
    def sign_in() -> Any:
        form, visit = web.form, web.visit
        wanted, kept = safe_path(form.text("next", "/")), kept_pairs(form.raw("kept"))
        try:
            user = users.authenticate(
                web.store,
                form.text("login"),
                form.raw("password"),
                visit.address,
                web.sessions.known(request),
            )
        except (RejectedError, TransientError) as error:
            page = web.render("login.html", next=wanted, kept=kept, failed=web.say(error))
            return web.answer(page, 429 if isinstance(error, TransientError) else 422)
        with web.change() as change:
            web.sessions.start(change, visit, user)
        if kept and not user.must_change:
            return web.send_again(wanted, kept)
        return web.redirect(wanted)


def _recover(web: Web) -> None:
    password = OneTimePassword(web.settings, web.store)

    @web.get("/recover", public=True)
    def recover() -> Any:
        return web.redirect("/setup") if web.sessions.needs_setup() else web.render("recover.html")

    @web.post("/recover", public=True)
    def set_new_password() -> Any:
        form = web.form
        try:
            password.check(form.text("password_once"), web.visit.address)
            repeated(form)
            if form.ok:
                _reset(web, password)
        except (RejectedError, TransientError) as error:
            form.error(getattr(error, "field", "password_once") or "login", web.say(error))
        if not form.ok:
            return web.answer(web.render("recover.html"), 422)
        password.remove()
        web.flash(N_("The new password is set. Sign in with it."))
        return web.redirect("/login")


def _reset(web: Web, password: OneTimePassword) -> None:
    login = web.form.text("login").casefold()
    with web.change() as change:
        found = next((user for user in users.every(change.db) if user.login == login), None)
        if found is None or found.role != "administrator":
            raise RejectedError(N_("There is no administrator of this name."), field="login")
        password.use(change)
        users.set_password(change, found.id, web.form.raw("password"), found.id)
        if found.disabled:
            users.set_disabled(change, found.id, False, found.id)
        audit.record(change, found.id, "user.recover", found.id, address=web.visit.address)


def repeated(form: Any) -> None:
    """An error beside the second field if the two passwords differ."""
    if form.raw("password") != form.raw("password_again"):
        form.error("password_again", N_("The two passwords differ."))


def kept_pairs(text: str) -> list[tuple[str, str]]:
    """The fields that the sign-in page carried along; nothing if they are damaged."""
    try:
        rows = json.loads(text) if text else []
        return [(str(name), str(value)) for name, value in rows]
    except (ValueError, TypeError):
        return []
