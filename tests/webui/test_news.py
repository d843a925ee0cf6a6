"""News in a real browser: one stream for all its tabs; what pages do when the box is gone for a moment."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cheroot import wsgi

from appliance.settings import Settings
from appliance.store import Store, agents, callbacks, conversations, live, users
from appliance.webui.app import Application, make_app
from appliance.webui.events import Full
from tests.asterisk.instance import free_port
from tests.browser.browser import Browser
from tests.until import until
from tests.webui import seed
from tests.webui.conftest import PASSWORD
from tests.webui.test_desk import CALL, call_now, idle

pytestmark = [
    pytest.mark.slow,
    # cheroot closes its streams under their feet when it is stopped in mid-test.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
# The part of the page that the box made before the note was saved comes late, and something shows all anew.
OLD_NEWS = """
Object.assign(document.querySelector("#who [data-phase]").dataset, {saved: "", savedAt: "0"});
document.activeElement.blur();
document.getElementById("status").dispatchEvent(new CustomEvent("foyer:replaced", {bubbles: true}));
return document.getElementById("note").value;
"""
KEPT = "return localStorage[Object.keys(localStorage).find((key) => key.startsWith(arguments[0]))] ?? null"
# Keeps what the page's scripts ask for.
ASKED = """
window.asked = [];
const reallyFetch = fetch;
window.fetch = (path, ...given) => {
  asked.push(path);
  return reallyFetch(path, ...given);
};
"""
ASK_ANEW = """
const [element, path] = [document.getElementById("board"), arguments[0]];
element.dataset.fragment = path;
element.dispatchEvent(new CustomEvent("foyer:due", {bubbles: true}));
return performance.now();
"""
LATER = "return performance.now() - arguments[0] > 2800"
BANNER = "#connection:not([hidden])"
FINISH = """document.querySelector('#results [data-result="solved"]:enabled')?.click();"""
FINISH_AND_WRITE = f"""
{FINISH}
const note = document.getElementById("note");
note.value += arguments[0];
note.dispatchEvent(new Event("input"));
"""
# What the browsers that the README promises do not have, or not all of them.
OLDER = "delete AbortSignal.any"


class Served:
    """The application on a port of its own, which can be stopped and started again."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store
        self.port = free_port()
        self.app: Application
        self._server: Any = None
        self._stop = threading.Event()

    def start(self) -> None:
        self.app = make_app(self._settings, self._store)
        self._stop = threading.Event()
        self._server = wsgi.Server(("127.0.0.1", self.port), self.app, numthreads=20, shutdown_timeout=1)
        self._server.prepare()
        threading.Thread(target=self._server.serve, daemon=True).start()
        threading.Thread(target=self.app.hub.run, args=(self._stop,), daemon=True).start()

    def stop(self) -> None:
        self._stop.set()
        self._server.stop()


@pytest.fixture
def served(settings: Settings, store: Store, box: dict[str, str]) -> Iterator[Served]:
    with store.change() as change:
        live.put(change, "pbx", "state", {"up": True, "since": change.now})
        agents.set_state(change, "a1", "available")
    made = Served(settings, store)
    made.start()
    yield made
    made.stop()
    gc.collect()  # so that what cheroot left half closed is not complained of in another test


@pytest.fixture
def browser(served: Served, tmp_path: Path) -> Iterator[Browser]:
    # Browsers treat localhost as secure: the session's cookie works without TLS there.
    with Browser(f"http://localhost:{served.port}", tmp_path / "browser") as made:
        yield made


def sign_in(browser: Browser, login: str, path: str) -> None:
    browser.open("/login")
    browser.fill("#login", login)
    browser.fill("#password", PASSWORD)
    browser.click('form[action="/login"] button')
    until(lambda: "/login" not in browser.path, 10, "the session")
    browser.open(path)


def prepare(browser: Browser, source: str) -> None:
    """Run a script in every page before the page's own."""
    browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})


def asked(browser: Browser, path: str) -> int:
    """How often this page's scripts have asked for a path."""
    count = browser.script("return asked.filter((each) => each === arguments[0]).length", path)
    assert isinstance(count, int)
    return count


def streams(served: Served) -> int:
    """How many are open, once the hub has sent a sign of life: whose browser is gone, ends with it."""
    served.app.hub.check_sessions()
    return served.app.hub.count()


def minh(store: Store, state: str) -> None:
    with store.change() as change:
        agents.set_state(change, "a2", state, "meal" if state == "break" else "")


def test_tabs_share_a_stream_and_the_next_one_takes_over(
    browser: Browser, served: Served, store: Store
) -> None:
    sign_in(browser, "lead", "/live")
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.open("/live")
    second = browser.driver.current_window_handle
    minh(store, "break")
    browser.sees("Meal", "#board")
    browser.driver.switch_to.window(first)
    browser.sees("Meal", "#board")
    # What the login and the first page left behind ends with its next sign of life.
    until(lambda: streams(served) == 1, 10, "one stream", every_s=0.3)
    browser.driver.close()
    browser.driver.switch_to.window(second)
    minh(store, "offline")
    until(lambda: "Meal" not in browser.text("#board"), 10, "news in the tab that is left")


def test_a_browser_as_old_as_is_promised(browser: Browser, served: Served, store: Store) -> None:
    prepare(browser, OLDER)
    sign_in(browser, "lead", "/live")
    until(lambda: served.app.hub.count() > 0, 10, "the stream")
    minh(store, "break")
    browser.sees("Meal", "#board")
    assert not browser.has(BANNER)


def test_a_box_that_was_restarted(browser: Browser, served: Served, store: Store) -> None:
    sign_in(browser, "lead", "/live")
    until(lambda: served.app.hub.count() > 0, 10, "the stream")
    served.stop()
    browser.sees("The connection to the box is lost.", BANNER)
    minh(store, "break")
    served.start()
    until(lambda: not browser.has(BANNER), 15, "the connection to be back")
    browser.sees("Meal", "#board")


def test_a_browser_too_many_says_so_and_looks_from_time_to_time(
    browser: Browser, served: Served, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Full, "retry_after_s", 2)
    monkeypatch.setattr(served.app.hub, "_capacity", 0)
    sign_in(browser, "lead", "/live")
    browser.sees("More browsers are open", BANNER)
    assert "lost" not in browser.text(BANNER)
    minh(store, "break")
    browser.sees("Meal", "#board", 10)
    browser.driver.switch_to.new_window("tab")
    browser.open("/live")
    browser.sees("More browsers are open", BANNER)
    browser.screenshot("full")
    monkeypatch.setattr(served.app.hub, "_capacity", 9)
    until(lambda: not browser.has(BANNER), 10, "a stream")
    minh(store, "offline")
    until(lambda: "Meal" not in browser.text("#board"), 10, "news")


def test_when_asterisk_is_gone_the_page_says_so_at_once(
    browser: Browser, served: Served, store: Store
) -> None:
    sign_in(browser, "lead", "/live")
    until(lambda: served.app.hub.count() > 0, 10, "the stream")
    with store.change() as change:
        live.put(change, "pbx", "state", {"up": False, "since": change.now})
    browser.find(".live-down", 3)
    with store.change() as change:
        live.put(change, "pbx", "state", {"up": True, "since": change.now})
    until(lambda: not browser.has(".live-down"), 3, "the banner to go")


def test_the_board_hears_of_who_wants_to_be_called_back(
    browser: Browser, served: Served, store: Store
) -> None:
    sign_in(browser, "lead", "/live")
    until(lambda: served.app.hub.count() > 0, 10, "the stream")
    with store.change() as change:
        callbacks.leave(change, seed.call_uuid(1), "q1", "+12025550143", change.now)
    browser.sees("202-555-0143", "#board")


def test_an_account_that_was_disabled(
    browser: Browser, served: Served, store: Store, box: dict[str, str]
) -> None:
    prepare(browser, ASKED)
    sign_in(browser, "lead", "/live")
    until(lambda: served.app.hub.count() > 0, 10, "the stream")
    with store.change() as change:
        users.set_disabled(change, box["lead"], True, box["boss"])
    browser.sees("You were signed out.", "#notices")
    # The connection is not lost, however often the page looks whether somebody has signed in anew.
    until(lambda: asked(browser, "/events") > 4, 20, "the page to look again")
    assert not browser.has(BANNER)


@pytest.mark.parametrize("path", ["/nowhere", "/desk/status"])
def test_a_part_of_the_page_that_is_gone_or_forbidden_leaves_the_stream_alone(
    browser: Browser, served: Served, path: str
) -> None:
    """It is asked for once at a time, and the stream, which all tabs share, goes on."""
    prepare(browser, ASKED)
    sign_in(browser, "lead", "/live")
    until(lambda: served.app.hub.count() > 0, 10, "the stream")
    before = asked(browser, "/events")
    for time in (1, 2):
        began = browser.script(ASK_ANEW, path)
        # The stream has been silent for long enough to be in doubt, and another try would have come.
        until(partial(browser.script, LATER, began), 5, "silence")
        assert asked(browser, path) == time
    assert asked(browser, "/events") == before
    assert not browser.has(BANNER)


def after_a_call(browser: Browser, store: Store) -> str:
    """An agent's page after a call, whose conversation this is."""
    with store.change() as change:
        record = seed.answered(1, "+84901234567", change.now - 20_000, wait_ms=2000, talk_ms=9000)
        call = conversations.upsert_call(change, record)
    sign_in(browser, "lan", "/desk")
    browser.sees("After the call", "#call")
    return call


def notes(store: Store, call: str) -> list[str]:
    with store.read() as db:
        return [message.body for message in conversations.messages(db, call) if message.kind == "note"]


def written(browser: Browser) -> object:
    return browser.find("#note").get_property("value")


def test_a_saved_note_is_not_overwritten_with_what_the_box_had_before(
    browser: Browser, served: Served, store: Store
) -> None:
    call = after_a_call(browser, store)
    browser.find("#note").send_keys("wants two implants")
    browser.sees("Saved", "#note-state")
    assert browser.script(OLD_NEWS) == "wants two implants"
    browser.click('[data-result="solved"]')
    browser.sees("No call", "#call")
    assert notes(store, call) == ["wants two implants"]


def test_words_typed_while_the_result_waits_for_the_end_of_the_call(
    browser: Browser, served: Served, store: Store
) -> None:
    with store.change() as change:
        call = call_now(change)
        idle(change)
    sign_in(browser, "lan", f"/desk?call={CALL}")
    browser.sees("After the call", "#call")
    browser.find("#note").send_keys("wants two")
    browser.sees("Saved", "#note-state")
    browser.script(FINISH_AND_WRITE, " implants")
    until(lambda: notes(store, call) == ["wants two implants"], 20, "the words typed meanwhile")
    with store.change() as change:
        call_now(change, "closed")

    def is_finished() -> bool:
        with store.read() as db:
            if conversations.get(db, call).disposition == "solved":
                return True
        browser.script(FINISH)  # once the page has given up
        return False

    until(is_finished, 20, "the result", every_s=0.5)
    assert notes(store, call) == ["wants two implants"]


def test_what_another_computer_wrote_later_is_shown(
    browser: Browser, served: Served, store: Store, box: dict[str, str]
) -> None:
    """On a page that has saved a note itself, with the cursor in it; with words that are only here, beside
    them.
    """
    call = after_a_call(browser, store)
    browser.find("#note").send_keys("wants two implants")
    browser.sees("Saved", "#note-state")
    with store.change() as change:
        conversations.save_note(change, call, box["lan"], "wants two implants on Friday")
    until(lambda: written(browser) == "wants two implants on Friday", 20, "what was written elsewhere")
    browser.find("#note").send_keys("!")
    until(lambda: notes(store, call) == ["wants two implants! on Friday"], 20, "the words typed here")
    served.stop()
    browser.find("#note").send_keys("!")
    browser.sees("Kept in this browser", "#note-state")
    with store.change() as change:
        conversations.save_note(change, call, box["lan"], "something else")
    served.start()
    browser.sees("Saved", "#note-state", 30)
    assert written(browser) == "something else\nwants two implants!! on Friday"
    assert notes(store, call) == [written(browser)]


def test_two_tabs_lose_no_word_of_each_other(browser: Browser, served: Served, store: Store) -> None:
    call = after_a_call(browser, store)
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.open("/desk")
    browser.sees("After the call", "#call")
    served.stop()
    browser.find("#note").send_keys("written in the second tab")
    browser.sees("Kept in this browser", "#note-state")
    browser.driver.switch_to.window(first)
    until(lambda: written(browser) == "written in the second tab", 5, "the words in the first tab")
    # Left without a word of its own.
    browser.script("document.getElementById('note').value = ''; dispatchEvent(new Event('pagehide'))")
    served.start()
    browser.sees("Saved", "#note-state", 15)
    assert notes(store, call) == ["written in the second tab"]


def test_a_note_of_a_call_that_nobody_knows_is_given_up_after_a_day(
    browser: Browser, served: Served, store: Store
) -> None:
    after_a_call(browser, store)
    new, old = (f"foyer.note.a1.{seed.call_uuid(number)}" for number in (2, 3))
    for key, early in ((new, 0), (old, 28_799)):
        browser.script(f"localStorage.setItem('{key}', JSON.stringify({{body: 'a note', early: {early}}}))")
    browser.sees("The call is not recorded yet.", "#notices")
    until(lambda: browser.script(KEPT, old) is None, 5, "the old note to be given up")
    assert "a note" in str(browser.script(KEPT, new))


def test_a_note_outlasts_the_box_and_the_page(browser: Browser, served: Served, store: Store) -> None:
    call = after_a_call(browser, store)
    served.stop()
    browser.find("#note").send_keys("written while the box was away")
    browser.sees("Kept in this browser", "#note-state")
    served.start()
    browser.sees("Saved", "#note-state", 15)
    assert notes(store, call) == ["written while the box was away"]
    browser.reload()
    until(lambda: written(browser) == "written while the box was away", 10, "the note on the new page")
    browser.click('[data-result="solved"]')
    browser.sees("No call", "#call")
    with store.read() as db:
        assert conversations.get(db, call).disposition == "solved"


def test_a_break_chosen_elsewhere_is_seen_here(browser: Browser, served: Served, store: Store) -> None:
    sign_in(browser, "lan", "/desk")
    browser.click("#break-menu summary")
    browser.click('[value="break:meal"]')
    browser.sees("Break: Meal", "#status")
    with store.read() as db:
        assert agents.current_of(db, "a1").reason == "meal"
    with store.change() as change:
        agents.set_state(change, "a1", "available", by="phone")
    browser.sees("The next call rings here.", "#call")
