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
    took_s, sooner = watch.wall_s, len(desk.legs)
    # app_queue looks again after a second: only on a machine that is busy may the phone ring meanwhile.
    assert took_s > 1 or sooner == known
    until(lambda: len(desk.legs) > sooner, 20, "his turn")
    return desk.legs[sooner]


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
