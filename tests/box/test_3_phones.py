"""Other ways to answer and to call: a desk phone, its keys, and the built-in caller by command."""

import threading
import time
from collections.abc import Iterator

import pytest

from tests.asterisk import sound
from tests.asterisk.phone import Phone
from tests.box.client import WebClient
from tests.box.desk import Desk
from tests.box.exchange import Exchange
from tests.box.line import Line
from tests.box.moments import agrees, doing
from tests.box.records import open_call
from tests.browser.browser import Browser
from tests.image.box import Box
from tests.until import until

pytestmark = [pytest.mark.box, pytest.mark.browser]

CALLER = "0987654321"
CALLER_HZ = 440


@pytest.fixture(scope="module")
def at_desk(ha: WebClient, desk_phone: Phone, exchange: Exchange) -> Iterator[Phone]:
    """Agent a2 is available on her desk phone."""
    ha.post("/desk/state", {"device": "desk"}, of="/desk")
    ha.post("/desk/state", {"state": "available"}, of="/desk")
    until(lambda: any("PJSIP/a2d" in line for line in exchange.members()), 5, "the desk phone in the queue")
    yield desk_phone
    ha.post("/desk/state", {"state": "offline"}, of="/desk")
    until(lambda: not exchange.members(), 5, "nobody in the queue")


def test_the_keys_of_a_phone_begin_and_end_a_break(at_desk: Phone, owner: Browser) -> None:
    owner.open("/live")
    owner.sees("1 of 1 free")
    at_desk.call("*90").wait_answer().wait_end(15)
    owner.sees("Break", ".agents", 5)
    owner.sees("0 of 1 free", timeout_s=5)
    at_desk.call("*91").wait_answer().wait_end(15)
    owner.sees("1 of 1 free", timeout_s=5)


def test_a_desk_phone_answers(at_desk: Phone, line: Line, owner: Browser) -> None:
    with line.phones(CALLER_HZ) as far:
        leg = far.call(line.number, caller=CALLER).wait_answer()
        ringing = at_desk.wait_ring(20)
        assert ringing.caller == CALLER
        answered = doing(ringing.answer)
        leg.wait_heard(lambda heard: not sound.tone_gaps(heard, at_desk.tone_hz), 1.5, 8, "the desk phone")
        ringing.wait_heard(lambda heard: not sound.tone_gaps(heard, CALLER_HZ), 1.5, 8, "the caller")
        held = doing(ringing.hold)
        owner.open("/live")
        owner.sees("Caller on hold", ".agents", 5)
        until(lambda: time.monotonic() > held.before + 2, 5, "2 s of hold")
        back = doing(ringing.resume)
        leg.wait_heard(
            lambda heard: not sound.tone_gaps(heard, at_desk.tone_hz), 1.0, 8, "the desk phone again"
        )

        def end() -> None:
            leg.hang_up()
            ringing.wait_end(3)

        ended = doing(end)
    page = until(lambda: closed_call(owner), 5, "the call's end in the list")
    shown = [(what.partition(" (")[0], who, seconds) for what, who, seconds in page]
    first, second = (seconds for what, _, seconds in shown if what == "Talking")
    assert agrees(first, answered, held) and agrees(second, back, ended), shown
    (hold,) = [seconds for what, _, seconds in shown if what == "On hold"]
    assert agrees(hold, held, back), shown
    assert {who for what, who, _ in shown if what == "Talking"} == {"Lê Thu Hà"}


def closed_call(owner: Browser) -> tuple[tuple[str, str, int], ...]:
    """The segments of the newest call of `CALLER`, once it is closed."""
    page = open_call(owner, CALLER)
    return page.segments if "Answered" in page.text and all(s >= 0 for _, _, s in page.segments) else ()


def test_a_declined_call_rings_others_first(
    minh: Desk, ha: WebClient, at_desk: Phone, line: Line, exchange: Exchange
) -> None:
    ha.post("/desk/state", {"state": "break:meal"}, of="/desk")
    minh.go("available")
    with line.phones(CALLER_HZ) as far:
        leg = far.call(line.number, caller=CALLER).wait_answer()
        minh.wait_view("ringing", 20)
        minh.press("reject")
        minh.browser.sees("You declined a call: others are called first.", "#status", 3)
        until(lambda: "paused:declined" in str(exchange.members()), 2, "others to come first")
        assert minh.view == "idle" and leg.is_up
        ha.post("/desk/state", {"state": "available"}, of="/desk")
        at_desk.wait_ring(5).refuse()
        until(lambda: str(exchange.members()).count("paused:declined") == 2, 2, "nobody to be called now")
        minh.go("available")
        minh.wait_view("ringing", 5)
        leg.hang_up()
        minh.wait_view("idle", 5)
    minh.go("offline")


def test_the_command_makes_a_caller_ring_in(box: Box, minh: Desk) -> None:
    minh.go("available")
    said: list[str] = []
    command = threading.Thread(
        target=lambda: said.append(box.run("foyer", "test-call", "--wait", check=False))
    )
    command.start()
    minh.wait_view("ringing", 15)
    minh.answer()
    minh.wait_heard(lambda heard: bool(sound.level_dbfs(heard).max() > -35), 10, "the test caller's voice")
    minh.press("hangup")
    minh.finish("")
    command.join(timeout=100)
    minh.go("offline")
    assert said, "the command does not end with the call"
    assert "Answered by Trần Văn Minh" in said[0]
    assert "Over after" in said[0]
