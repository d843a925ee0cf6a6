"""A call the other way round: an agent types a number, the provider rings it, and a supervisor ends it."""

import pytest

from tests.asterisk import sound
from tests.asterisk.phone import Phone
from tests.box.conftest import MICROPHONE_HZ
from tests.box.desk import Desk
from tests.box.line import PROVIDER, Line
from tests.box.records import CallPage, open_call
from tests.browser.browser import Browser
from tests.until import until

pytestmark = [pytest.mark.box, pytest.mark.browser]

CALLED = "0908765432"
CALLED_HZ = 440
PORT = 5080  # the box itself has 5060, on this address as well


@pytest.fixture
def provider(owner: Browser, line: Line) -> Phone:
    """The provider's exchange, which takes calls, too."""
    owner.open("/settings/lines/l1")
    owner.click("details.more summary")
    owner.fill("#port", str(PORT))
    owner.click("form.form .button-main")
    owner.sees("Save these changes?")
    owner.click("button[name=stage][value=save]")
    owner.sees("In use", timeout_s=15)
    return Phone("provider", host=PROVIDER, port=PORT, server=line.server, tone_hz=CALLED_HZ)


def test_an_agent_calls_out_and_a_supervisor_ends_it(owner: Browser, minh: Desk, provider: Phone) -> None:
    with provider:
        minh.open()
        minh.wait_phone()
        minh.browser.fill(".call-out [name=number]", f"{CALLED[:4]} {CALLED[4:]}")
        minh.browser.click(".call-out button")
        far = provider.wait_ring(15)
        minh.wait_view("talking", 5)  # the phone in the browser answered by itself
        until(lambda: minh.phase == "Ringing at the other end …", 5, "the desk to say that it rings")
        owner.open("/live")
        owner.sees("Calling somebody", ".agents")
        far.answer()
        until(lambda: minh.phase == "On the phone", 5, "the desk to say that there is an answer")
        minh.wait_heard(lambda heard: not sound.tone_gaps(heard, CALLED_HZ), 10, "who was called")
        far.wait_heard(lambda heard: not sound.tone_gaps(heard, MICROPHONE_HZ), 1.0, 10, "the agent")
        assert CALLED in minh.who
        minh.write("Said yes.")
        owner.sees("On a call", ".agents", 5)
        owner.click('.agents a[href^="/live/end"]')
        owner.sees("End this call?")
        owner.sees("Trần Văn Minh")
        owner.click("main .button-bad")
        owner.sees("The call was ended.")
        far.wait_end(5)
        minh.wait_view("after", 5)
        minh.finish("")
    page = until(lambda: answered(owner), 10, "the call that went out in the list")
    assert page is not None and "Outgoing call" in page.text and "Said yes." in page.text
    assert [who for what, who, _ in page.segments if what == "Talking"] == ["Trần Văn Minh"]
    owner.open("/audit?action=call.end")
    owner.sees("Ended somebody's call")


def answered(owner: Browser) -> CallPage | None:
    """The page of the call, once it is over."""
    page = open_call(owner, CALLED)
    return page if "Answered" in page.text else None
