"""A disk that runs full under a real Asterisk: calls go on, recording stops and resumes, the pages know."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import space
from appliance.disk.__main__ import look, tell_asterisk
from appliance.errors import TransientError
from appliance.store import agents, conversations
from appliance.store.records import Conversation
from tests.asterisk.phone import Phone
from tests.pbx.box import NUMBER, Box
from tests.small_disk import SmallDisk, small_disk
from tests.until import until

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with (
        tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as folder,
        small_disk(Path(folder) / "d", 400) as disk,
    ):
        yield disk


@pytest.fixture
def box(disk: SmallDisk) -> Iterator[Box]:
    with Box(disk.path) as box:
        box.start()
        yield box


def look_at_the_disk(box: Box) -> None:
    """What the timer does, in this process."""
    look(box.settings, lambda is_full: tell_asterisk(box.asterisk.etc / "asterisk.conf", is_full))


def call(desk: Phone, outside: Phone) -> None:
    """A call that is answered, and lasts a moment."""
    leg = outside.call(NUMBER)
    ring = desk.wait_ring()
    ring.answer()
    leg.wait_answer()
    time.sleep(0.7)
    leg.hang_up()
    ring.wait_end()


def ended(box: Box, count: int) -> Conversation:
    """The last of so many calls, once the store knows its end."""
    until(lambda: len(box.calls()) == count, 5, "the call in the store")
    return box.call(lambda one: one.ended is not None, "the end of the call")


def is_recorded(box: Box, one: Conversation) -> bool:
    with box.store.read() as db:
        is_told = any(message.kind == "recording" for message in conversations.messages(db, one.id))
    files = [path for path in box.settings.recordings.rglob("*.wav") if path.stem == one.external_id]
    assert bool(files) == is_told
    return is_told


def is_saved(box: Box, state: str) -> bool:
    """Whether something can be saved now."""
    try:
        with box.store.change() as change:
            agents.set_state(change, "a2", state)
    except TransientError:
        return False
    return True


def test_recording_stops_and_comes_back_while_calls_go_on(box: Box, disk: SmallDisk) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        desk.register()
        box.agent("a1", "available")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "the agent in the queue")
        look_at_the_disk(box)
        box.wait_row("disk", "recording", "room on the disk", 15, full=False)
        call(desk, outside)
        assert is_recorded(box, ended(box, 1))

        disk.fill(leave=space.stops_below(disk.size) - 1_000_000)
        look_at_the_disk(box)
        box.wait_row("disk", "recording", "the alarm", 15, full=True)
        call(desk, outside)
        done = ended(box, 2)
        assert (done.outcome, is_recorded(box, done)) == ("answered", False)

        # Nothing at all is left: a call is still answered and known, and the database uses its reserve.
        disk.fill(leave=0)
        call(desk, outside)
        done = ended(box, 3)
        assert (done.outcome, is_recorded(box, done)) == ("answered", False)
        assert is_saved(box, "break"), "the first time"
        until(lambda: is_saved(box, "available"), 5, "something saved")

        disk.clear()
        look_at_the_disk(box)
        box.wait_row("disk", "recording", "the end of the alarm", 15, full=False)
        box.agent("a2", "offline")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "the agent alone in the queue")
        call(desk, outside)
        assert is_recorded(box, ended(box, 4))
        until(lambda: list(disk.path.rglob("*.reserve")), 15, "the reserve made again")
