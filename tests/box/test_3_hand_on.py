"""An agent with the phone in the browser hands a call on: after asking there, and at once."""

import pytest

from tests.asterisk import sound
from tests.asterisk.phone import Phone
from tests.box.conftest import DESK_PHONE_HZ
from tests.box.desk import Desk
from tests.box.line import Line

pytestmark = [pytest.mark.box, pytest.mark.browser]

CALLER = "0987654320"
CALLER_HZ = 440


def hand_on(minh: Desk, how: str, to: str = "", number: str = "") -> None:
    """Fills in the form and sends it; `to` is the value of one of its places, "" for another number."""
    if how != "back":
        minh.browser.choose("#hand-on-place", to)
    if number:
        minh.browser.fill("#hand-on-number", number)
    minh.browser.click(f'#hand-on button[value="{how}"]')


def test_a_call_is_handed_on_after_asking_and_at_once(minh: Desk, desk_phone: Phone, line: Line) -> None:
    minh.go("available")
    with line.phones(CALLER_HZ) as far:
        leg = far.call(line.number, caller=CALLER).wait_answer()
        minh.wait_view("ringing", 20)
        minh.answer()
        minh.press("hand-on")
        colleague = minh.browser.find("#hand-on-place optgroup option").get_attribute("value")
        assert colleague
        hand_on(minh, "now", number="0088123")
        minh.browser.sees("not", "#hand-on-result", 8)
        minh.wait_heard(lambda heard: not sound.tone_gaps(heard, CALLER_HZ), 8, "the caller still")
        hand_on(minh, "ask", colleague)
        minh.browser.sees("Hang up to connect both, or take the caller back.", "#hand-on-result", 8)
        ring = desk_phone.wait_ring(15)
        ring.answer()
        minh.wait_heard(lambda heard: not sound.tone_gaps(heard, DESK_PHONE_HZ), 10, "the colleague")
        hand_on(minh, "back")
        minh.browser.sees("You are with the caller again.", "#hand-on-result", 8)
        ring.wait_end()
        minh.wait_heard(lambda heard: not sound.tone_gaps(heard, CALLER_HZ), 10, "the caller again")
        # Who is asked may be busy: the agent is with the caller again, and the page knows.
        hand_on(minh, "ask", colleague)
        desk_phone.wait_ring(20).refuse(486, "Busy Here")
        minh.browser.sees("Nobody answered there. You are with the caller again.", "#hand-on-result", 20)
        minh.wait_heard(lambda heard: not sound.tone_gaps(heard, CALLER_HZ), 20, "the caller, given back")
        hand_on(minh, "now", colleague)
        ring = desk_phone.wait_ring(15)
        ring.answer()
        leg.wait_heard(lambda heard: not sound.tone_gaps(heard, DESK_PHONE_HZ), 1.0, 10, "the colleague")
        minh.wait_view("after", 10)
        leg.hang_up()
        ring.wait_end()
    minh.rest()
