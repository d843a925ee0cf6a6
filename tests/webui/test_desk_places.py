"""Where a call is that this page's phone does not have, and which end of a call is told: in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from appliance.settings import Settings
from appliance.store import Store, agents, conversations, live, secrets
from appliance.webui.app import make_app
from tests.browser.browser import Browser
from tests.until import until
from tests.webui import seed
from tests.webui.real_browser import served, signed_in
from tests.webui.test_desk import CALL, call_now, ringing

pytestmark = [
    pytest.mark.slow,
    # cheroot closes its streams under their feet when it is stopped in mid-test.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
# So that the page's phone can be told what its network would.
FIND_PHONE = """
window.targets = [];
window.EventTarget = class extends EventTarget {
  constructor() {
    super();
    targets.push(this);
  }
};
"""
OVER = """
const phone = targets.find((each) => "isCutOff" in each);
const call = {uuid: arguments[0], phase: arguments[1]};
phone.dispatchEvent(new CustomEvent("over", {detail: {call, reason: arguments[2] ?? "lost"}}));
return document.getElementById("notices").textContent.trim();
"""
CARD = """
const shown = document.querySelector("#who [data-phase]");
return [document.querySelector("[data-view]").dataset.view, shown?.dataset.call];
"""
PROBLEM = """
const phone = targets.find((each) => "isCutOff" in each);
phone.dispatchEvent(new CustomEvent("problem", {detail: arguments[0]}));
"""
LINK = "return targets.find((each) => 'isCutOff' in each).link"
HOLDER = "return document.querySelector('#status [data-state]').dataset.holder"
TAKE = """
const [done] = arguments;
const values = {page: "another", client: "another", take: String(Date.now() + 1000)};
fetch("/desk/phone", {
  method: "POST",
  headers: {"X-CSRF": Foyer.csrf, "HX-Request": "true"},
  body: new URLSearchParams(values),
}).then(({status}) => done(status));
"""


@pytest.fixture
def desk(settings: Settings, store: Store, box: dict[str, str], tmp_path: Path) -> Iterator[Browser]:
    """The desk of an agent who answers in the browser."""
    with store.change() as change:
        live.put(change, "pbx", "state", {"up": True, "since": change.now})
        agents.set_state(change, "a1", "available", device="browser")
        secrets.put(change, "sip:a1", "the secret")
    app = make_app(settings, store)
    with (
        served(app) as address,
        signed_in(address.replace("127.0.0.1", "localhost"), tmp_path / "browser", login="lan") as browser,
    ):
        browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": FIND_PHONE})
        browser.open("/desk")
        until(lambda: app.hub.count() > 0, 20, "the stream of news")
        yield browser


def talks(store: Store) -> None:
    with store.change() as change:
        ringing(change, state="talking")


def test_a_call_in_another_tab(desk: Browser, store: Store) -> None:
    first = desk.driver.current_window_handle
    desk.driver.switch_to.new_window("tab")
    desk.open("/desk")
    desk.sees("The phone is open in another tab.")
    talks(store)
    desk.sees("This call is in another tab.", "#controls")
    desk.driver.switch_to.window(first)
    with store.change() as change:
        agents.set_state(change, "a1", "available", device="desk")
    desk.sees("This call is on your desk phone.", "#controls")


def test_a_call_in_another_browser(desk: Browser, store: Store) -> None:
    until(lambda: desk.script(HOLDER), 10, "this page to have the phone")
    assert desk.async_script(TAKE) == 200
    desk.sees("The phone is open in another browser.")
    talks(store)
    desk.sees("This call is in another browser.", "#controls")


def test_a_call_given_up_for_its_sound_is_on_no_other_phone(desk: Browser, store: Store) -> None:
    """Though the box has it for one of this agent's until it misses his sound as well."""
    talks(store)
    desk.sees("This call is on your desk phone.", "#controls")
    desk.script(OVER, CALL, "talking", "deaf")
    desk.sees("After the call", "#phase")
    for state in ("calling", "talking"):
        with store.change() as change:
            ringing(change, state=state)
        until(partial(desk.all, f'#who [data-phase="{state}"]'), 10, "the box's word of the call")
        assert desk.text("#phase") == "After the call"
    # Later it is like any other.
    with store.change() as change:
        agents.set_state(change, "a1", "available", device="desk")
        ringing(change)
    until(lambda: desk.all('#who [data-phase="ringing"]'), 10, "the call to ring")
    talks(store)
    desk.sees("This call is on your desk phone.", "#controls")


def test_a_page_without_sound_takes_no_calls_whatever_its_microphone_does(
    desk: Browser, store: Store
) -> None:
    until(lambda: desk.script(HOLDER), 10, "this page to have the phone")
    desk.script(OVER, CALL, "talking", "deaf")
    until(lambda: desk.script(LINK) == "off", 10, "the phone to be left")
    desk.sees("No sound gets through", "#advice-deaf")
    desk.script(PROBLEM, "busy")
    desk.script("document.querySelector('[data-do=microphone]').click()")
    for state in ("break", "available"):
        with store.change() as change:
            agents.set_state(change, "a1", state, device="browser")
        until(partial(desk.all, f'#idle[data-state="{state}"]'), 10, "the new state")
    assert desk.script(LINK) == "off" and desk.has("#advice-deaf")
    desk.click("#advice-deaf button")
    until(lambda: desk.script(LINK) != "off" and not desk.has("#advice-deaf"), 10, "another try")


def test_a_call_that_only_rang_is_not_told_as_lost(desk: Browser) -> None:
    assert desk.script(OVER, CALL, "ringing") == ""
    assert desk.script(OVER, CALL, "answering") == ""
    assert "The call was lost" in str(desk.script(OVER, CALL, "talking"))


def test_the_next_call_on_a_desk_phone_takes_the_place_of_the_last(desk: Browser, store: Store) -> None:
    with store.change() as change:
        agents.set_state(change, "a1", "available", device="desk")
        call_now(change, "closed")
    desk.open(f"/desk?call={CALL}")
    until(lambda: desk.script(CARD) == ["after", CALL], 10, "the call that waits for its result")
    with store.change() as change:
        ringing(change, call="the next")
        conversations.upsert_call(change, seed.unanswered(2, "+84901234567", change.now - 5000, wait_ms=500))
    until(lambda: desk.script(CARD) == ["ringing", "the next"], 10, "the next call")
    desk.sees("This call is on your desk phone.", "#controls")
