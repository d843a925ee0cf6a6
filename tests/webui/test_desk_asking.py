"""Asking before a call is handed on, in a real browser: the page believes the box, and not that a colleague
is there because it asked for him.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.settings import Settings
from appliance.store import Store, agents, live, requests
from appliance.webui.app import make_app
from tests.browser.browser import Browser
from tests.until import until
from tests.webui.real_browser import served, signed_in
from tests.webui.telephony import telephony

pytestmark = [
    pytest.mark.slow,
    # cheroot closes its streams under their feet when it is stopped in mid-test.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

CALL = "b5d73c11-0cbb-4536-a926-7e3ccbb4b9e6"
UNANSWERED = "Nobody answered there. You are with the caller again."
BACK = "You are with the caller again."


@pytest.fixture
def desk(settings: Settings, store: Store, box: dict[str, str], tmp_path: Path) -> Iterator[Browser]:
    """The desk of an agent who talks on a desk phone."""
    with store.change() as change:
        live.put(change, "pbx", "state", {"up": True, "since": change.now})
        agents.set_state(change, "a1", "available", device="desk")
    talks(store)
    app = make_app(settings, store)
    with (
        served(app) as address,
        signed_in(address.replace("127.0.0.1", "localhost"), tmp_path / "browser", login="lan") as browser,
    ):
        browser.open("/desk")
        browser.sees("On the phone", "#phase")
        until(lambda: app.hub.count() > 0, 20, "the stream of news")
        yield browser


def talks(store: Store, since: int = 0, how: str = "") -> None:
    """What the box says of the agent: he talks; `since` when he asks somebody, and `how` that is."""
    with store.change() as change:
        row = {"browser": False, "desk": True, "queues": {"q1": None}, "state": "talking"}
        row |= {"since": change.now, "call": CALL, "queue": "q1", "number": "0901", "name": ""}
        live.put(change, "agent", "a1", row | ({"asks": {"since": since, "how": how}} if how else {}))


def ask(desk: Browser, store: Store) -> None:
    with telephony(store, True, {}):
        desk.click('#hand-on button[value="ask"]')
        desk.sees("Hang up to connect both", "#hand-on-result")


def offers(desk: Browser, what: str) -> bool:
    return desk.has(f'#hand-on:not([hidden]) button[value="{what}"]:not([hidden])')


def test_whoever_is_asked_may_not_answer(desk: Browser, store: Store) -> None:
    desk.click('[data-do="hand-on"]')
    ask(desk, store)
    until(lambda: offers(desk, "back") and not offers(desk, "ask"), 20, "the way back")
    talks(store, 1, "asking")
    talks(store, 1, "unanswered")
    desk.sees(UNANSWERED, "#hand-on-result", 20)
    until(lambda: offers(desk, "ask") and not offers(desk, "back"), 20, "to ask once more")
    desk.screenshot("asked-in-vain")
    # Asked once more: the old answer is not the new one's, and who was asked hangs up after a talk.
    ask(desk, store)
    assert offers(desk, "back")
    talks(store, 2, "asking")
    desk.click('[data-do="hand-on"]')
    talks(store, 2, "back")
    until(lambda: desk.text("#hand-on-result") == BACK, 20, BACK)
    assert offers(desk, "ask"), "closed meanwhile, and opened to say it"


def test_it_may_be_over_before_the_page_hears_that_it_began(desk: Browser, store: Store) -> None:
    desk.click('[data-do="hand-on"]')
    desk.click('#hand-on button[value="ask"]')

    def claimed() -> requests.Request | None:
        with store.change() as change:
            return requests.claim(change, "pbx")

    asked = until(claimed, 20, "what the page asks for")
    assert asked is not None
    talks(store, 1, "unanswered")
    desk.sees(UNANSWERED, "#hand-on-result", 20)
    with store.change() as change:
        requests.finish(change, asked.id, True, {})
    until(lambda: desk.has('#hand-on button[value="ask"]:enabled'), 20, "the answer to the page")
    assert desk.text("#hand-on-result") == UNANSWERED
    assert not offers(desk, "back")


def test_asking_by_keys_is_seen_and_so_is_a_caller_who_is_gone(desk: Browser, store: Store) -> None:
    talks(store, 1, "asking")
    until(lambda: offers(desk, "back"), 20, "the way back")
    desk.reload()
    until(lambda: offers(desk, "back"), 20, "the way back on the new page")
    talks(store, 1, "alone")
    desk.sees("The caller has hung up.", "#hand-on-result", 20)
    assert not offers(desk, "back")
    desk.reload()
    desk.sees("On the phone", "#phase")
    assert not desk.text("#hand-on-result") and not offers(desk, "ask")
