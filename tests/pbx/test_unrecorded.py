"""A call that is handed on to a queue that records nothing is no longer recorded, on a private real Asterisk:
neither that of a caller, nor that of somebody who was called back.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from appliance.store import conversations
from appliance.store.records import Message
from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone
from tests.pbx.box import NUMBER, Box
from tests.pbx.test_callbacks import leave_number, on_a_break, take, until_heard
from tests.pbx_conf.exchange import wait_tone
from tests.until import until

pytestmark = pytest.mark.asterisk

QUEUE: dict[str, Any] = {"greeting_text": "", "wrap_up_seconds": 0, "ring_seconds": 20}


@pytest.fixture
def box() -> Iterator[Box]:
    """a1 answers q1, which is recorded, a2 answers q2, which is not."""
    with (
        tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as folder,
        Box(Path(folder), callback=True, callback_tries=1, **QUEUE) as box,
    ):
        first = {**box.site.to_dict()["queues"][0], "agents": ["a1"]}
        box.save(queues=[first, {"id": "q2", "name": "Q2", "agents": ["a2"], "record": False, **QUEUE}])
        box.asterisk.cli("queue reload all")
        box.start()
        yield box


def recorded_bytes(box: Box) -> int:
    """How much is recorded of all calls."""
    return sum(path.stat().st_size for path in box.settings.recordings.rglob("*.wav"))


def goes_on_unrecorded(box: Box, one: Leg, two: Phone) -> Leg:
    """Hands the call of `one` on to q2, and waits until nothing is recorded though both talk there."""
    until(lambda: recorded_bytes(box) > 44 + 16_000, 20, "a second of it to be recorded")
    assert is_recording(box)
    assert box.ask("hand_on", agent="a1", queue="q2").state == "done"
    one.wait_end(20)
    second = two.wait_ring(20)
    second.answer()
    wait_tone(second, 440, 0.5)
    until(lambda: not is_recording(box), 20, "the end of the recording")
    before = recorded_bytes(box)
    wait_tone(second, 440, 2.0)
    assert recorded_bytes(box) == before
    return second


def is_recording(box: Box) -> bool:
    """Whether Asterisk has a recording open."""
    assert box.asterisk.process
    for link in Path(f"/proc/{box.asterisk.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            if str(link.readlink()).startswith(str(box.settings.recordings)):
                return True
    return False


def recordings(box: Box) -> list[Message]:
    """Those of the newest call, once it is over."""
    done = box.call(lambda call: call.ended is not None, "the end of the call", 20)
    with box.store.read() as db:
        return [one for one in conversations.messages(db, done.id) if one.kind == "recording"]


def test_a_caller(box: Box) -> None:
    with box.desk("a1") as one, box.desk("a2") as two, box.outside() as outside:
        for phone, agent in ((one, "a1"), (two, "a2")):
            phone.register()
            box.agent(agent, "available")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 20, "the agent in the queue")
        caller = outside.call(NUMBER)
        ring = one.wait_ring(20)
        ring.answer()
        wait_tone(ring, 440, 0.5)
        goes_on_unrecorded(box, ring, two)
        caller.hang_up()
        assert [one.body for one in recordings(box)] == [conversations.PART]


def test_somebody_who_was_called_back(box: Box) -> None:
    with box.desk("a1") as one, box.desk("a2") as two, box.outside() as outside:
        two.register()
        box.agent("a2", "available")
        on_a_break(box, one)
        leave_number(box, outside, "1")
        box.agent("a1", "available")
        agent, customer = take(one, outside)
        customer.answer()
        until_heard(customer, 600)
        until_heard(agent, 440)
        second = goes_on_unrecorded(box, agent, two)
        customer.hang_up()
        second.wait_end(20)
        assert [one.body for one in recordings(box)] == [conversations.PART]
