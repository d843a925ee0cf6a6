"""Holds on a real Asterisk that tells of them once, with nobody there to hear."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pbx.box import NUMBER, Box
from tests.until import until

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]


@pytest.fixture
def box() -> Iterator[Box]:
    with tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as folder, Box(Path(folder)) as box:
        box.start()
        yield box


KINDS = ["greeting", "wait", "ring", "talk", "hold", "talk"]


def kinds(box: Box) -> list[str]:
    """The segments of the newest call."""
    return [kind for kind, _, _ in box.segments(box.calls()[0])]


def test_holds_that_nobody_heard_of(box: Box) -> None:
    """A hold that begins while foyer-pbx is gone is known once it is back, and so is the end of one."""
    with box.desk("a1") as desk, box.outside() as outside:
        desk.register()
        box.agent("a1", "available")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "the agent in the queue")
        leg = outside.call(NUMBER)
        ring = desk.wait_ring()
        ring.answer()
        box.wait_row("agent", "a1", "the talk", state="talking")
        box.stop()
        ring.hold()
        box.start()
        box.wait_row("agent", "a1", "the hold", state="hold")
        time.sleep(0.5)
        # It goes on while foyer-pbx is gone once more: the same hold.
        box.stop()
        box.start()
        box.wait_row("agent", "a1", "the hold", state="hold")
        box.stop()
        ring.resume()
        box.start()
        box.wait_row("agent", "a1", "the talk again", state="talking")
        # That the hold is over is written down a little later; a talk of less than 300 ms would be none.
        until(lambda: kinds(box) == KINDS, 5, "the hold in the store, and its end")
        time.sleep(0.5)
        leg.hang_up()
        box.call(lambda one: one.ended is not None, "the end of the call")
        until(lambda: kinds(box) == KINDS, 5, "the holds in the store")
