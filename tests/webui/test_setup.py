"""The wizard, from the one-time password to the first revision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.settings import Settings
from appliance.store import Store, secrets, users
from appliance.store import site as sites
from appliance.webui.app import Application, make_app
from appliance.webui.i18n import Languages
from tests.webui.browser import Browser, Page
from tests.webui.conftest import OTP, PASSWORD

ANSWERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("language", {"language": "en"}),
    ("country", {"country": "VN"}),
    ("zone", {"time_zone": "Asia/Ho_Chi_Minh"}),
    ("business", {"business_name": "Lotus Dental"}),
    ("administrator", {"name": "Mai", "login": "mai", "password": PASSWORD, "password_again": PASSWORD}),
    ("queue", {}),
    ("agents", {"agent1_name": "Lan", "agent1_login": "lan", "agent2_name": "Minh", "agent2_login": "minh"}),
    (
        "line",
        {
            "line_kind": "provider",
            "host": "voice.example.net",
            "username": "u1",
            "line_password": "trunk-secret",
            "number": "028 1234 5678",
        },
    ),
)


def unlocked(app: Application) -> Browser:
    browser = Browser(app)
    page = browser.submit(browser.get("/"), "/setup/unlock", password_once=OTP)
    assert "Which language" in page.words
    return browser


def answer(browser: Browser, *, until: str = "summary") -> Page:
    page = browser.get("/setup")
    for step, typed in ANSWERS:
        if step == until:
            return page
        page = browser.submit(page, f"/setup/{step}", **typed)
        assert not page.path.endswith(f"/setup/{step}"), page.words
    return page


def test_the_whole_wizard(app: Application, store: Store, settings: Settings) -> None:
    browser = unlocked(app)
    page = answer(browser)
    for words in (
        "Lotus Dental",
        "Welcome to Lotus Dental.",
        "Lan (lan) Minh (minh)",
        "+842812345678",
        "Mai (mai)",
    ):
        assert words in page.words
    page = browser.submit(page, "/setup/summary")
    assert "Your box is set up" in page.words
    with store.read() as db:
        number, site = sites.head(db)
        accounts = {user.login: user for user in users.every(db)}
        assert secrets.get(db, "line:l1") == "trunk-secret"
    assert number == 1
    assert [queue.name for queue in site.queues] == ["Reception"]
    assert site.numbers[0].number == "+842812345678"
    assert accounts["lan"].agent_id == "a1" and accounts["lan"].must_change
    assert accounts["mai"].role == "administrator" and not accounts["mai"].must_change
    assert not (settings.secrets / "admin-otp").exists()
    assert "trunk-secret" not in page.text


def test_without_a_phone_line(app: Application, store: Store) -> None:
    browser = unlocked(app)
    page = answer(browser, until="line")
    page = browser.submit(page, "/setup/line", line_kind="none")
    assert "None yet: the built-in test caller" in page.words
    page = browser.submit(page, "/setup/summary")
    assert "Make a test call" in page.words
    with store.read() as db:
        site = sites.head(db)[1]
    # The built-in caller dials a number as well; the line has an address that nothing is sent to.
    assert [number.queue_id for number in site.numbers] == ["q1"]
    assert site.lines[0].host == "192.0.2.1" and not site.lines[0].register


def test_the_draft_survives_another_browser_and_a_restart(
    app: Application, settings: Settings, store: Store, locale_root: Path
) -> None:
    answer(unlocked(app), until="agents")
    again = make_app(settings, Store.open(settings.db), Languages.load(locale_root))
    browser = Browser(again)
    assert browser.get("/setup").path.startswith("/login")
    page = browser.submit(browser.get("/login"), "/login", login="mai", password=PASSWORD)
    page = browser.get("/")
    assert page.path == "/setup/agents"
    assert (
        dict(browser.get("/setup/business").form("/setup/business").fields)["business_name"] == "Lotus Dental"
    )


def test_going_back_changes_an_answer(app: Application) -> None:
    browser = unlocked(app)
    answer(browser, until="queue")
    page = browser.submit(browser.get("/setup/business"), "/setup/business", business_name="Lotus & Sons")
    page = browser.get("/setup/queue")
    assert "Welcome to Lotus & Sons." in dict(page.form("/setup/queue").fields)["greeting_text"]


def test_no_step_is_skipped(app: Application) -> None:
    browser = unlocked(app)
    assert browser.get("/setup/summary").path == "/setup/language"
    answer(browser, until="zone")
    assert browser.get("/setup/agents").path == "/setup/zone"
    assert browser.get("/setup/country").path == "/setup/country"


def test_wrong_answers_stand_beside_their_fields(app: Application) -> None:
    browser = unlocked(app)
    page = answer(browser, until="administrator")
    page = browser.submit(
        page, "/setup/administrator", name="Mai", login="mai", password="short", password_again="short"
    )
    assert page.status == 422 and 'id="password-error"' in page.text and "short" not in page.text
    page = browser.submit(
        page, "/setup/administrator", login="mai!", password=PASSWORD, password_again=PASSWORD
    )
    assert 'id="login-error"' in page.text
    page = browser.submit(
        page, "/setup/administrator", login="mai", password=PASSWORD, password_again=PASSWORD
    )
    page = browser.submit(page, "/setup/queue", queue_name="\u202ename")
    assert 'id="queue_name-error"' in page.text
    page = browser.submit(page, "/setup/queue", queue_name="Reception")
    page = browser.submit(
        page, "/setup/agents", agent1_name="Lan", agent1_login="mai", agent2_name="", agent2_login="x"
    )
    assert 'id="agent1_login-error"' in page.text and 'id="agent2_name-error"' in page.text
    page = browser.submit(page, "/setup/agents", agent1_login="lan", agent2_name="Minh", agent2_login="minh")
    page = browser.submit(
        page,
        "/setup/line",
        line_kind="provider",
        host="not a host",
        username="u",
        line_password="p",
        number="abc",
    )
    assert 'id="number-error"' in page.text
    page = browser.submit(page, "/setup/line", host="not a host", number="028 1234 5678", line_password="p")
    assert 'id="host-error"' in page.text


def test_the_one_time_password_guards_the_wizard(app: Application) -> None:
    browser = Browser(app)
    for path in ("/", "/setup", "/setup/language", "/setup/summary", "/login", "/settings"):
        assert browser.get(path).path == "/setup/unlock"
    page = browser.submit(browser.get("/setup/unlock"), "/setup/unlock", password_once="wrong")
    assert page.status == 422 and "This is not the one-time password." in page.words
    fields = [pair for pair in browser.get("/setup/unlock").form("/setup/unlock").fields if pair[0] == "csrf"]
    assert browser.post("/setup/language", [*fields, ("language", "en")]).path == "/setup/unlock"


def test_guessing_the_one_time_password_is_slowed_down(app: Application) -> None:
    browser = Browser(app)
    for _ in range(6):
        page = browser.submit(browser.get("/setup/unlock"), "/setup/unlock", password_once="wrong")
    assert page.status == 422 and "Too many attempts." in page.words


def test_the_wizard_is_over_once_it_is_done(app: Application) -> None:
    browser = unlocked(app)
    browser.submit(answer(browser), "/setup/summary")
    for path in ("/setup", "/setup/language", "/setup/summary", "/setup/unlock"):
        assert "/setup" not in browser.get(path).path
    assert Browser(app).get("/setup/unlock").path == "/login"


def test_two_browsers_with_the_password_make_one_administrator(app: Application, store: Store) -> None:
    first, second = unlocked(app), unlocked(app)
    page = answer(first, until="administrator")
    typed: dict[str, Any] = dict(ANSWERS[4][1])
    first.submit(page, "/setup/administrator", **typed)
    late = second.submit(page, "/setup/administrator", **(typed | {"login": "other"}))
    assert late.path != "/setup/queue"
    with store.read() as db:
        assert users.count(db, "administrator") == 1


def test_a_double_click_at_the_end(app: Application, store: Store) -> None:
    browser = unlocked(app)
    fields = answer(browser).form("/setup/summary").fields
    first = browser.post("/setup/summary", fields)
    second = browser.post("/setup/summary", fields)
    assert first.text == second.text and "One-time passwords" in first.words
    with store.read() as db:
        assert sites.head_number(db) == 1 and users.count(db) == 3


@pytest.mark.parametrize(
    ("language", "greeting"),
    [
        ("vi", "Chào mừng quý khách"),
        ("fa", "به Lotus Dental خوش آمدید"),
        ("ro", "Bine ați venit la Lotus Dental."),
    ],
)
def test_in_another_language(app: Application, store: Store, language: str, greeting: str) -> None:
    browser = unlocked(app)
    page = browser.submit(browser.get("/setup"), "/setup/language", language=language)
    assert f'<html lang="{language}"' in page.text
    for step, typed in ANSWERS[1:]:
        page = browser.submit(page, f"/setup/{step}", **typed)
    browser.submit(page, "/setup/summary")
    with store.read() as db:
        site = sites.head(db)[1]
    assert site.language == language and site.queues[0].greeting_text.startswith(greeting)
