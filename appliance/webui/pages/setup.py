"""/setup: the wizard of a new box, one question a page. Its answers and the site made of them are in
wizard.py.

The one-time password opens it; from the administrator's step on, the administrator's own account does. The
draft lives in the store: going back, a reload, another browser or a power cut lose nothing.
"""

from __future__ import annotations

from typing import Any

from bottle import HTTPResponse, request

from appliance.errors import ForbiddenError, RejectedError, TransientError
from appliance.store import countries, passwords, secrets, users
from appliance.store import forms as drafts
from appliance.store import site as sites
from appliance.store.phone import typed_number
from appliance.store.sitemodel import Site
from appliance.webui import cookies, places, wizard
from appliance.webui.applied import report
from appliance.webui.i18n import N_
from appliance.webui.one_time import OneTimePassword
from appliance.webui.pages.login import repeated
from appliance.webui.web import Web
from appliance.webui.wizard import STEPS, NewPerson, one_time_password

_OPEN_S = 24 * 3600


def routes(web: Web) -> None:
    """Declares the routes."""
    password = OneTimePassword(web.settings, web.store)
    _unlock(web, password)

    @web.get("/setup", public=True)
    def setup() -> Any:
        if web.site_number():
            return web.redirect("/")
        if not is_open(web, password):
            return web.redirect("/setup/unlock")
        return web.redirect(f"/setup/{_first_open_step(web)}")

    @web.get("/setup/<step>", public=True)
    def ask(step: str) -> Any:
        return _guarded(web, password, step) or show(web, step)

    @web.post("/setup/<step>", public=True)
    def take(step: str) -> Any:
        if (elsewhere := _guarded(web, password, step)) is not None:
            return elsewhere
        if step == "summary":
            return _finish(web)
        if step == "administrator" and web.visit.user is None:
            _make_administrator(web, password)
        else:
            _keep(web, step)
        if not web.form.ok:
            return web.answer(show(web, step), 422)
        return web.redirect(f"/setup/{wizard.step_after(step)}")


def _unlock(web: Web, password: OneTimePassword) -> None:
    @web.get("/setup/unlock", public=True)
    def locked() -> Any:
        if not web.sessions.needs_setup():
            return web.redirect("/setup" if web.visit.user else "/login")
        return web.render("setup-unlock.html")

    @web.post("/setup/unlock", public=True)
    def unlock() -> Any:
        if not web.sessions.needs_setup():
            return web.redirect("/login")
        try:
            mark = password.check(web.form.text("password_once"), web.visit.address)
        except (RejectedError, TransientError) as error:
            web.form.error("password_once", web.say(error))
            return web.answer(web.render("setup-unlock.html"), 422)
        sealed = web.signer.seal("setup", mark, _OPEN_S)
        web.visit.headers.append(cookies.set_cookie(cookies.SETUP, sealed, _OPEN_S))
        return web.redirect("/setup")


def is_open(web: Web, password: OneTimePassword) -> bool:
    """Whether this browser may go on with the wizard: by the one-time password at first, then as
    administrator.
    """
    user = web.visit.user
    if user is not None:
        return user.may("administrator")
    if not web.sessions.needs_setup():
        return False
    mark = web.signer.open("setup", str(request.get_cookie(cookies.SETUP) or ""))
    return bool(mark) and mark == password.mark()


def _guarded(web: Web, password: OneTimePassword, step: str) -> HTTPResponse | None:
    if web.site_number() or step not in STEPS:
        return web.redirect("/")
    if not is_open(web, password):
        if web.visit.user is not None:
            raise ForbiddenError(
                N_("Your account may not do this."), N_("Ask an administrator if you should.")
            )
        return web.redirect("/setup/unlock" if web.sessions.needs_setup() else "/login?next=/setup")
    first = _first_open_step(web)
    return web.redirect(f"/setup/{first}") if STEPS.index(step) > STEPS.index(first) else None


def _draft(web: Web) -> dict[str, str]:
    with web.store.read() as db:
        return drafts.draft(db, wizard.DRAFT)


def _first_open_step(web: Web) -> str:
    """The first step without an answer; the administrator's counts as answered once somebody is signed in."""
    missing = wizard.missing_step(_draft(web)) or "summary"
    if web.visit.user is None and STEPS.index(missing) > STEPS.index("administrator"):
        return "administrator"
    return missing


def show(web: Web, step: str) -> str:
    """The page of a step, with what was answered before or a proposal."""
    language, known = web.visit.language, countries.load()
    draft = wizard.complete(_draft(web), web.visit.language.gettext)
    draft["language"] = draft["language"] or language.code
    header = str(request.headers.get("Accept-Language", ""))
    draft["country"] = draft["country"] or places.likely_country(header, language.code, known)
    draft["time_zone"] = draft["time_zone"] or places.likely_zone(draft["country"], known)
    return web.render(
        f"setup-{step}.html",
        step=step,
        steps=STEPS,
        at=STEPS.index(step) + 1,
        back=wizard.step_before(step),
        draft=draft,
        **_choices(web, step, draft, known),
    )


def _choices(
    web: Web, step: str, draft: dict[str, str], known: tuple[countries.Country, ...]
) -> dict[str, Any]:
    language, none = web.visit.language, ("", web.gettext(N_("Please choose")))
    match step:
        case "country":
            return {"countries": [none, *places.countries(language, known)]}
        case "zone":
            return {"zones": [none, *web.clocks.choices(language, draft["country"])]}
        case "administrator":
            return {"password_min": passwords.SHORTEST}
        case "summary":
            return {"summary": summary(web, draft)}
    return {}


def _keep(web: Web, step: str) -> None:
    """Checks the answers of a step and puts them into the draft; errors stay beside their fields."""
    form = web.form
    taken = _answers(web, step)
    before = _draft(web)
    if step == "country" and taken["country"] != before.get("country"):
        before.pop("time_zone", None)
    if step == "business" and taken["business_name"] != before.get("business_name"):
        before.pop("greeting_text", None)
    draft = {**before, **taken}
    if form.ok:
        _check(web, step, draft)
    if form.ok:
        with web.store.change() as change:
            drafts.put_draft(change, wizard.DRAFT, draft)
        if step == "language":
            web.visit.headers.append(cookies.set_cookie(cookies.LANGUAGE, draft["language"], _OPEN_S * 365))


def _answers(web: Web, step: str) -> dict[str, str]:
    form = web.form
    if step == "agents":
        return _agents(web)
    if step == "line":
        return _line(web)
    if step == "language":
        return {"language": form.choice("language", [one.code for one in web.languages.all])}
    if step == "queue":
        return {"queue_name": form.required("queue_name"), "greeting_text": form.text("greeting_text")}
    name = {"country": "country", "zone": "time_zone", "business": "business_name"}.get(step)
    return {name: form.required(name)} if name else {}


def _agents(web: Web) -> dict[str, str]:
    form = web.form
    names = ("agent1_name", "agent1_login", "agent2_name", "agent2_login")
    taken = {name: form.required(name) for name in names}
    logins = [taken["agent1_login"].casefold(), taken["agent2_login"].casefold()]
    with web.store.read() as db:
        existing = {user.login for user in users.every(db)}
    if logins[0] == logins[1]:
        form.error("agent2_login", N_("Another user has this login."))
    for number, login in enumerate(logins, 1):
        if login in existing:
            form.error(f"agent{number}_login", N_("Another user has this login."))
        elif login and not users.is_login(login):
            form.error(f"agent{number}_login", N_("A login has letters a to z, digits and . _ @ - only."))
    return taken


def _line(web: Web) -> dict[str, str]:
    form, before = web.form, _draft(web)
    kind = form.choice("line_kind", ("provider", "none"))
    names = ("line_name", "host", "username", "number")
    taken = {
        "line_kind": kind,
        "register": form.text("register", "1"),
        **{name: form.text(name) for name in names},
    }
    taken["line_password"] = form.raw("line_password") or before.get("line_password", "")
    if kind == "provider":
        for name in ("line_name", "host", "number"):
            form.required(name)
        if taken["register"] == "1":
            form.required("username")
            if not taken["line_password"]:
                form.error("line_password", N_("Please fill this in."))
        if form.ok:
            try:
                taken["number"] = typed_number(taken["number"], before["country"], "number")
            except RejectedError as error:
                form.error("number", web.say(error))
    return taken


def _check(web: Web, step: str, draft: dict[str, str]) -> None:
    """Lets the site model look at the answers so far, so that a refusal stands beside its field at once."""
    words = web.gettext
    full = {**wizard.complete(draft, words), **wizard.STAND_INS}
    full.update({name: value for name, value in draft.items() if value})
    try:
        wizard.site_of(full, words)
    except RejectedError as error:
        if wizard.step_of(error.field) == step:
            web.form.error(wizard.field_of(error.field), web.say(error))


def _make_administrator(web: Web, password: OneTimePassword) -> None:
    form, visit = web.form, web.visit
    name, login = form.required("name"), form.required("login")
    repeated(form)
    if not form.ok:
        return
    try:
        with web.change() as change:
            password.use(change)
            language = _draft_language(web)
            user_id = users.create(
                change, login, name, "administrator", form.raw("password"), language=language
            )
            web.sessions.start(change, visit, users.get(change.db, user_id))
    except RejectedError as error:
        form.error(error.field or "login", web.say(error))
        visit.headers.clear()
        visit.user = None
        return
    password.remove()
    visit.headers.append(cookies.set_cookie(cookies.SETUP, "", 0))


def _draft_language(web: Web) -> str:
    return _draft(web).get("language", "")


def _finish(web: Web) -> Any:
    """Saves the first revision and the agents' accounts, all in one change, and shows their one-time
    passwords.
    """
    draft = wizard.complete(_draft(web), web.gettext)
    words = web.languages.choose(draft["language"]).gettext
    people = [
        NewPerson(draft[f"agent{number}_name"], draft[f"agent{number}_login"], one_time_password())
        for number in (1, 2)
    ]
    try:
        site = wizard.site_of(draft, words)
        with web.change() as change:
            number = _save(web, change, site, draft, people)
    except RejectedError as error:
        step = wizard.step_of(error.field) if "." in error.field or error.field in wizard.FIELDS else "agents"
        web.flash(N_("One answer does not fit: %(reason)s"), "bad", reason=web.say(error))
        return web.redirect(f"/setup/{step}")
    return web.answer(web.render("setup-done.html", report=report(web, number), passwords=people))


def _save(web: Web, change: Any, site: Site, draft: dict[str, str], people: list[NewPerson]) -> int:
    by = web.user().id
    number = sites.save(change, site, by, "", 0)
    for agent, person in zip(site.agents, people, strict=True):
        users.create(
            change,
            person.login,
            person.name,
            "agent",
            person.password,
            agent_id=agent.id,
            must_change=True,
            by=by,
        )
    if site.lines and draft["line_password"]:
        secrets.put(change, f"line:{site.lines[0].id}", draft["line_password"])
    drafts.drop_draft(change, wizard.DRAFT)
    return number


def summary(web: Web, draft: dict[str, str]) -> list[tuple[str, str, str]]:
    """(step, label, answer) of everything that was asked."""
    language, words = web.visit.language, web.gettext
    chosen = web.languages.get(draft["language"])
    user = web.visit.user
    rows = [
        ("language", words(N_("Language")), chosen.name if chosen else draft["language"]),
        ("country", words(N_("Country")), places.country_name(language, draft["country"])),
        ("zone", words(N_("Time zone")), places.zone_label(language, draft["time_zone"])),
        ("business", words(N_("Name of the business")), draft["business_name"]),
        ("administrator", words(N_("Administrator")), f"{user.name} ({user.login})" if user else ""),
        ("queue", words(N_("Queue")), draft["queue_name"]),
        ("queue", words(N_("Greeting")), draft["greeting_text"]),
        (
            "agents",
            words(N_("Agents")),
            "\n".join(f"{draft[f'agent{n}_name']} ({draft[f'agent{n}_login']})" for n in (1, 2)),
        ),
    ]
    if draft["line_kind"] == "provider":
        line = f"{draft['line_name']}, {draft['host']}"
        return [
            *rows,
            ("line", words(N_("Phone line")), line),
            ("line", words(N_("Number")), draft["number"]),
        ]
    return [*rows, ("line", words(N_("Phone line")), words(N_("None yet: the built-in test caller")))]
