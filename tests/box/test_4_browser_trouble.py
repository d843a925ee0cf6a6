"""The agent's page is reloaded, or its network is gone, in the middle of a call: the call goes on."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.asterisk import sound
from tests.asterisk.caller import SippCaller
from tests.box.conftest import MICROPHONE_HZ
from tests.box.desk import Desk
from tests.box.exchange import Exchange
from tests.box.line import Line
from tests.box.records import download, open_call
from tests.box.trouble import browsers_cut_off, front_door_shut, sound_blocked
from tests.browser.browser import Browser
from tests.image.box import Box
from tests.until import Stopwatch, until, within

pytestmark = [pytest.mark.box, pytest.mark.browser]

# What the page says before and after; in one script, so that no status that the box sends comes between.
STATUS_COMES = """
const status = document.getElementById("status");
const words = () => document.getElementById("phone-state").textContent;
const before = words();
Object.assign(status.querySelector("[data-state]").dataset, {holder: "another page", turn: arguments[0]});
status.dispatchEvent(new CustomEvent("foyer:replaced", {bubbles: true}));
return [before, words()];
"""

# A page that reads the answer to its wish for the phone slowly; a status of before comes in the meantime.
ANSWER_IS_SLOW = """
const read = Response.prototype.json;
Response.prototype.json = async function () {
  if (!this.url.endsWith("/desk/phone")) return read.call(this);
  const status = document.getElementById("status");
  Object.assign(status.querySelector("[data-state]").dataset, {holder: "the page before", turn: "1"});
  status.dispatchEvent(new CustomEvent("foyer:replaced", {bubbles: true}));
  return read.call(this);
};
"""

CALLER_HZ = 440
CUT_OFF = "On the phone; the connection to the box is lost"
# What the issue allows between the end of the trouble and sound in both directions.
BACK_S = 5.0


@contextmanager
def call(minh: Desk, line: Line, number: str) -> Iterator[SippCaller]:
    """A call that is up in the agent's browser, with sound both ways; ended by the caller at the latest."""
    minh.go("available")
    try:
        with line.sipp(number, CALLER_HZ) as caller:
            caller.wait_answer()
            minh.wait_view("ringing", 30)
            minh.answer()
            until(lambda: caller_hears(caller), 10, "the caller to hear the agent")
            yield caller
        minh.wait_view("after", 5)
    finally:
        minh.rest()


def is_up(minh: Desk) -> bool:
    """Whether the page itself has the call, and can tell the box of it."""
    return minh.link == "The phone is ready." and minh.phase == "On the phone"


def caller_hears(caller: SippCaller, last_s: float = 0.6) -> bool:
    """Whether the caller has heard the agent without a gap in the last moments."""
    now = time.monotonic()
    return not sound.tone_gaps(caller.heard(now - last_s, now), MICROPHONE_HZ, 100)


def audible(caller: SippCaller, last_s: float = 1.0) -> bool:
    """Whether the caller has heard anything of the agent in the last moments."""
    now = time.monotonic()
    return sound.audible_tone_seconds(caller.heard(now - last_s, now), MICROPHONE_HZ) > 0


def agent_hears(minh: Desk) -> bool:
    """Whether the agent hears the caller now."""
    return sound.tone_seconds(minh.browser.heard(), CALLER_HZ) > 0.5


def wait_both(minh: Desk, caller: SippCaller, watch: Stopwatch) -> None:
    """Sound in both directions, at most `BACK_S` by this watch."""
    within(lambda: caller_hears(caller) and agent_hears(minh), BACK_S, "sound in both directions", watch)


def pass_time(seconds: float) -> None:
    """The trouble lasts so long."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() >= end, seconds + 1, "time to pass")


def test_a_reloaded_page_has_its_call_back(minh: Desk, line: Line, owner: Browser, screens: Path) -> None:
    number = "0911000001"
    with call(minh, line, number) as caller:
        minh.write("Saved before.")
        minh.browser.find("#note").send_keys(" Typed in the last moment.")
        watch = Stopwatch()
        minh.browser.reload()
        wait_both(minh, caller, watch)
        minh.wait_view("talking", 1)
        assert minh.note == "Saved before. Typed in the last moment."
        minh.wait_note_saved()
        caller.hang_up()
        minh.wait_view("after", 3)
    page = open_call(owner, number)
    assert "Typed in the last moment." in page.text
    kept = download(owner, page.recording, screens)
    last = kept[-sound.RATE :]
    assert sound.audible_tone_seconds(last, CALLER_HZ) > 0.25, "the recording ends before the call"
    assert sound.audible_tone_seconds(last, MICROPHONE_HZ) > 0.25, "the agent is missing after the reload"


def test_ten_seconds_without_the_network(minh: Desk, line: Line, box: Box) -> None:
    with call(minh, line, "0911000002") as caller:
        with browsers_cut_off(box):
            minh.browser.find("#note").send_keys("Written without a network.")
            pass_time(10)
            # Else there was no trouble, and what follows proves nothing.
            assert not audible(caller) and not agent_hears(minh)
            minh.browser.sees(CUT_OFF, "#phase", 5)
        wait_both(minh, caller, Stopwatch())
        minh.wait_note_saved()
        assert minh.note == "Written without a network."
        caller.hang_up()
        minh.wait_view("after", 5)


def test_ten_seconds_without_the_front_door(minh: Desk, line: Line, box: Box) -> None:
    with call(minh, line, "0911000003") as caller:
        with front_door_shut(box):
            shut = time.monotonic()
            pass_time(10)
            heard = caller.heard(shut)
            assert sound.tone_gaps(heard, MICROPHONE_HZ, 1000) == [], "the sound went with the pages"
        # The box's word of the call alone would say so, too.
        within(lambda: is_up(minh), BACK_S, "the phone to be connected again")
        caller.hang_up()
        minh.wait_view("after", 5)


def test_where_no_sound_gets_through_the_page_says_so_and_the_caller_waits_again(
    minh: Desk, line: Line, exchange: Exchange, owner: Browser
) -> None:
    """Chromium's own word for it comes 16 s after the answer, Asterisk's after 30."""
    minh.go("available")
    with line.sipp("0911000009", CALLER_HZ) as caller:
        caller.wait_answer()
        minh.wait_view("ringing", 30)
        with sound_blocked():
            minh.answer()
            minh.browser.sees("No sound gets through", "#advice", 40)
            until(lambda: "phone in this browser is off" in minh.link, 5, "the phone to be off")
            # With "wait:" stand those who wait.
            until(lambda: "(wait:" in exchange.cli("queue show q1"), 60, "the caller back in the queue")
            assert minh.view != "ringing"
            # Nobody takes him for one who is free.
            owner.open("/live")
            owner.sees("Phone not connected", ".agent-no_phone", 10)
        minh.browser.click("#advice-deaf button")
        minh.wait_view("ringing", 30)
        minh.answer()
        until(lambda: caller_hears(caller), 10, "the caller to hear the agent")
        caller.hang_up()
    minh.wait_view("after")
    minh.rest()


def test_the_end_of_a_call_needs_no_news_of_the_box(minh: Desk, line: Line) -> None:
    """What the box said last is that the agent talks; its news come seconds later after an outage."""
    with call(minh, line, "0911000004") as caller:
        until(lambda: minh.browser.has('#who [data-phase="talking"]'), 10, "the box to know of the talk")
        minh.browser.script("window.fetch = () => Promise.reject(new Error('cut off'))")
        caller.hang_up()
        minh.wait_view("after")
        minh.open()


@pytest.mark.parametrize(
    ("turn", "words"),
    [("1", "The phone is ready."), ("9e15", "The phone is open in another browser.")],
    ids=["of-before", "news"],
)
def test_a_status_of_before_does_not_take_the_phone_away(minh: Desk, turn: str, words: str) -> None:
    """It was fetched before this page got the phone and came after: on a busy box, a page just opened."""
    minh.wait_phone(30)
    try:
        assert minh.browser.script(STATUS_COMES, turn) == ["The phone is ready.", words]
    finally:
        minh.open()
    minh.wait_phone(30)


def test_a_status_of_before_comes_while_the_phone_is_given_to_the_page(minh: Desk) -> None:
    with minh.browser.script_at_start(ANSWER_IS_SLOW):
        minh.open()
    minh.wait_phone(30)
