"""/users: who may sign in, and as what."""

from __future__ import annotations

from typing import Any

from bottle import HTTPResponse

from appliance.errors import ConflictError, RejectedError
from appliance.store import users
from appliance.store.forms import AlreadySent
from appliance.webui.i18n import N_
from appliance.webui.web import Web
from appliance.webui.wizard import NewPerson, one_time_password

ROLE_NAMES = {
    "agent": N_("Agent"),
    "supervisor": N_("Supervisor"),
    "administrator": N_("Administrator"),
}
ROLE_WORDS = {
    "agent": N_("Answers calls; sees the own calls and the people."),
    "supervisor": N_("Also sees the live view, all calls and recordings."),
    "administrator": N_("Also changes settings and accounts."),
}


def routes(web: Web) -> None:
    """Declares the routes."""

    @web.get("/users", "administrator")
    def listing() -> str:
        with web.store.read() as db:
            everybody = users.every(db)
        return web.render("users.html", everybody=everybody, role_names=ROLE_NAMES)

    @web.get("/users/new", "administrator")
    def new() -> str:
        return show(web, None)

    @web.post("/users/new", "administrator")
    def create() -> Any:
        form, password = web.form, one_time_password()
        name, login = form.required("name"), form.required("login")
        if form.ok:
            try:
                with web.change() as change:
                    users.create(
                        change,
                        login,
                        name,
                        form.text("role"),
                        password,
                        language=form.text("language"),
                        agent_id=form.text("agent_id") or None,
                        must_change=True,
                        by=web.user().id,
                    )
            except RejectedError as error:
                form.error(error.field or "login", web.say(error))
        if not form.ok:
            return web.answer(show(web, None), 422)
        return web.answer(web.render("users-password.html", passwords=[NewPerson(name, login, password)]))

    @web.get("/users/<user_id>", "administrator")
    def one(user_id: str) -> str:
        with web.store.read() as db:
            return show(web, users.get(db, user_id))

    _changes(web)


def _changes(web: Web) -> None:
    @web.post("/users/<user_id>", "administrator")
    def update(user_id: str) -> Any:
        form = web.form
        try:
            with web.change() as change:
                _refuse_stale(web, users.get(change.db, user_id))
                users.update(
                    change,
                    user_id,
                    form.text("name"),
                    form.text("role"),
                    language=form.text("language"),
                    agent_id=form.text("agent_id") or None,
                    by=web.user().id,
                )
        except AlreadySent:
            raise
        except (RejectedError, ConflictError) as error:
            form.error(getattr(error, "field", ""), web.say(error))
            status = 409 if isinstance(error, ConflictError) else 422
            with web.store.read() as db:
                return web.answer(show(web, users.get(db, user_id)), status)
        web.flash(N_("The account is saved."))
        return web.redirect("/users")

    @web.post("/users/<user_id>/password", "administrator")
    def new_password(user_id: str) -> HTTPResponse:
        password = one_time_password()
        with web.change() as change:
            user = users.get(change.db, user_id)
            users.set_password(
                change, user_id, password, web.user().id, must_change=True, keep_token=_own(web, user_id)
            )
        return web.answer(
            web.render("users-password.html", passwords=[NewPerson(user.name, user.login, password)])
        )

    @web.post("/users/<user_id>/disabled", "administrator")
    def disabled(user_id: str) -> HTTPResponse:
        wanted = web.form.text("disabled") == "1"
        if user_id == web.user().id:
            raise RejectedError(N_("You cannot lock yourself out."))
        with web.change() as change:
            users.set_disabled(change, user_id, wanted, web.user().id)
        web.flash(
            N_("The account can no longer sign in.") if wanted else N_("The account can sign in again.")
        )
        return web.redirect(f"/users/{user_id}")


def _refuse_stale(web: Web, user: users.User) -> None:
    """ConflictError if somebody else has changed the account since the form was opened."""
    if web.form.text("seen", seen(web, user)) != seen(web, user):
        answers = web.site().agent(user.agent_id or "")
        raise ConflictError(
            N_("Somebody else has changed this account meanwhile: {name}, {role}, {agent}."),
            N_("Look again, then save."),
            name=user.name,
            role=web.gettext(ROLE_NAMES[user.role]),
            agent=answers.name if answers else "–",
        )


def seen(web: Web, user: users.User) -> str:
    """What the form was opened with, as a mark; passwords and locks are not part of the form."""
    return web.signer.mark("user", f"{user.name}\0{user.role}\0{user.language}\0{user.agent_id}")


def _own(web: Web, user_id: str) -> str:
    return web.visit.token if user_id == web.user().id else ""


def show(web: Web, user: users.User | None) -> str:
    """The form of one account, or of a new one."""
    words = web.gettext
    with web.store.read() as db:
        taken = {other.agent_id for other in users.every(db) if user is None or other.id != user.id}
    return web.render(
        "user.html",
        account=user,
        seen=seen(web, user) if user else "",
        roles=[(role, words(ROLE_NAMES[role]), words(ROLE_WORDS[role])) for role in users.ROLES],
        agents=[("", words(N_("Nobody: does not answer calls")))]
        + [
            (agent.id, f"{agent.name} ({agent.extension})")
            for agent in web.site().agents
            if agent.id not in taken
        ],
        language_options=[("", words(N_("As the business")))]
        + [(language.code, language.name) for language in web.languages.all],
    )
