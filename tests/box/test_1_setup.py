"""A new box: the wizard, the first sign-ins, and what everybody then sees."""

import re

import pytest

from tests.asterisk import sound
from tests.asterisk.g711 import Samples
from tests.box.client import WebClient
from tests.box.desk import Desk
from tests.box.exchange import Exchange
from tests.browser.browser import Browser

pytestmark = [pytest.mark.box, pytest.mark.browser]


def test_the_wizard_ends_with_a_box_that_is_in_use(owner: Browser, passwords: dict[str, str]) -> None:
    assert set(passwords) == {"minh", "ha"}
    owner.sees("Everything works with these settings.", timeout_s=20)
    assert "Did not work" not in owner.text()


def test_an_agent_signs_in_and_the_phone_is_ready(minh: Desk) -> None:
    minh.wait_view("idle")
    minh.browser.find('#status [data-state="offline"]')


def test_the_button_makes_a_caller_with_a_voice_ring_in(owner: Browser, minh: Desk) -> None:
    minh.go("available")
    owner.click("#test-call button")
    owner.sees("It is ringing.", "#test-call")
    minh.wait_view("ringing", 15)
    minh.answer()
    minh.wait_heard(is_voice, 10, "the test caller's voice")
    minh.press("hangup")
    minh.finish("")
    minh.go("offline")


def is_voice(heard: Samples) -> bool:
    """Whether somebody speaks: loud enough, and not one steady sound."""
    level = sound.level_dbfs(heard)
    return bool(len(level) and level.max() > -35 and level.max() - level.min() > 6)


def test_a_setting_is_changed_and_put_to_use(short_wrap_up: None, exchange: Exchange) -> None:
    assert re.search(r"^wrapuptime *=>? *2$", exchange.conf("queues.conf"), re.M)


def test_the_live_page_shows_who_is_there(owner: Browser, minh: Desk, ha: WebClient) -> None:
    owner.open("/live")
    owner.sees("Reception")
    owner.sees("No agent is there")
    minh.go("available")
    owner.sees("1 of 1 free", timeout_s=5)
    minh.go("break:short")
    owner.sees("Short break", timeout_s=5)
    minh.go("offline")
    owner.sees("No agent is there", timeout_s=5)
