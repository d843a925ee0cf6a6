"""Who may open a connection to the telephone, and how often."""

from __future__ import annotations

from appliance.webui.app import Application
from appliance.webui.pages.phone_door import MOST, WITHIN_S, Door
from tests.webui.browser import Browser
from tests.webui.conftest import SignIn


def test_who_answers_calls_gets_through(app: Application, sign_in: SignIn) -> None:
    def asked(browser: Browser, **headers: str) -> int:
        return browser.get("/phone-door", follow=False, headers=headers).status

    assert asked(Browser(app)) == 401
    assert asked(sign_in("lead")) == 403
    lan = sign_in("lan")
    assert asked(lan) == 204
    assert asked(lan, Origin="https://evil.example") == 403
    lan.submit(lan.get("/people"), "/logout")
    assert asked(lan) == 401


def test_nobody_opens_one_after_the_other(sign_in: SignIn) -> None:
    lan = sign_in("lan")
    answers = [lan.get("/phone-door", follow=False) for _ in range(MOST + 1)]
    assert [answer.status for answer in answers] == [204] * MOST + [429]
    assert answers[-1].header("Retry-After") == "60"


def test_each_user_is_counted_by_himself_and_forgotten_after_a_minute() -> None:
    door = Door()
    assert all(door.admits("u1", at / 10) for at in range(MOST))
    assert not door.admits("u1", 2.0)
    assert door.admits("u2", 2.0)
    assert not door.admits("u1", WITHIN_S - 0.01)
    assert door.admits("u1", WITHIN_S)
    assert not door.admits("u1", WITHIN_S)
