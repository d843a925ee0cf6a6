"""Signing in and out, sessions, and what happens to a form when the session is gone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import TransientError
from appliance.settings import Settings
from appliance.store import Change, Store, audit, users
from appliance.webui import cookies, one_time
from appliance.webui.app import Application, make_app
from appliance.webui.i18n import Languages
from tests.webui.browser import Browser
from tests.webui.conftest import OTP, PASSWORD, SignIn


def test_each_role_lands_where_its_work_is(sign_in: SignIn) -> None:
    for login, place in (("lan", "/desk"), ("lead", "/live"), ("boss", "/live")):
        assert sign_in(login).get("/", follow=False).header("Location") == place


def test_a_wrong_password_says_nothing_more(app: Application, box: dict[str, str]) -> None:
    pages = []
    for login in ("boss", "nobody-like-this"):
        browser = Browser(app)
        pages.append(browser.submit(browser.get("/login"), "/login", login=login, password="wrong"))
    assert [page.status for page in pages] == [422, 422]
    assert all("The login or the password is wrong." in page.words for page in pages)


def test_guessing_is_slowed_down(app: Application, box: dict[str, str]) -> None:
    browser = Browser(app)
    answers = [browser.submit(browser.get("/login"), "/login", login="boss", password="x") for _ in range(6)]
    assert answers[-1].status == 429
    assert "Too many attempts." in answers[-1].words


def test_strangers_who_guess_do_not_keep_a_known_browser_out(app: Application, sign_in: SignIn) -> None:
    known = sign_in("boss")
    known.submit(known.get("/settings"), "/logout")
    for number in range(5):
        stranger = Browser(app, address=f"198.51.100.{number}")
        stranger.submit(stranger.get("/login"), "/login", login="boss", password="x")
    page = stranger.submit(stranger.get("/login"), "/login", login="boss", password=PASSWORD)
    assert page.status == 429
    assert known.submit(known.get("/login"), "/login", login="boss", password=PASSWORD).status == 200
    # A mark that the box did not make is none.
    stranger.cookies[cookies.KNOWN] = known.cookies[cookies.KNOWN][:-3] + "xxx"
    page = stranger.submit(stranger.get("/login"), "/login", login="boss", password=PASSWORD)
    assert page.status == 429


def test_signing_in_again_ends_the_older_session(app: Application, sign_in: SignIn) -> None:
    browser = sign_in("lan")
    old = dict(browser.cookies)
    late = Browser(app)
    late.cookies = dict(old)
    form = Browser(app).get("/login").form("/login")
    fields = {**dict(form.fields), "csrf": dict(browser.get("/people").form("/logout").fields)["csrf"]}
    page = browser.post("/login", {**fields, "login": "boss", "password": PASSWORD}, follow=False)
    assert page.status == 303 and browser.cookies[cookies.SESSION] != old[cookies.SESSION]
    assert browser.get("/settings").status == 200
    assert late.get("/people", follow=False).status == 303


def test_signing_out_ends_the_session(sign_in: SignIn) -> None:
    browser = sign_in("boss")
    stolen = dict(browser.cookies)
    browser.submit(browser.get("/settings"), "/logout")
    browser.cookies = stolen
    assert browser.get("/settings", follow=False).header("Location") == "/login?next=%2Fsettings"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/x",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/x\r\nSet-Cookie: a=b",
    ],
)
def test_no_open_redirect(app: Application, box: dict[str, str], target: str) -> None:
    browser = Browser(app)
    page = browser.submit(
        browser.get("/login"), "/login", follow=False, login="boss", password=PASSWORD, next=target
    )
    assert page.header("Location") == "/"


def test_after_signing_in_the_wanted_page_comes(app: Application, box: dict[str, str]) -> None:
    browser = Browser(app)
    page = browser.get("/audit?action=login")
    assert page.path == "/login?next=%2Faudit%3Faction%3Dlogin"
    assert browser.submit(page, "/login", login="boss", password=PASSWORD).path == "/audit?action=login"


def test_a_form_outlives_its_session(sign_in: SignIn, store: Store, box: dict[str, str]) -> None:
    """The browser was left open over the end of the session; what was typed is sent after signing in
    again.
    """
    browser = sign_in("boss")
    form = browser.get("/users/new")
    with store.change() as change:
        users.end_sessions(change, box["boss"])
    page = browser.submit(form, "/users/new", name="Thu <Nguyễn>", login="thu", role="agent")
    assert page.status == 401 and "What you typed is kept" in page.words
    page = browser.submit(page, "/login", login="boss", password=PASSWORD)
    assert "Thu <Nguyễn>" in page.words
    page = browser.submit(page, "/users/new")
    assert "Hand this over" in page.words
    with store.read() as db:
        assert any(user.name == "Thu <Nguyễn>" for user in users.every(db))


def test_a_form_of_an_older_session_asks_once_more(sign_in: SignIn, box: dict[str, str]) -> None:
    """Signed out and in again in another window: the form's word is the old session's."""
    browser = sign_in("boss")
    form = browser.get("/users/new")
    browser.submit(browser.get("/settings"), "/logout")
    browser.submit(browser.get("/login"), "/login", login="boss", password=PASSWORD)
    page = browser.submit(form, "/users/new", name="Thu", login="thu", role="agent")
    assert page.status == 403 and "Please send it again" in page.words
    assert "Hand this over" in browser.submit(page, "/users/new").words


def test_passwords_never_go_back_to_a_page(sign_in: SignIn, store: Store, box: dict[str, str]) -> None:
    browser = sign_in("boss")
    form = browser.get("/account/password")
    with store.change() as change:
        users.end_sessions(change, box["boss"])
    page = browser.submit(
        form,
        "/account/password",
        password_now=PASSWORD,
        password="tiger in the yard",
        password_again="tiger in the yard",
    )
    assert page.status == 401
    assert PASSWORD not in page.text and "tiger" not in page.text


def test_another_site_cannot_send_forms(sign_in: SignIn) -> None:
    browser = sign_in("boss")
    fields = dict(browser.get("/users/new").form("/users/new").fields) | {"name": "X", "login": "x"}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert browser.post("/users/new", fields, headers=headers).status == 403
    fields["csrf"] = "forged"
    assert browser.post("/users/new", fields).status == 403
    del fields["csrf"]
    assert browser.post("/users/new", fields).status == 403


def test_a_new_account_must_choose_its_own_password(
    app: Application, store: Store, box: dict[str, str]
) -> None:
    with store.change() as change:
        users.set_password(change, box["lan"], "one-time-1234", "boss", must_change=True)
    browser = Browser(app)
    page = browser.submit(browser.get("/login"), "/login", login="lan", password="one-time-1234")
    assert page.path == "/account/password" and "Choose your own password" in page.words
    assert browser.get("/people").path == "/account/password"
    page = browser.submit(
        page,
        "/account/password",
        password_now="one-time-1234",
        password="rain on the roof",
        password_again="rain on the roof",
    )
    assert page.path != "/account/password", page.words
    assert browser.get("/people").path == "/people"


def test_changing_the_password_ends_other_sessions(sign_in: SignIn) -> None:
    here, there = sign_in("boss"), sign_in("boss")
    here.submit(
        here.get("/account/password"),
        "/account/password",
        password_now=PASSWORD,
        password="rain on the roof",
        password_again="rain on the roof",
    )
    assert here.get("/account").status == 200
    assert there.get("/account", follow=False).status == 303


def test_a_disabled_account_is_out_at_once(sign_in: SignIn, store: Store, box: dict[str, str]) -> None:
    browser = sign_in("lan")
    with store.change() as change:
        users.set_disabled(change, box["lan"], True, "boss")
    assert browser.get("/people", follow=False).status == 303


def test_recovery_by_the_one_time_password(
    app: Application, settings: Settings, store: Store, box: dict[str, str]
) -> None:
    browser = Browser(app)
    typed: dict[str, Any] = {
        "login": "boss",
        "password": "rain on the roof",
        "password_again": "rain on the roof",
    }
    page = browser.submit(browser.get("/recover"), "/recover", password_once="wrong", **typed)
    assert "This is not the one-time password." in page.words
    page = browser.submit(page, "/recover", password_once=OTP.upper(), **typed)
    assert page.path == "/login"
    assert (
        browser.submit(page, "/login", follow=False, login="boss", password="rain on the roof").status == 303
    )
    assert not (settings.secrets / one_time.FILE).exists()


def test_the_one_time_password_works_once_even_if_its_file_stays(
    app: Application, settings: Settings, box: dict[str, str]
) -> None:
    browser = Browser(app)
    for password, works in (("rain on the roof", True), ("wind in the trees", False)):
        page = browser.submit(
            browser.get("/recover"),
            "/recover",
            password_once=OTP,
            login="boss",
            password=password,
            password_again=password,
        )
        assert (page.path == "/login") is works
        (settings.secrets / one_time.FILE).write_text(OTP)


def test_signing_in_stands_in_the_journal(sign_in: SignIn, store: Store, box: dict[str, str]) -> None:
    sign_in("lead")
    with store.read() as db:
        entry = audit.recent(db, 1)[0]
    assert (entry.action, entry.who) == ("login", box["lead"])
    assert entry.detail["address"] == "192.0.2.10"


def test_a_visitor_chooses_his_language(app: Application, box: dict[str, str]) -> None:
    browser = Browser(app, language="de")
    page = browser.get("/login")
    assert '<html lang="en" dir="ltr">' in page.text
    page = browser.submit(page, "/language", language="vi")
    assert '<html lang="vi" dir="ltr">' in page.text


class FullDisk(Store):
    """A store that can be read only."""

    @contextlib.contextmanager
    def change(self) -> Iterator[Change]:
        raise TransientError("The disk is full; nothing was saved.")
        yield


def test_a_full_disk_takes_no_page_away(sign_in: SignIn, settings: Settings, locale_root: Path) -> None:
    browser = sign_in("boss")
    with Store.open(settings.db).change() as change:
        change.db.execute("UPDATE session SET last_seen = last_seen - ?", (2 * users.TOUCH_MS,))
    browser.app = make_app(settings, FullDisk.open(settings.db), Languages.load(locale_root))
    assert browser.get("/live").status == 200
    refused = browser.submit(browser.get("/account"), "/account/language", language="vi")
    assert refused.status == 503
    assert "The disk is full" in refused.words
