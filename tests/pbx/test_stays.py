"""When a caller was in a queue, from call events that tell of it in pieces."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.pbx.history import build
from appliance.store.feeds import RawEvent
from tests.pbx import stories


def _out_of_the_queue(rows: list[RawEvent], left: int, back: int) -> list[RawEvent]:
    """The rows of a call with one stay in a queue, its caller out of it between two times, in ms."""
    found = []
    for row in rows:
        found.append(row)
        if (row.row.get("eventtype"), row.row.get("appname")) != ("APP_START", "Queue"):
            continue
        for kind, at in (("APP_END", left), ("APP_START", back)):
            stamp = f"{at // 1000}.{at % 1000:03}000"
            found.append(replace(row, at=at, row={**row.row, "eventtype": kind, "eventtime": stamp}))
    return [replace(row, seq=seq) for seq, row in enumerate(found)]


def _at(rows: list[RawEvent], kind: str) -> int:
    """When the last event of a kind came, in ms."""
    return max(row.at for row in rows if row.row.get("eventtype") == kind)


@pytest.mark.parametrize("from_end, gap", [(600, 20), (1000, 900), (1, 200), (0, 1)])
def test_a_subroutine_on_the_callers_leg_is_no_second_wait(from_end: int, gap: int) -> None:
    """The call events say that the caller left the queue and came back: soon, late on a busy machine, or when
    the talk is over.
    """
    (rows,) = (rows for rows in stories.calls("picked_up") if build(rows))
    over = _at(rows, "BRIDGE_EXIT")
    record = build(_out_of_the_queue(rows, over - from_end, over - from_end + gap))
    assert record is not None
    kinds = [(segment.kind, segment.agent_id) for segment in record.segments]
    assert kinds == [("greeting", None), ("wait", None), ("ring", "a1"), ("talk", "a2")]


def test_who_comes_to_the_queue_a_second_time_waits_again() -> None:
    (rows,) = (rows for rows in stories.calls("picked_up") if build(rows))
    over = _at(rows, "BRIDGE_EXIT")
    entered = next(row for row in rows if row.row.get("event") == "ENTERQUEUE")
    again = replace(entered, at=(over + 1) // 1000 * 1000)
    record = build(_out_of_the_queue([*rows, again], over, over + 1))
    assert record is not None
    assert [segment.kind for segment in record.segments].count("wait") == 2


def test_who_came_back_before_the_talk_has_no_wait_in_it() -> None:
    """He pressed 1, left no number and waited on: entered twice, and then the subroutine ran late."""
    (rows,) = (rows for rows in stories.calls("picked_up") if build(rows))
    entered = next(row for row in rows if row.row.get("event") == "ENTERQUEUE")
    over = _at(rows, "BRIDGE_EXIT")
    # A wait of some seconds before the one that the story tells of, in the same queue.
    (begin,) = (
        row for row in rows if (row.row.get("eventtype"), row.row.get("appname")) == ("APP_START", "Queue")
    )
    before = []
    for kind, at in (("APP_START", begin.at - 4000), ("APP_END", begin.at - 2000)):
        stamp = f"{at // 1000}.{at % 1000:03}000"
        before.append(replace(begin, at=at, row={**begin.row, "eventtype": kind, "eventtime": stamp}))
    passed = _out_of_the_queue(rows, over - 1000, over - 100)
    first = replace(entered, at=entered.at - 4000)
    found = [replace(row, seq=seq) for seq, row in enumerate([*before, first, *passed])]
    record = build(found)
    assert record is not None
    assert [segment.kind for segment in record.segments].count("wait") == 1
