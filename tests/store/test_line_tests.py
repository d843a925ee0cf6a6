"""The history of a line's tests: one at a time, an end that counts once, and none that goes on for ever."""

from __future__ import annotations

import pytest

from appliance.errors import RejectedError
from appliance.store import Store, doomed_files, line_tests, people, people_erasure
from appliance.store.line_tests import (
    CALL_IN,
    CALL_OUT,
    CAME,
    KEPT_MS,
    LOST,
    LOST_MS,
    NONE,
    UNREAD_MS,
    WAIT_MS,
    LineTest,
)

NUMBER = "0909123456"


def begin(store: Store, line: str = "l1", number: str = NUMBER) -> str:
    with store.change() as change:
        return line_tests.begin(change, line, "x1", CALL_OUT, number, "u1", {"deaf": True, "record": True})


def end(store: Store, test_id: str, status: str = "BUSY", after_ms: int = 1500) -> bool:
    with store.change() as change:
        return line_tests.end(change, test_id, change.now + after_ms, {"status": status, "rang": None})


def back(store: Store, ms: int) -> None:
    """As if all of it had been so much earlier."""
    with store.change() as change:
        change.db.execute("UPDATE line_test SET asked = asked - ?, done = done - ?", (ms, ms))


def of_line(store: Store, line: str = "l1") -> list[LineTest]:
    with store.read() as db:
        return line_tests.of_line(db, line)


def test_one_at_a_time_for_each_line(store: Store) -> None:
    first = begin(store)
    with pytest.raises(RejectedError, match="goes on already"):
        begin(store)
    begin(store, "l2")
    assert of_line(store)[0].done is None
    assert end(store, first) and not end(store, first, "ANSWER")
    second = begin(store)
    newest, oldest = of_line(store)
    assert (newest.id, oldest.id) == (second, first)
    assert (
        oldest.result == {"status": "BUSY", "deaf": True, "record": True} and 1500 <= oldest.took_ms < 10_000
    )
    assert (oldest.port_id, oldest.number, oldest.who) == ("x1", NUMBER, "u1")


def test_a_call_in_is_waited_for_beside_a_call_out(store: Store) -> None:
    begin(store)
    with store.change() as change:
        test_id = line_tests.begin(change, "l1", "", CALL_IN, "", "u1", {})
        line_tests.note(change, test_id, {"leg": "1.1"})
    with pytest.raises(RejectedError, match="goes on already"), store.change() as change:
        line_tests.begin(change, "l1", "", CALL_IN, "", "u1", {})
    back(store, WAIT_MS + UNREAD_MS - 5000)
    with store.change() as change:
        assert line_tests.lose(change) == 1
    back(store, 6000)
    with store.change() as change:
        assert line_tests.lose(change) == 1
        assert not line_tests.end(change, test_id, change.now, {"status": CAME}, NUMBER)
        line_tests.note(change, test_id, {"leg": "2.2"})
    (found,) = [one for one in of_line(store) if one.kind == CALL_IN]
    assert found.result == {"status": NONE, "leg": "1.1"} and found.number == ""


def test_one_that_never_began_leaves_nothing(store: Store) -> None:
    test_id = begin(store)
    with store.change() as change:
        line_tests.drop(change, test_id)
    assert of_line(store) == []


@pytest.mark.parametrize("ms", [LOST_MS + 1000, -LOST_MS - 1000])
def test_one_without_an_end_is_lost(store: Store, ms: int) -> None:
    """Also if the clock was set back meanwhile."""
    begin(store)
    back(store, ms)
    begin(store)
    assert sorted(str(one.result.get("status")) for one in of_line(store)) == ["None", LOST]


def test_one_that_was_lost_takes_an_end_that_is_read_late(store: Store) -> None:
    """foyer-pbx may be dead for longer than a test is waited for, and tidy up before it reads the log."""
    test_id = begin(store)
    back(store, LOST_MS + 1000)
    with store.change() as change:
        assert line_tests.lose(change) == 1
    assert end(store, test_id, "ANSWER") and not end(store, test_id)
    (found,) = of_line(store)
    assert found.result["status"] == "ANSWER"


def test_what_is_old_is_forgotten(store: Store) -> None:
    end(store, begin(store))
    back(store, KEPT_MS + 60_000)
    going = begin(store)
    with store.change() as change:
        assert line_tests.prune(change) == 1
    assert [one.id for one in of_line(store)] == [going]


def test_an_erased_person_was_never_called(store: Store) -> None:
    theirs = begin(store, number="+84901234567")
    end(store, theirs)
    end(store, begin(store))
    with store.change() as change:
        person = people.person_for(change, "phone", "+84901234567")
    with store.change() as change:
        people_erasure.erase(change, person, "u1")
    assert [one.number for one in of_line(store)] == [NUMBER]
    with store.read() as db:
        assert doomed_files.doomed(db) == [line_tests.recording(theirs)]
