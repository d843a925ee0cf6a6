"""A queue that has nobody, is full or lets callers wait too long, and offers to call back instead, on a
private real Asterisk: the caller is asked, and is called.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.store import conversations
from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone
from tests.pbx.box import NUMBER, Box
from tests.pbx.test_callback_places import asked, call_in
from tests.pbx.test_callbacks import (
    CALLER,
    FULL,
    OTHER,
    OTHER_FULL,
    called,
    every,
    on_a_break,
    take,
    until_heard,
)
from tests.until import until

pytestmark = pytest.mark.asterisk

WAIT_S = 10


@pytest.fixture
def box() -> Iterator[Box]:
    """A box whose queue offers it to those who do not get in, and to nobody who waits."""
    with (
        tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as folder,
        Box(
            Path(folder),
            greeting_text="",
            wrap_up_seconds=0,
            max_callers=1,
            max_wait_seconds=WAIT_S,
            when_full="callback",
            when_empty="callback",
            when_late="callback",
        ) as box,
    ):
        box.start()
        yield box


def accept(box: Box, caller: Leg) -> None:
    """Whoever is asked agrees to be called back, and is thanked."""
    known = len(every(box))
    until(lambda: asked(box), 20, "the offer")
    caller.sound.press("1")
    caller.wait_end(20)
    until(lambda: len(every(box)) > known, 5, "the number in the store")


def outcome(box: Box, call: str) -> str | None:
    """How the call ended in which a number was left."""
    with box.store.read() as db:
        found = conversations.by_external(db, "voice", call)
    return found.outcome if found else None


def called_back(box: Box, desk: Phone, outside: Phone) -> str:
    """The agent takes the next call back; returns whom he was told of."""
    agent, customer = take(desk, outside)
    customer.answer()
    until_heard(customer, 600)
    customer.hang_up()
    agent.wait_end(10)
    return agent.caller


def test_who_finds_nobody_is_called_once_somebody_is_there(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        caller = outside.call(NUMBER, caller=CALLER).wait_answer()
        accept(box, caller)
        (one,) = every(box)
        assert (one.number, one.queue_id, one.state) == (FULL, "q1", "waiting")
        until(lambda: outcome(box, one.call_uuid) == "callback", 5, "the call to be told so")
        desk.register()
        box.agent("a1", "available")
        assert called_back(box, desk, outside) == FULL
        until(lambda: every(box)[0].state == "done", 20, "the end")


def test_who_does_not_get_in_and_who_waits_too_long_are_called(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        on_a_break(box, desk)
        first, _ = call_in(box, outside, CALLER)
        second = outside.call(NUMBER, caller=OTHER).wait_answer()
        accept(box, second)
        accept(box, first)
        assert sorted(one.number for one in every(box)) == [FULL, OTHER_FULL]
        for one in every(box):
            until(lambda: outcome(box, one.call_uuid) == "callback", 5, "the calls to be told so")  # noqa: B023
        until(lambda: [one.state for one in every(box)] == ["placed"] * 2, 15, "both legs of the box")
        box.agent("a1", "available")
        # Both may have come in the same second.
        told = {called_back(box, desk, outside) for _ in range(2)}
        assert told == {FULL, OTHER_FULL}
        until(lambda: [one.state for one in every(box)] == ["done"] * 2, 20, "the end")
        assert len(called(outside)) == 2


def test_who_does_not_want_to_is_told_so_and_not_called(box: Box) -> None:
    with box.outside() as outside:
        caller = outside.call(NUMBER, caller=CALLER).wait_answer()
        until(lambda: asked(box), 20, "the offer")
        caller.sound.press("3")
        caller.wait_end(20)
        call = box.call(lambda one: one.ended is not None, "the end of the call")
        assert call.outcome == "no_answer"
        assert every(box) == []
