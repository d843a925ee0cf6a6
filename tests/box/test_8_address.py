"""An agent elsewhere in the office: a call answered at the box's own address, not on the box itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.asterisk import sound
from tests.box.conftest import AGENT_PASSWORD, MICROPHONE_HZ
from tests.box.desk import Desk
from tests.box.line import Line
from tests.browser.browser import Browser
from tests.image.box import Box

pytestmark = [pytest.mark.box, pytest.mark.browser]

CALLER_HZ = 440


@pytest.fixture
def elsewhere(box: Box, minh: Desk, screens: Path) -> Iterator[Desk]:
    """Agent a1 in a browser that knows the box by its address alone, and itself not by loopback's."""
    minh.browser.open("/account")  # gives the phone back
    base = f"https://{box.address}:{box.https_port}"
    with Browser(base, screens / "elsewhere", microphone_hz=MICROPHONE_HZ, over_loopback=False) as browser:
        desk = Desk(browser, "a1")
        desk.sign_in("minh", AGENT_PASSWORD)
        desk.open()
        desk.wait_phone()
        yield desk
        desk.go("offline")
    minh.open()
    minh.wait_phone()


def test_a_call_is_answered_at_the_boxs_own_address(elsewhere: Desk, line: Line) -> None:
    elsewhere.go("available")
    with line.phones(CALLER_HZ) as far:
        leg = far.call(line.number, caller="0933000001").wait_answer()
        elsewhere.wait_view("ringing", 20)
        elsewhere.answer()
        leg.wait_heard(lambda heard: not sound.tone_gaps(heard, MICROPHONE_HZ, 200), 1.5, 10, "the agent")
        elsewhere.wait_heard(lambda heard: sound.tone_seconds(heard, CALLER_HZ) > 0.6, 5, "the caller")
        elsewhere.press("hangup")
        leg.wait_end(5)
    elsewhere.wait_view("after", 5)
    elsewhere.finish("")
