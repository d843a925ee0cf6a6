"""The pause after a call, on a real Asterisk: the next caller rings once it is over, and no sooner."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.store import conversations
from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone
from tests.pbx.box import NUMBER, Box
from tests.until import until

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

WRAP_UP_S = 60
"""Longer than any of these tests."""
SHORT_MS = 30_000
"""Shorter than that: it was ended before its time."""


@pytest.fixture
def box() -> Iterator[Box]:
    with (
        tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as folder,
        Box(Path(folder), wrap_up_seconds=WRAP_UP_S) as box,
    ):
        box.start()
        yield box


def talk_and_hang_up(box: Box, desk: Phone, outside: Phone) -> Leg:
    """A first call is taken and ends, with a second caller waiting; returns the second caller's leg."""
    first = outside.call(NUMBER)
    desk.wait_ring().answer()
    first.wait_answer()
    box.wait_row("agent", "a1", "the first talk", state="talking")
    until(lambda: not box.rows()["caller"], 5, "the first caller to have left the queue")
    second = outside.call(NUMBER).wait_answer()
    until(lambda: box.rows()["caller"], 5, "the second caller in the queue")
    first.hang_up()
    box.wait_row("agent", "a1", "the end of the first call", state="idle")
    until(lambda: length_ms(box) == WRAP_UP_S * 1000, 5, "the wrap-up")
    return second


def length_ms(box: Box) -> int | None:
    """How long the last wrap-up is, as far as one knows."""
    with box.store.read() as db:
        row = db.execute("SELECT ended - started FROM segment WHERE kind = 'wrap_up'").fetchone()
    return row[0] if row else None


def assert_nobody_rings(desk: Phone, for_s: float) -> None:
    """For longer than app_queue takes to look again."""
    time.sleep(for_s)
    assert desk.ringing() is None


def test_giving_the_result_ends_it_at_once(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        desk.register()
        box.agent("a1", "available")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "the agent in the queue")
        second = talk_and_hang_up(box, desk, outside)
        assert_nobody_rings(desk, 2.5)
        done = box.calls()[1]
        with box.store.change() as change:
            conversations.set_disposition(change, done.id, "ok", "u1")
        desk.wait_ring(3).answer()
        second.hang_up()
    assert 2000 < (length_of(box, done.id) or 0) < SHORT_MS


def length_of(box: Box, conversation_id: str) -> int | None:
    with box.store.read() as db:
        found = [one for one in conversations.segments(db, conversation_id) if one.kind == "wrap_up"]
    (segment,) = found
    assert segment.ended is not None
    return segment.ended - segment.started


@pytest.mark.parametrize("is_alive", [True, False])
def test_the_phone_s_own_code_ends_it(box: Box, is_alive: bool) -> None:
    """Even with every process of ours dead."""
    with box.desk("a1") as desk, box.outside() as outside:
        desk.register()
        box.agent("a1", "available")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "the agent in the queue")
        talk_and_hang_up(box, desk, outside)
        done = box.calls()[1]
        if not is_alive:
            box.stop()
        assert_nobody_rings(desk, 1.5)
        desk.call("*91").wait_end()
        desk.wait_ring(3)
        if not is_alive:
            box.start()
        until(lambda: (length_of(box, done.id) or 0) < SHORT_MS, 5, "the end of the wrap-up in the store")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "no pause any more")


def test_a_break_ends_it(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        desk.register()
        box.agent("a1", "available")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "the agent in the queue")
        talk_and_hang_up(box, desk, outside)
        box.agent("a1", "break", "lunch")
        until(lambda: box.members() == {("PJSIP/a1d", "paused")}, 5, "the break in the queue")
        assert_nobody_rings(desk, 1.5)
        box.agent("a1", "available")
        desk.wait_ring(3)
