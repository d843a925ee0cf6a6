"""A phone on the desk that declines a call, on a real Asterisk: others come first, until he is back."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.store import agents
from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone
from tests.pbx.box import NUMBER, Box
from tests.until import Stopwatch, until, within

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]


@pytest.fixture
def box() -> Iterator[Box]:
    with (
        tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as folder,
        # The phone is spared for as long as the queue lets one ring.
        Box(Path(folder), ring_seconds=5) as box,
    ):
        box.start()
        yield box


def now(box: Box) -> tuple[str, str]:
    """What the agent has said of himself, as the store has it."""
    with box.store.read() as db:
        state = agents.current_of(db, "a1")
    return state.state, state.reason


def decline(box: Box, desk: Phone, ring: Leg) -> Leg:
    """The agent turns this ring down: others come first, and then he is called again."""
    watch, known = Stopwatch(), len(desk.legs)
    ring.refuse()
    within(lambda: box.members() == {("PJSIP/a1d", "paused")}, 1, "others to come first", watch)
    assert len(desk.legs) == known
    until(lambda: len(desk.legs) > known, 20, "his turn")
    return desk.legs[known]


def test_a_declined_call_goes_to_others_first(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        desk.register()
        box.agent("a1", "available")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "the agent in the queue")
        call = outside.call(NUMBER)
        ring = desk.wait_ring()
        declined = time.monotonic()
        again = decline(box, desk, ring)
        # Nobody else is there: then it is this agent's turn again, and the caller has kept his place.
        assert again.rang_at and again.rang_at - declined > 4
        again.refuse()
        within(lambda: box.members() == {("PJSIP/a1d", "paused")}, 1, "others to come first again")
        # Until he says on his phone that he is back.
        desk.call("*91").wait_end()
        again = desk.wait_ring(3)
        until(lambda: now(box) == ("available", ""), 2, "the phone's word in the store")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "no pause any more")
        again.answer()
        box.call(lambda one: one.answered is not None, "the talk in the store")
        call.hang_up()
        done = box.call(lambda one: one.ended is not None, "the end of the call")
        assert done.outcome == "answered"
        assert now(box) == ("available", "")


def test_without_foyer_pbx_the_same_phone_rests_all_the_same(box: Box) -> None:
    """Nobody pauses the agent then: the dialplan itself lets his phone be."""
    with box.desk("a1") as desk, box.outside() as outside:
        desk.register()
        box.agent("a1", "available")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "the agent in the queue")
        call = outside.call(NUMBER)
        ring = desk.wait_ring()
        box.stop()
        ring.refuse()
        declined = time.monotonic()
        again = desk.wait_ring(20)
        assert again.rang_at and again.rang_at - declined > 2.5
        # Saying that he is back ends that at once.
        again.refuse()
        desk.call("*91").wait_end()
        answered = desk.wait_ring(3)
        answered.answer()
        box.start()
        box.call(lambda one: one.answered is not None, "the talk in the store")
        call.hang_up()
        done = box.call(lambda one: one.ended is not None, "the end of the call")
    kinds = [kind for kind, _, _ in box.segments(done)]
    # Of the times at which it was let be nobody is told that it rang.
    assert [kind for kind in kinds if kind == "ring"] == ["ring"] * 3


def test_a_phone_does_not_rest_until_a_clock_that_was_ahead_is_reached_again(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        desk.register()
        box.agent("a1", "available")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "the agent in the queue")
        # He declined by a clock of an hour later.
        box.asterisk.cli(f"dialplan set global FOYER_DECLINED_a1d {time.time() + 3600:.0f}")
        call = outside.call(NUMBER)
        desk.wait_ring()
        call.hang_up()
