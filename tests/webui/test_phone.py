"""The phone of the agent's page against a real Asterisk, in a real browser: it answers, and gets its call
back after a reload, after the network was gone, on hold and muted; what ended meanwhile is dropped.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.asterisk.sound import tone_seconds
from tests.until import until
from tests.webui.phone_bench import CALLER_HZ, ICE_FAILS, RESUME_S, UUID, Desk, phone_bench

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One Asterisk and one browser for all tests here."""
    with phone_bench(tmp_path_factory.mktemp("phone")) as made:
        yield made


@pytest.fixture
def desk(bench: Desk) -> Desk:
    """A fresh page, and nobody on the line."""
    return bench.fresh()


def test_a_reloaded_page_gets_its_call_back_again_and_again(desk: Desk) -> None:
    desk.answer()
    began = desk.ask("phone.call.since")
    for _ in range(2):
        desk.wait_back(desk.reload())
        desk.hear_each_other()
        assert desk.ask("phone.call.uuid") == UUID and desk.ask("phone.call.since") == began
    desk.hang_up_caller()
    until(lambda: desk.ask("said.at(-1)") == "over remote", 5, "the hang-up to reach the page")


def test_hold_and_mute_outlast_a_reload(desk: Desk) -> None:
    desk.answer()
    desk.browser.script("phone.mute(true); phone.hold(true)")
    until(lambda: tone_seconds(desk.browser.heard(), CALLER_HZ) < 0.05, 5, "silence on hold")
    desk.wait_back(desk.reload())
    assert desk.ask("phone.call.held") and desk.ask("phone.call.muted")
    until(lambda: desk.ask("phone.hold(false)"), 5, "the caller to be taken back")
    desk.browser.script("phone.mute(false)")
    desk.hear_each_other()


def test_ten_seconds_without_a_network(desk: Desk) -> None:
    desk.answer()
    first = desk.leg()
    desk.wire.whole.clear()
    until(lambda: desk.ask("phone.link") == "lost", 10, "the phone to notice", every_s=0.2)
    assert desk.phase() == "talking"
    threading.Timer(5, desk.wire.whole.set).start()
    until(lambda: desk.ask("phone.link") == "ready", 12, "the phone to be back", every_s=0.2)
    desk.wait_taken_over(first)
    desk.hear_each_other()
    desk.hang_up_caller()
    until(lambda: desk.ask("said.at(-1)") == "over remote", 5, "the hang-up to reach the page")


def test_no_way_for_the_sound_any_more(desk: Desk) -> None:
    desk.answer()
    first = desk.leg()
    desk.browser.script(f"phases.length = 0; {ICE_FAILS}")
    desk.wait_taken_over(first)
    desk.wait_back()
    desk.hear_each_other()
    assert desk.ask("phases[0]") == "reconnecting" and desk.ask("said") == []


def test_hanging_up_without_a_network_is_done_as_soon_as_it_is_back(desk: Desk) -> None:
    desk.answer()
    desk.wire.whole.clear()
    until(lambda: desk.ask("phone.link") == "lost", 10, "the phone to notice", every_s=0.2)
    desk.browser.script("phone.hangUp()")
    assert desk.phase() == "leaving"
    desk.wire.whole.set()
    until(lambda: desk.phase() is None, 12, "the call to be over")
    until(desk.is_quiet, 5, "nobody on the line")


@pytest.mark.parametrize("then", ["the sound fails", "the page is reloaded"])
def test_a_hang_up_is_not_taken_back(desk: Desk, then: str) -> None:
    """Whatever goes wrong before the caller could be told: nobody in the room is heard again."""
    desk.answer()
    desk.wire.whole.clear()
    until(lambda: desk.ask("phone.link") == "lost", 10, "the phone to notice", every_s=0.2)
    desk.browser.script("phone.hangUp()")
    if then == "the sound fails":
        desk.browser.script(ICE_FAILS)
    else:
        desk.browser.reload()
    until(lambda: desk.phase() == "leaving", 5, "the call to be hung up yet")
    desk.browser.script("phone.mute(false); phases.length = 0; microphones = 0")
    desk.wire.whole.set()
    until(lambda: desk.phase() is None, 12, "the call to be over")
    until(desk.is_quiet, 5, "nobody on the line")
    assert desk.ask("phases.filter((phase) => phase && phase !== 'leaving')") == []
    assert desk.ask("microphones") == 0


def test_a_call_that_ended_while_the_page_was_away_is_dropped(desk: Desk) -> None:
    desk.answer()
    desk.browser.open("/jssip.min.js")
    desk.hang_up_caller()
    until(desk.is_quiet, 5, "nobody on the line")
    desk.browser.open("/")
    until(lambda: desk.ask("said.at(-1)") == "over gone", RESUME_S, "the old call to be dropped")
    desk.answer()


def test_what_the_box_says_of_an_end_counts_only_while_the_phone_is_cut_off(desk: Desk) -> None:
    desk.answer()
    assert desk.ask("phone.isCutOff") is False
    desk.browser.script(f"phone.ended('{UUID}')")
    assert desk.phase() == "talking"
    desk.wire.whole.clear()
    until(lambda: desk.ask("phone.link") == "lost", 10, "the phone to notice", every_s=0.2)
    assert desk.ask("phone.isCutOff") is True
    desk.browser.script("phone.ended('another call')")
    assert desk.phase() == "talking"
    desk.browser.script(f"phone.ended('{UUID}')")
    assert desk.phase() is None
    assert desk.ask("said.at(-1)") == "over gone"


def test_the_agent_hangs_up_and_declines(desk: Desk) -> None:
    desk.answer()
    desk.browser.script("phone.hangUp()")
    until(desk.is_quiet, 5, "nobody on the line")
    desk.asterisk.cli("channel originate Local/s@in/n extension s@caller")
    desk.wait("ringing")
    desk.browser.script("phone.reject()")
    until(lambda: desk.ask("said.at(-1)") == "over rejected", 5, "the call to be declined")


def test_a_call_that_the_agent_asked_for_is_answered_by_itself(desk: Desk) -> None:
    until(lambda: desk.ask("phone.link") == "ready", 15, "the phone to be ready")
    desk.asterisk.cli("channel originate Local/s@own/n extension s@caller")
    desk.wait("talking")
    assert desk.ask("phone.call.uuid") == UUID
    until(lambda: tone_seconds(desk.browser.heard(), CALLER_HZ) > 0.5, 5, "the far end's tone")


def test_asterisk_restarted(desk: Desk) -> None:
    desk.answer()
    desk.asterisk.restart()
    until(lambda: desk.ask("phone.link") == "ready", 15, "the phone to be back")
    until(lambda: desk.phase() is None, 10, "the cut call to be over")
    desk.answer()
