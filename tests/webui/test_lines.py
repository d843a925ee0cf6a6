"""How each phone line is, in words: on the live page and in the settings."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.pbx.line_faults import WHYS
from appliance.store import Store, live
from appliance.store import site as sites
from appliance.store.sitemodel import Line, Site
from appliance.webui.lines import STATES, state_of
from tests.webui.conftest import SignIn
from tests.webui.telephony import telephony

Box = dict[str, str]


@pytest.mark.parametrize(
    ("register", "row", "fault", "wanted"),
    [
        (True, {"reachable": True, "registered": True}, {}, ("signed_in", 0)),
        (True, {"reachable": False, "registered": True}, {}, ("signed_in", 0)),
        (True, {"reachable": True, "registered": False}, {}, ("signed_out", 0)),
        (True, {"reachable": True, "registered": None}, {}, ("signing_in", 0)),
        (True, {"reachable": True, "registered": False}, {"why": "password", "code": 403}, ("password", 403)),
        (True, {"reachable": True, "registered": False}, {"why": "name", "code": 0}, ("name", 0)),
        (True, {"reachable": True, "registered": False}, {"why": "of tomorrow"}, ("signed_out", 0)),
        # What was wrong before it signed in is no longer.
        (True, {"reachable": True, "registered": True}, {"why": "password", "code": 403}, ("signed_in", 0)),
        (True, {"reachable": True, "registered": True, "refused": 488}, {}, ("formats", 488)),
        (True, {"reachable": True, "registered": True, "refused": 403}, {}, ("calls-refused", 403)),
        (False, {"reachable": True, "registered": None, "refused": 503}, {}, ("calls-trouble", 503)),
        (False, {"reachable": True, "registered": None}, {}, ("answering", 0)),
        (
            False,
            {"reachable": True, "registered": None, "refused": 403, "came": 1},
            {"why": "formats-in", "code": 488},
            ("formats-in", 0),
        ),
        (False, {"reachable": False, "registered": None}, {}, ("silent", 0)),
        (False, {"reachable": False, "registered": None}, {"why": "no-names", "code": 0}, ("no-names", 0)),
        (True, {}, {}, ("new", 0)),
        (False, {}, {}, ("new", 0)),
    ],
)
def test_the_state_of_a_line(
    register: bool, row: dict[str, Any], fault: dict[str, Any], wanted: tuple[str, int]
) -> None:
    line = Line("l1", "sip", "Provider", "voice.example.net", username="u", register=register)
    assert state_of(line, row, fault) == wanted


def test_every_reason_has_words() -> None:
    assert set(WHYS) <= set(STATES)


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


def test_the_page_of_a_line(sign_in: SignIn, store: Store) -> None:
    put(store, True, {"reachable": True, "registered": False, "calls": 0})
    with store.change() as change:
        live.put(change, "fault", "l1", {"why": "password", "code": 403})
    boss = sign_in("boss")
    page = boss.get("/settings/lines/l1")
    assert 'data-fragment="/settings/lines/l1/now"' in page.text
    for words in (page.words, boss.get("/settings/lines/l1/now").words, boss.get("/settings").words):
        assert "User name or password refused" in words
        assert "The provider's answer: 403" in words
    assert "Does it work?" not in boss.get("/settings/lines/new").words
    assert boss.get("/settings/lines/l9/now").status == 404


def test_a_call_that_came_in_with_other_sound(sign_in: SignIn, store: Store) -> None:
    put(store, True, {"reachable": True, "registered": True, "calls": 0})
    with store.change() as change:
        live.put(change, "fault", "l1", {"why": "formats-in", "code": 488})
    words = sign_in("boss").get("/settings/lines/l1").words
    assert "Sound formats do not fit" in words and "The last call that came in was refused" in words
    # The box refused, not the provider.
    assert "The provider's answer" not in words


@pytest.mark.parametrize(
    ("why", "said", "advice"),
    [
        ("name", "Address does not exist", "Is it spelled as in the contract?"),
        ("no-names", "Address cannot be looked up", "Look at its connection"),
    ],
)
def test_a_line_whose_name_leads_nowhere(
    sign_in: SignIn, store: Store, why: str, said: str, advice: str
) -> None:
    put(store, True, {"reachable": False, "registered": False, "calls": 0})
    with store.change() as change:
        live.put(change, "fault", "l1", {"why": why, "code": 0})
    words = sign_in("boss").get("/settings/lines/l1").words
    assert said in words and advice in words


def test_trying_it_now(sign_in: SignIn, store: Store) -> None:
    boss = sign_in("boss")
    with telephony(store, True, {}) as asked:
        page = boss.submit(boss.get("/settings/lines/l1"), "/settings/lines/l1/try")
    assert [(one.kind, dict(one.args)) for one in asked] == [("try_line", {"line": "l1"})]
    assert "The provider was asked." in page.words
    assert sign_in("lead").get("/settings/lines/l1/now").status == 403
