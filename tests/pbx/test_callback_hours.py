"""Nobody is called back once the queue has closed, on a private real Asterisk: neither after its hours nor
after somebody closed it by hand, also when foyer-pbx or Asterisk was not there at that moment.
"""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.asterisk.phone import Phone
from tests.pbx.box import Box
from tests.pbx.test_callback_places import call_in, waiting
from tests.pbx.test_callbacks import (
    CALLER,
    called,
    every,
    leave_number,
    on_a_break,
    take,
    wait_state,
)
from tests.until import until

pytestmark = pytest.mark.asterisk


def zone() -> str:
    """Where it is between 12 and 13 o'clock now, so that no midnight comes between."""
    return f"Etc/GMT{datetime.datetime.now(datetime.UTC).hour - 12:+d}"


def hours(*parts: tuple[str, str]) -> list[dict[str, Any]]:
    """The schedules of a site that is open at these times every day."""
    week = [{"day": day, "opens": opens, "closes": closes} for day in range(1, 8) for opens, closes in parts]
    return [{"id": "s1", "name": "Office", "time_zone": zone(), "weekly": week}]


def today() -> datetime.date:
    """The date there."""
    return datetime.datetime.now(ZoneInfo(zone())).date()


@pytest.fixture
def box() -> Iterator[Box]:
    with (
        tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as folder,
        Box(Path(folder), greeting_text="", callback=True, announce_position=False) as box,
    ):
        queues = [{**box.site.to_dict()["queues"][0], "schedule_id": "s1"}]
        box.save(schedules=hours(("00:00", "24:00")), queues=queues)
        box.start()
        yield box


def closed_before(box: Box) -> None:
    """It was closed for half an hour, and is open again."""
    box.save(schedules=hours(("00:00", "11:00"), ("11:30", "24:00")))


def was_left_before(box: Box) -> None:
    """The number was left two hours ago."""
    with box.store.change() as change:
        change.db.execute("UPDATE callback SET asked = asked - 7200000")


def left(box: Box, desk: Phone, outside: Phone) -> None:
    """A number was left, and a leg of the box waits for its turn."""
    on_a_break(box, desk)
    leave_number(box, outside, "1")
    until(lambda: waiting(box), 15, "the box to wait in the caller's place")


def nobody_is_called(box: Box, desk: Phone, outside: Phone) -> None:
    """It expires, and the agent who comes back hears nothing of it."""
    wait_state(box, "expired", 40)
    until(lambda: not waiting(box), 10, "the leg of the box to go")
    assert every(box)[0].tries == 0 or every(box)[0].dialled_at is None
    assert desk.ringing() is None
    assert called(outside) == []


def test_while_it_is_open_it_stays(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        left(box, desk, outside)
        box.agent("a1", "available")
        _, customer = take(desk, outside)
        customer.answer()
        wait_state(box, "placed")
        customer.hang_up()
        wait_state(box, "done")


def test_closing_time_ends_it(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        left(box, desk, outside)
        box.save(schedules=hours(("00:00", "11:00"), ("14:00", "24:00")))
        nobody_is_called(box, desk, outside)


def test_closing_by_hand_ends_it(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        left(box, desk, outside)
        request = box.ask("close_hours", schedule="s1", closed="1")
        assert request.state == "done"
        nobody_is_called(box, desk, outside)


def test_closing_time_while_foyer_pbx_is_dead_ends_it(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        left(box, desk, outside)
        box.stop()
        closed_before(box)
        was_left_before(box)
        box.start()
        nobody_is_called(box, desk, outside)


def test_closing_time_while_asterisk_is_dead_ends_it(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        left(box, desk, outside)
        closed_before(box)
        box.asterisk.kill()
        was_left_before(box)
        box.asterisk.start()
        desk.register()
        nobody_is_called(box, desk, outside)


def test_closing_by_hand_while_foyer_pbx_is_dead_ends_it(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        left(box, desk, outside)
        box.stop()
        box.asterisk.cli(f"database put foyer-closed s1 {today():%Y%m%d}")
        box.asterisk.cli("queue unpause member PJSIP/a1d queue q1")
        agent = desk.wait_ring(20)
        agent.answer()
        agent.wait_end(20)
        assert called(outside) == []
        box.start()
        nobody_is_called(box, desk, outside)


def test_closing_by_hand_on_a_day_before_ends_those_of_that_day(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        left(box, desk, outside)
        box.stop()
        yesterday = today() - datetime.timedelta(days=1)
        box.asterisk.cli(f"database put foyer-closed s1 {yesterday:%Y%m%d}")
        with box.store.change() as change:
            change.db.execute("UPDATE callback SET asked = asked - 86400000")
        box.start()
        nobody_is_called(box, desk, outside)


def test_who_waits_after_closing_time_is_promised_nothing(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        on_a_break(box, desk)
        caller, channel = call_in(box, outside, CALLER)
        box.save(schedules=hours(("00:00", "11:00"), ("14:00", "24:00")))
        caller.sound.press("1")
        until(lambda: "EXITWITHKEY" in (box.settings.ast_log / "queue_log").read_text("utf-8"), 10, "the key")
        until(lambda: waiting(box) == [channel], 10, "the caller in the queue again")
        caller.hang_up()
        assert every(box) == []
