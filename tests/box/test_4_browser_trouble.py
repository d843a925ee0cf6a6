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
from tests.box.line import Line
from tests.box.records import download, open_call
from tests.box.trouble import browsers_cut_off, front_door_shut
from tests.browser.browser import Browser
from tests.image.box import Box
from tests.until import until

pytestmark = [pytest.mark.box, pytest.mark.browser]

CALLER_HZ = 440
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


def caller_hears(caller: SippCaller, last_s: float = 0.6) -> bool:
    """Whether the caller has heard the agent without a gap in the last moments."""
    now = time.monotonic()
    return not sound.tone_gaps(caller.heard(now - last_s, now), MICROPHONE_HZ, 100)


def agent_hears(minh: Desk) -> bool:
    """Whether the agent hears the caller now."""
    return sound.tone_seconds(minh.browser.heard(), CALLER_HZ) > 0.5


def wait_both(minh: Desk, caller: SippCaller, since: float) -> None:
    """Sound in both directions, at most `BACK_S` after `since`."""
    left_s = since + BACK_S - time.monotonic()
    until(lambda: caller_hears(caller) and agent_hears(minh), left_s, "sound in both directions")


def pass_time(seconds: float) -> None:
    """The trouble lasts so long."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() >= end, seconds + 1, "time to pass")


def test_a_reloaded_page_has_its_call_back(minh: Desk, line: Line, owner: Browser, screens: Path) -> None:
    number = "0911000001"
    with call(minh, line, number) as caller:
        minh.write("Saved before.")
        minh.browser.find("#note").send_keys(" Typed in the last moment.")
        minh.browser.reload()
        reloaded = time.monotonic()
        wait_both(minh, caller, reloaded)
        minh.wait_view("talking", 1)
        assert minh.note == "Saved before. Typed in the last moment."
        minh.wait_note_saved()
        caller.hang_up()
        minh.wait_view("after", 3)
    page = open_call(owner, number)
    assert "Typed in the last moment." in page.text
    kept = download(owner, page.recording, screens)
    last = kept[-sound.RATE // 2 :]
    assert sound.audible_tone_seconds(last, CALLER_HZ) > 0.25, "the recording ends before the call"
    assert sound.audible_tone_seconds(last, MICROPHONE_HZ) > 0.25, "the agent is missing after the reload"


def test_ten_seconds_without_the_network(minh: Desk, line: Line, box: Box) -> None:
    with call(minh, line, "0911000002") as caller:
        with browsers_cut_off(box):
            minh.browser.find("#note").send_keys("Written without a network.")
            pass_time(10)
        wait_both(minh, caller, time.monotonic())
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
            assert sound.tone_gaps(heard, MICROPHONE_HZ, 200) == [], "the sound went with the pages"
        until(lambda: minh.phase == "On the phone", BACK_S, "the phone to be connected again")
        caller.hang_up()
        minh.wait_view("after", 5)
