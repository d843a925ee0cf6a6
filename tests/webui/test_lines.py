"""How each phone line is, in words: on the live page and in the settings."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.store import Store, live
from appliance.store import site as sites
from appliance.store.sitemodel import Line, Site
from appliance.webui.lines import STATES, state_of
from tests.webui.conftest import SignIn

Box = dict[str, str]


@pytest.mark.parametrize(
    ("register", "row", "wanted"),
    [
        (True, {"reachable": True, "registered": True}, "signed_in"),
        (True, {"reachable": False, "registered": True}, "signed_in"),
        (True, {"reachable": True, "registered": False}, "signed_out"),
        (True, {"reachable": True, "registered": None}, "signing_in"),
        (False, {"reachable": True, "registered": None}, "answering"),
        (False, {"reachable": False, "registered": None}, "silent"),
        (True, {}, "new"),
        (False, {}, "new"),
    ],
)
def test_the_state_of_a_line(register: bool, row: dict[str, Any], wanted: str) -> None:
    line = Line("l1", "sip", "Provider", "voice.example.net", username="u", register=register)
    assert state_of(line, row) == wanted


def put(store: Store, is_up: bool, row: dict[str, Any] | None) -> None:
    with store.change() as change:
        live.put(change, "pbx", "state", {"up": is_up, "since": change.now})
        if row is not None:
            live.put(change, "line", "l1", row)


@pytest.mark.parametrize(("login", "path"), [("lead", "/live/board"), ("boss", "/settings")])
def test_it_is_shown(sign_in: SignIn, store: Store, login: str, path: str) -> None:
    browser = sign_in(login)
    assert "Not known while the telephone service is away." in browser.get(path).words
    put(store, True, None)
    assert "Not in use yet" in browser.get(path).words
    put(store, True, {"reachable": True, "registered": False, "calls": 0})
    page = browser.get(path)
    assert "Not signed in at the provider" in page.words and "Look at the provider's address" in page.words
    put(store, True, {"reachable": True, "registered": True, "calls": 1})
    assert "Signed in at the provider" in browser.get(path).words
    # What was true when the telephone service was last heard of may be old.
    put(store, False, None)
    page = browser.get(path)
    assert "Signed in" not in page.words
    assert "Not known while the telephone service is away." in page.words


def test_the_calls_on_it(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("lead")
    for calls, words in ((0, "No call on it now"), (1, "1 call"), (2, "2 calls")):
        put(store, True, {"reachable": True, "registered": True, "calls": calls})
        assert words in browser.get("/live/board").words


def test_a_box_without_lines(sign_in: SignIn, store: Store, box: Box) -> None:
    with store.change() as change:
        sites.save(change, Site(language="en"), box["boss"], "", 1)
    assert "No phone line yet" in sign_in("lead").get("/live/board").words
    assert "None yet." in sign_in("boss").get("/settings/lines").words


def test_the_settings_follow_what_happens(sign_in: SignIn) -> None:
    page = sign_in("boss").get("/settings")
    assert 'data-fragment="/settings/lines"' in page.text and "settings.js" in page.text
    assert sign_in("lead").get("/settings/lines").status == 403


def test_every_state_but_a_good_one_says_what_to_do() -> None:
    for words, kind, advice in STATES.values():
        assert words and bool(advice) == (kind != "good")
