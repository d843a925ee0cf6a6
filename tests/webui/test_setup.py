"""The wizard, from the one-time password to the first revision."""

from __future__ import annotations

from typing import Any

from appliance.settings import Settings
from appliance.store import Store, secrets, users
from appliance.store import site as sites
from appliance.webui.app import Application
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
