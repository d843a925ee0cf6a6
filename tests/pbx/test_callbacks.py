"""Callers who leave a number on a private real Asterisk: they keep their place, are called once an agent is
there, are tried again, and never twice; also when foyer-pbx or Asterisk is killed meanwhile.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.store import callbacks, conversations, now_ms
from appliance.store.callbacks import Callback
from appliance.store.records import Conversation
from tests.asterisk import sound
from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone
from tests.pbx.box import NUMBER, Box
from tests.until import until

pytestmark = pytest.mark.asterisk

CALLER, OTHER = "0901234567", "0912345678"
QUEUE = {
    "greeting_text": "",
    "wrap_up_seconds": 1,
    "callback": True,
    "callback_tries": 2,
    "callback_minutes": 1,
}
FULL, OTHER_FULL = "+84901234567", "+84912345678"


@pytest.fixture
def box() -> Iterator[Box]:
    with (
        tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as folder,
        Box(
            Path(folder),
            greeting_text="",
            callback=True,
            callback_tries=2,
            callback_minutes=1,
            wrap_up_seconds=1,
            # Who is called back takes no room.
            max_callers=1,
        ) as box,
    ):
        box.start()
        yield box


def every(box: Box) -> list[Callback]:
    """All callbacks there are, the oldest first."""
    with box.store.read() as db:
        rows = db.execute("SELECT id FROM callback ORDER BY left_at, id").fetchall()
        return [callbacks.get(db, row[0]) for row in rows]


def wait_state(box: Box, state: str, timeout_s: float = 20) -> Callback:
    """The one callback, once it is in that state."""

    def found() -> Callback | None:
        known = every(box)
        return known[0] if known and known[0].state == state else None

    one = until(found, timeout_s, f"the callback to be {state}")
    assert one is not None
    return one


def leave_number(box: Box, outside: Phone, *keys: str, is_stored: bool = True) -> None:
    """A caller waits, presses 1, and then these keys, each once they are listened for."""
    known = len(every(box))
    caller = outside.call(NUMBER, caller=CALLER).wait_answer()
    until(lambda: "1. PJSIP/l1" in box.asterisk.cli("queue show q1"), 10, "the caller in the queue")
    caller.sound.press("1")
    for key in keys:
        asked = f"!Read!{'FOYER_TYPED' if key.endswith('#') else 'FOYER_PRESSED'}"
        until(lambda: asked in box.asterisk.cli("core show channels concise"), 15, asked)  # noqa: B023
        caller.sound.press(key)
        until(lambda: asked not in box.asterisk.cli("core show channels concise"), 15, key)  # noqa: B023
    caller.wait_end(20)
    if is_stored:
        until(lambda: len(every(box)) > known, 5, "the number in the store")


def on_a_break(box: Box, desk: Phone) -> None:
    """The agent is there, but takes no calls."""
    desk.register()
    box.agent("a1", "available")
    until(box.members, 5, "the agent in the queue")
    box.agent("a1", "break", "lunch")
    until(lambda: ("PJSIP/a1d", "paused") in box.members(), 5, "the break")


def due_now(box: Box) -> None:
    """The minutes until the next try are over."""
    with box.store.change() as change:
        change.db.execute("UPDATE callback SET next_at = 0 WHERE state = 'waiting'")
        change.event("callback", "")


def called(outside: Phone) -> list[Leg]:
    """The calls that came to the world behind the line."""
    return [leg for leg in outside.legs if leg.invite]


def take(desk: Phone, outside: Phone) -> tuple[Leg, Leg]:
    """The agent answers, and so does the customer, who is called then."""
    agent = desk.wait_ring(20)
    agent.answer()
    customer = outside.wait_ring(20)
    return agent, customer


def ended(box: Box, external_id: str) -> Conversation | None:
    """The call with Asterisk's own id, once it is over."""
    with box.store.read() as db:
        call = conversations.by_external(db, "voice", external_id)
    return call if call and call.ended is not None else None


def until_heard(leg: Leg, tone_hz: float) -> None:
    """Until the other side was heard for a moment."""
    until(lambda: sound.tone_seconds(leg.heard(), tone_hz) > 0.5, 20, f"{tone_hz} Hz")


def test_a_caller_keeps_the_place_and_is_called_back_once(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        on_a_break(box, desk)
        leave_number(box, outside, "1")
        one = wait_state(box, "placed")
        assert (one.number, one.queue_id, one.tries) == (FULL, "q1", 0)
        until(lambda: len(box.rows()["caller"]) == 1, 5, "the box to wait in the caller's place")
        later = outside.call(NUMBER, caller=OTHER).wait_answer()
        until(lambda: len(box.rows()["caller"]) == 2, 5, "another caller behind")
        places = {call: row["position"] for call, row in box.rows()["caller"].items()}
        assert places[str(one.try_uuid)] == 1
        box.agent("a1", "available")
        # Numbers of packets that come after those of the ring tone, as they are counted, would be lower.
        outside.sequence = 40_000
        agent, customer = take(desk, outside)
        assert agent.caller == FULL
        assert customer.invite and CALLER in customer.invite.uri
        customer.answer()
        until_heard(customer, 600)
        until_heard(agent, 440)
        customer.hang_up()
        agent.wait_end(10)
        assert wait_state(box, "done").tries == 1
        later.hang_up()
        # The log's rows of the end may be read after the one that says how the try went.
        call = until(lambda: ended(box, str(one.try_uuid)), 5, "the end of the call in the store")
        assert call
        with box.store.read() as db:
            asked = conversations.by_external(db, "voice", one.call_uuid)
            assert asked
            lines = [one.body for one in conversations.messages(db, asked.id) if one.kind == "system"]
        assert (call.direction, call.outcome, call.agent_id, call.queue_id) == ("out", "answered", "a1", "q1")
        assert (asked.outcome, call.parent_id, call.person_id) == ("callback", asked.id, asked.person_id)
        wanted = ["ring", "ring", "talk", "wrap_up"]
        until(lambda: [kind for kind, _, _ in box.segments(call)] == wanted, 5, "the segments of the call")
        assert lines == ["callback:waiting", "callback:done"]
        assert len(called(outside)) == 1


def test_another_number_is_typed_and_looked_at(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        on_a_break(box, desk)
        leave_number(box, outside, "2", "113#", "1900123456#", "0912345678#", "1")
        assert every(box)[0].number == OTHER_FULL


def test_who_is_not_reached_is_tried_again_and_not_for_ever(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        on_a_break(box, desk)
        leave_number(box, outside, "1")
        box.agent("a1", "available")
        for tries in (1, 2):
            agent, customer = take(desk, outside)
            customer.refuse(486)
            agent.wait_end(20)
            one = wait_state(box, "failed" if tries == 2 else "waiting")
            assert one.tries == tries
            assert tries == 2 or one.next_at > now_ms() + 40_000
            due_now(box)
        assert len(called(outside)) == 2


def test_cancelled_and_closed_ones_are_not_called(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        on_a_break(box, desk)
        for state in ("cancelled", "expired"):
            leave_number(box, outside, "1")
            until(lambda: len(box.rows()["caller"]) == 1, 10, "the box to wait in the caller's place")
            last = every(box)[-1]
            with box.store.change() as change:
                if state == "cancelled":
                    assert callbacks.stop(change, last.id, callbacks.CANCELLED, "u1")
                else:
                    change.db.execute("UPDATE callback SET asked = asked - 86400000")
            until(lambda: every(box)[-1].state == state, 20, state)  # noqa: B023
            until(lambda: not box.rows()["caller"], 5, "the leg of the box to go")
        box.agent("a1", "available")
        assert called(outside) == []


def test_a_process_that_dies_neither_forgets_nor_repeats_a_call(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        on_a_break(box, desk)
        box.stop()
        leave_number(box, outside, "1", is_stored=False)
        box.start()
        before = wait_state(box, "placed")
        until(lambda: "foyer-back" in box.asterisk.cli("core show channels"), 10, "the leg of the box")
        box.asterisk.restart()
        desk.register()
        again = until(lambda: every(box)[0].try_uuid != before.try_uuid and every(box)[0], 30, "a new try")
        assert again and again.tries == 0
        until(lambda: "foyer-back" in box.asterisk.cli("core show channels"), 10, "the leg of the box")
        # From here on, it is the dialplan's.
        box.stop()
        box.asterisk.cli("queue unpause member PJSIP/a1d queue q1")
        agent, _ = take(desk, outside)
        box.asterisk.kill()
        agent.end()
        box.asterisk.start()
        box.start()
        # Nobody knows whether the phone rang: it was a try.
        assert wait_state(box, "waiting", 40).tries == 1
        assert len(called(outside)) == 1
