"""The place of those who leave a number or nearly do, and that nobody is called back after closing time, on a
private real Asterisk.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import TransientError
from appliance.pbx.ami_session import Account, ActionSession
from appliance.pbx.callbacks import Callbacks
from appliance.pbx.recorded_anew import AgentEnds
from appliance.pbx.running import RunningSite
from appliance.store import Store, people
from appliance.store.db import Change
from tests.asterisk import sound
from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone
from tests.pbx.box import NUMBER, Box
from tests.pbx.test_callbacks import (
    CALLER,
    FULL,
    OTHER,
    called,
    leave_number,
    on_a_break,
    take,
    until_heard,
    wait_state,
)
from tests.until import until

pytestmark = pytest.mark.asterisk


class FullStore(Store):
    """Nothing can be written."""

    @contextlib.contextmanager
    def change(self) -> Iterator[Change]:
        """Refuses."""
        raise TransientError("The disk is full.")
        yield


@pytest.fixture
def box() -> Iterator[Box]:
    with (
        tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as folder,
        # A key that is pressed while app_queue says how many wait is lost: it takes it for another one.
        Box(Path(folder), greeting_text="", callback=True, announce_position=False, helpers=["a2"]) as box,
    ):
        box.start()
        yield box


def waiting(box: Box) -> list[str]:
    """The channels that wait, in order."""
    lines = (line.split() for line in box.asterisk.cli("queue show q1").splitlines())
    return [words[1] for words in lines if words and words[0].rstrip(".").isdecimal()]


def call_in(box: Box, outside: Phone, caller: str) -> tuple[Leg, str]:
    """Somebody who waits behind the others: the leg, and the channel."""
    known = set(waiting(box))
    leg = outside.call(NUMBER, caller=caller).wait_answer()
    until(lambda: len(waiting(box)) > len(known), 10, "the caller in the queue")
    (channel,) = set(waiting(box)) - known
    return leg, channel


def asked(box: Box) -> bool:
    """Whether somebody is being asked for a number."""
    return "!Read!FOYER_PRESSED" in box.asterisk.cli("core show channels concise")


def test_who_says_no_goes_on_before_those_who_were_behind(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        on_a_break(box, desk)
        first, _ = call_in(box, outside, "0911111111")
        second, own = call_in(box, outside, CALLER)
        third, behind = call_in(box, outside, OTHER)
        second.sound.press("1")
        until(lambda: asked(box), 15, "the question")
        first.hang_up()
        until(lambda: waiting(box) == [behind], 5, "the first to go")
        second.sound.press("3")
        until(lambda: waiting(box) == [own, behind], 15, "the old place")
        second.hang_up()
        third.hang_up()


def test_who_has_priority_keeps_it(box: Box) -> None:
    with box.store.change() as change:
        people.set_priority(change, people.person_for(change, "phone", FULL), "high")
    until(lambda: "/high/" in box.asterisk.cli("database show foyer-caller"), 10, "the priority")
    with box.desk("a1") as desk, box.outside() as outside:
        on_a_break(box, desk)
        leave_number(box, outside, "1")
        one = wait_state(box, "placed")
        assert one.priority == 10
        until(lambda: waiting(box), 5, "the box to wait in the caller's place")
        assert "prio: 10" in box.asterisk.cli("queue show q1")


def test_nobody_is_called_back_after_closing_time_with_foyer_pbx_dead(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        on_a_break(box, desk)
        leave_number(box, outside, "1")
        until(lambda: waiting(box), 15, "the box to wait in the caller's place")
        box.stop()
        near = waiting(box)[0].replace(";2", ";1")
        box.asterisk.cli(f"dialplan set chanvar {near} FOYER_ENDS 1600000000")
        box.asterisk.cli("queue unpause member PJSIP/a1d queue q1")
        agent = desk.wait_ring(20)
        agent.answer()
        agent.wait_end(20)
        assert called(outside) == []


def look_with_a_full_disk(box: Box) -> None:
    """foyer-pbx, which was dead, is there again after closing time, and can write nothing."""
    with box.store.change() as change:
        change.db.execute("UPDATE callback SET asked = asked - 86400000")
    settings = box.settings
    user = "ami-actions"
    session = ActionSession(Account(settings.ami_port, user, settings.secrets / user))
    store = FullStore(settings.db)
    look = Callbacks(store, session, RunningSite(store), settings.ast_log, AgentEnds(session)).look
    with contextlib.closing(session), contextlib.closing(store), pytest.raises(TransientError):
        look()


def test_nobody_is_called_back_after_closing_time_with_a_full_disk(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        on_a_break(box, desk)
        leave_number(box, outside, "1")
        until(lambda: waiting(box), 15, "the box to wait in the caller's place")
        box.stop()
        look_with_a_full_disk(box)
        until(lambda: not waiting(box), 10, "the leg of the box to go")
        assert called(outside) == []


def test_a_talk_goes_on_after_closing_time_with_a_full_disk(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        on_a_break(box, desk)
        leave_number(box, outside, "1")
        until(lambda: waiting(box), 15, "the box to wait in the caller's place")
        # So the store never hears that the customer was called.
        box.stop()
        box.asterisk.cli("queue unpause member PJSIP/a1d queue q1")
        agent, customer = take(desk, outside)
        look_with_a_full_disk(box)
        customer.answer()
        until_heard(customer, 600)
        look_with_a_full_disk(box)
        began = time.monotonic()
        until(lambda: sound.tone_seconds(customer.heard(began), 600) > 1, 20, "the talk to go on")
        assert agent.is_up and customer.is_up
        customer.hang_up()
        agent.wait_end(10)
