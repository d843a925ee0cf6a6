"""The page that makes a computer trust the box: steps for every system, the reader's own ones open."""

from __future__ import annotations

import re

import pytest

from appliance.webui.app import Application
from tests.webui.browser import Browser
from tests.webui.conftest import SignIn

SYSTEMS = ("windows", "macos", "ios", "android", "linux", "firefox")
# As the browsers of today name themselves.
BROWSERS = {
    "windows": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0",
    "macos": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15",
    "ios": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1",
    "android": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile",
    "linux": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0",
    "firefox": "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_steps_of_the_readers_own_system_are_open(
    app: Application, box: dict[str, str], system: str
) -> None:
    page = Browser(app).get("/trust", headers={"User-Agent": BROWSERS[system]})
    assert page.status == 200
    parts = re.findall(r'<details[^>]* id="(\w+)"( open)?>(.*?)</details>', page.text, re.DOTALL)
    assert tuple(name for name, _, _ in parts) == SYSTEMS
    assert [name for name, is_open, _ in parts if is_open] == [system]
    for name, _, text in parts:
        assert text.count("<li>") >= 3, name
    assert 'href="/foyer-ca.crt"' in page.text


def test_it_is_in_the_menu_of_those_who_are_signed_in(sign_in: SignIn) -> None:
    page = sign_in("lan").get("/trust")
    assert "Trust this box" in page.words and "/logout" in page.text
