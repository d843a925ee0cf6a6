"""A form sent twice is carried out once and answered as the first time."""

from __future__ import annotations

import threading
from pathlib import Path

from appliance.settings import Settings
from appliance.store import Store, users
from appliance.webui.app import Application, make_app
from appliance.webui.i18n import Languages
from tests.webui.browser import Browser, Page
from tests.webui.conftest import SignIn


def count(store: Store) -> int:
    with store.read() as db:
        return users.count(db)


def new_user(browser: Browser) -> list[tuple[str, str]]:
    fields = dict(browser.get("/users/new").form("/users/new").fields)
    return list((fields | {"name": "Thu", "login": "thu", "role": "agent"}).items())


def test_twice_in_a_row(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    fields = new_user(browser)
    first = browser.post("/users/new", fields)
    before = count(store)
    second = browser.post("/users/new", fields)
    assert first.status == second.status == 200
    assert first.text == second.text  # with the same one-time password on it
    assert count(store) == before


def test_twice_at_once(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    fields = new_user(browser)
    before = count(store)
    pages: list[Page] = []
    threads = [
        threading.Thread(target=lambda: pages.append(browser.post("/users/new", fields))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {page.status for page in pages} == {200}
    assert len({page.text for page in pages}) == 1
    assert count(store) == before + 1


def test_a_restart_in_between(sign_in: SignIn, store: Store, settings: Settings, locale_root: Path) -> None:
    """The answer is forgotten, but not that it was done."""
    browser = sign_in("boss")
    fields = new_user(browser)
    browser.post("/users/new", fields)
    before = count(store)
    browser.app = make_app(settings, store, Languages.load(locale_root))
    page = browser.post("/users/new", fields, headers={"Referer": "https://localhost/users/new"})
    assert "it was not done a second time" in page.words
    assert count(store) == before


def test_going_back_and_mending_a_field_counts(sign_in: SignIn, store: Store) -> None:
    """The browser's "back" shows the old form with its old token; what is typed then is another form."""
    browser = sign_in("boss")
    fields = dict(new_user(browser))
    browser.post("/users/new", fields)
    before = count(store)
    page = browser.post("/users/new", fields | {"login": "thuy", "name": "Thuỷ"})
    assert "Hand this over" in page.words
    assert count(store) == before + 1


def test_a_refused_form_can_be_sent_again(sign_in: SignIn) -> None:
    browser = sign_in("boss")
    fields = dict(new_user(browser)) | {"login": "boss"}
    for _ in range(2):
        page = browser.post("/users/new", fields)
        assert page.status == 422 and "Another user has this login." in page.words


def test_the_answer_is_only_for_who_sent_it(app: Application, sign_in: SignIn, store: Store) -> None:
    fields = new_user(boss := sign_in("boss"))
    boss.post("/users/new", fields)
    other = sign_in("lead")
    page = other.post("/users/new", [*(pair for pair in fields if pair[0] != "csrf"), ("csrf", word(other))])
    assert page.status == 403


def word(browser: Browser) -> str:
    return dict(browser.get("/account").form("/logout").fields)["csrf"]
