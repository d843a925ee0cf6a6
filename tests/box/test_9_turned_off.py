"""The box is turned off in order and on again, as the last thing: the office goes on where it was. Settings,
people, a call and its recording are there, and nobody signs in anew.
"""

from pathlib import Path

import numpy as np
import pytest

from tests.asterisk import sound
from tests.box.conftest import MICROPHONE_HZ
from tests.box.desk import Desk
from tests.box.line import Line
from tests.box.records import CallPage, download, open_call, read_call
from tests.browser.browser import Browser
from tests.image.box import Box
from tests.until import until

pytestmark = [pytest.mark.box, pytest.mark.browser]

CALLER = "0955000001"
CALLER_HZ = 440
NOTE = "Comes on Friday."
# The queue's settings, as their page shows them.
FORMS_OWN = ("csrf", "once")
READ_FORM = 'return Object.fromEntries(new FormData(document.querySelector("form.form")))'


def a_call(line: Line, minh: Desk, owner: Browser) -> CallPage:
    """A call that is answered, noted and over; its page."""
    minh.wait_phone(30)
    minh.go("available")
    with line.phones(CALLER_HZ) as far:
        leg = far.call(line.number, caller=CALLER).wait_answer()
        minh.wait_view("ringing", 20)
        minh.answer()
        leg.wait_heard(lambda heard: not sound.tone_gaps(heard, MICROPHONE_HZ, 200), 1.5, 10, "the agent")
        minh.write(NOTE)
        minh.press("hangup")
        leg.wait_end(5)
    minh.wait_view("after", 5)
    minh.finish("solved")
    page = until(lambda: closed(owner), 10, "the call in the list, closed")
    assert page is not None
    return page


def closed(owner: Browser) -> CallPage | None:
    """The page of the newest call, once it is over."""
    page = open_call(owner, CALLER)
    return page if "Answered" in page.text and all(seconds >= 0 for _, _, seconds in page.segments) else None


def before_notes(page: CallPage) -> list[tuple[str, str, int]]:
    """What happened until somebody hung up: the agent's time for notes may end later."""
    return [segment for segment in page.segments if not segment[0].startswith("After the call")]


def settings(owner: Browser) -> dict[str, str]:
    """The queue's settings, without what is the form's own."""
    owner.open("/settings/queues/q1")
    owner.find("#wrap_up_seconds")
    read = owner.script(READ_FORM)
    assert isinstance(read, dict) and read["wrap_up_seconds"] == "2", read
    return {name: value for name, value in read.items() if name not in FORMS_OWN}


def test_all_is_there_when_the_box_is_turned_on_again(
    box: Box, line: Line, minh: Desk, owner: Browser, screens: Path
) -> None:
    page = a_call(line, minh, owner)
    heard = download(owner, page.recording, screens)
    assert sound.audible_tone_seconds(heard, CALLER_HZ) > 1
    before = settings(owner)

    box.end()
    assert "killing it" not in box.said, box.said
    box.start()

    assert box.run("systemctl", "--failed", "--no-legend") == ""
    owner.open(page.path)
    owner.sees("What happened")
    again = read_call(owner)
    assert before_notes(again) == before_notes(page) and len(before_notes(again)) == 4
    assert again.recording == page.recording
    for words in (NOTE, "Solved"):
        assert words in again.text
    assert np.array_equal(download(owner, again.recording, screens), heard)
    owner.click("#call dd a[href^='/people/']")
    owner.sees(NOTE, "#past")
    assert settings(owner) == before
    # The agent's page was open all the time, and takes the next call.
    minh.wait_phone(30)
    minh.go("available")
    with line.phones(CALLER_HZ) as far:
        leg = far.call(line.number, caller=CALLER).wait_answer()
        minh.wait_view("ringing", 30)
        until(lambda: NOTE in minh.who, 3, "the note of the last call while it rings")
        leg.hang_up()
        minh.wait_view("idle", 5)
    minh.go("offline")
