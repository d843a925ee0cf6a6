"""The phone of the agent's page when the far end answers, but not as it should: in a real browser, against a
real Asterisk.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest

from tests.until import until, within
from tests.webui.phone_bench import ICE_FAILS, Desk, phone_bench

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]
READY = "phone.link === 'ready'"
# As Chromium says it 16 s after a leg's first try to find a way.
NEVER_FOUND = """
const connection = connections.at(-1);
Object.defineProperty(connection, "connectionState", {value: "failed"});
connection.dispatchEvent(new Event("connectionstatechange"));
"""
# Which of two ways, found in this order, has the phone go on: those over TCP come first on a busy machine.
WENT_ON = """
import("/static/phone_call.js").then(({gathered}) => {
  window.wentOn = [];
  for (const protocol of ["tcp", "udp"]) {
    gathered({candidate: {protocol}, ready: () => wentOn.push(protocol)});
  }
});
"""
GIVEN_UP_S = 32  # after which JsSIP takes a request for lost


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One Asterisk and one browser for all tests here."""
    with phone_bench(tmp_path_factory.mktemp("phone")) as made:
        yield made


@pytest.fixture
def desk(bench: Desk) -> Desk:
    """A fresh page, and nobody on the line."""
    return bench.fresh()


def test_a_new_connection_that_is_not_registered_is_left_for_another(desk: Desk) -> None:
    """Sooner than JsSIP gives up."""
    until(lambda: desk.ask(READY), 15, "the phone to be ready")
    desk.browser.script("deafTo = 'REGISTER'")
    desk.wire.cut()
    until(lambda: desk.ask("unheard > 0"), 10, "the phone to connect again")
    desk.browser.script("deafTo = ''")
    within(lambda: desk.ask(READY), 20, "the phone to be ready again")
    desk.answer()


def test_a_registration_that_is_not_renewed_is_tried_again(desk: Desk) -> None:
    until(lambda: desk.ask(READY), 15, "the phone to be ready")
    desk.browser.script("deafTo = 'REGISTER'; agents.at(-1).register()")
    until(lambda: desk.ask("phone.link") == "connecting", GIVEN_UP_S + 3, "the page to tell")
    desk.browser.script("deafTo = ''")
    until(lambda: desk.ask(READY), 5, "the phone to be ready again")


def test_a_registration_lost_in_a_call_is_told_with_its_end(desk: Desk) -> None:
    """In the call it is nobody's business; the next one could not come."""
    desk.answer()
    desk.browser.script("deafTo = 'REGISTER'; agents.at(-1).register()")
    until(lambda: desk.ask("agents.at(-1).isRegistered()") is False, GIVEN_UP_S + 3, "the registration's end")
    assert desk.ask(READY)
    desk.browser.script("window.shown = []; phone.addEventListener('change', () => shown.push(phone.link))")
    desk.browser.script("phone.hangUp(); deafTo = ''")
    until(lambda: desk.phase() is None, 5, "the end of the call")
    assert desk.ask("shown[0]") == "connecting"
    until(lambda: desk.ask(READY), GIVEN_UP_S + 3, "the phone to be ready again")


def test_a_way_that_asterisk_cannot_take_does_not_have_the_phone_go_on(desk: Desk) -> None:
    """An answer with nothing but ways over TCP would leave both sides without sound for good."""
    desk.browser.script(WENT_ON)
    until(lambda: "udp" in cast("list[str]", desk.ask("window.wentOn ?? []")), 5, "the phone to go on")
    assert desk.ask("wentOn") == ["udp"]


def test_where_sound_never_gets_through_no_leg_is_renewed(desk: Desk) -> None:
    """Nobody hangs up: the box takes the caller back, as from an agent who is gone."""
    until(lambda: desk.ask(READY), 15, "the phone to be ready")
    desk.browser.script("isBlocked = true")
    desk.asterisk.cli("channel originate Local/s@in/n extension s@caller")
    desk.wait("ringing")
    desk.browser.script("phone.answer()")
    desk.wait("talking")
    first = desk.leg()
    desk.browser.script(f"sent.length = 0; {NEVER_FOUND}")
    assert desk.ask("said") == ["over deaf"] and desk.phase() is None
    desk.browser.script("phone.stop()")
    until(lambda: desk.ask("phone.link") == "off", 5, "the phone to be off")
    assert not {"INVITE", "BYE"} & set(cast("list[str]", desk.ask("sent")))
    assert desk.leg() == first


def test_where_no_sound_gets_through_any_more_a_leg_is_renewed_once(desk: Desk) -> None:
    desk.answer()
    first = desk.leg()
    desk.browser.script(f"isBlocked = true; {ICE_FAILS}")
    desk.wait_taken_over(first)
    desk.wait_back()
    second = desk.leg()
    desk.browser.script(NEVER_FOUND)
    desk.wait_taken_over(second)
    desk.wait_back()
    desk.browser.script(f"sent.length = 0; {NEVER_FOUND}")
    assert desk.ask("said") == ["over deaf"]
    assert "BYE" not in cast("list[str]", desk.ask("sent"))


@pytest.mark.parametrize("loss", ["connection", "page"])
def test_a_call_that_had_sound_is_not_given_up_with_the_first_leg_without(desk: Desk, loss: str) -> None:
    """Though nobody has told that the sound of the leg before was lost: its signalling was, or its page."""
    desk.answer()
    first = desk.leg()
    if loss == "connection":
        desk.browser.script("isBlocked = true")
        desk.wire.cut()
    else:
        with desk.browser.script_at_start("window.isBlocked = true"):
            desk.reload()
    desk.wait_taken_over(first)
    until(lambda: desk.ask("phone.isCutOff") is False, 5, "the call to be back")
    second = desk.leg()
    desk.browser.script(NEVER_FOUND)
    assert desk.ask("said") == []
    desk.wait_taken_over(second)
    desk.wait_back()
    desk.browser.script(NEVER_FOUND)
    assert desk.ask("said") == ["over deaf"]


@pytest.mark.parametrize(
    "refusal", ["480 Temporarily Unavailable", "500 Server Error", "503 Service Unavailable"]
)
def test_a_call_is_asked_for_again_when_the_box_refuses_it_for_a_moment(desk: Desk, refusal: str) -> None:
    desk.answer()
    first = desk.leg()
    desk.browser.script("refusals.push(arguments[0])", refusal)
    desk.wire.cut()
    until(lambda: desk.ask("refusals.length === 0"), 10, "the call to be asked for")
    desk.wait_taken_over(first)
    desk.wait_back()
    desk.hear_each_other()
    assert desk.ask("said") == []
