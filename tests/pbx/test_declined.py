"""A phone on the desk that declines a call, on a real Asterisk: others come first, until he is back."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.store import agents
from tests.pbx.box import NUMBER, Box
from tests.until import until

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]


@pytest.fixture
def box() -> Iterator[Box]:
    with tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as folder, Box(Path(folder)) as box:
        box.start()
        yield box


def now(box: Box) -> tuple[str, str]:
    """What the agent has said of himself, as the store has it."""
    with box.store.read() as db:
        state = agents.current_of(db, "a1")
    return state.state, state.reason


def test_a_declined_call_goes_to_others_first(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        desk.register()
        box.agent("a1", "available")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "the agent in the queue")
        call = outside.call(NUMBER)
        ring = desk.wait_ring()
        ring.refuse()
        declined = time.monotonic()
        # app_queue looks again after a second: the phone must not ring meanwhile.
        until(lambda: box.members() == {("PJSIP/a1d", "paused")}, 1, "others to come first")
        # Nobody else is there: then it is this agent's turn again, and the caller has kept his place.
        again = desk.wait_ring(20)
        assert time.monotonic() - declined > 4
        again.refuse()
        until(lambda: box.members() == {("PJSIP/a1d", "paused")}, 1, "others to come first again")
        # Until he says on his phone that he is back.
        desk.call("*91").wait_end()
        again = desk.wait_ring(3)
        until(lambda: now(box) == ("available", ""), 2, "the phone's word in the store")
        assert box.members() == {("PJSIP/a1d", "")}
        again.answer()
        box.call(lambda one: one.answered is not None, "the talk in the store")
        call.hang_up()
        done = box.call(lambda one: one.ended is not None, "the end of the call")
        assert done.outcome == "answered"
        assert now(box) == ("available", "")
