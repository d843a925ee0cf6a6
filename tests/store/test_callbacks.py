"""Numbers that callers left: each step of the way, and never two calls at a time."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from appliance.store import Store, callbacks, conversations
from appliance.store.callbacks import AGAIN_MS, CALLED, CANCELLED, EXPIRED, Callback
from appliance.store.conversations import CallRecord, SegmentRecord
from appliance.store.db import Change

NUMBER = "+84901234567"
RACERS = 8
UUIDS = [f"00000000-0000-4000-8000-00000000000{n}" for n in range(4)]


def left(store: Store, call: str = UUIDS[0], number: str = NUMBER, queue: str = "q1") -> str:
    """A caller leaves a number; returns the callback's id."""
    with store.change() as change:
        callbacks.leave(change, call, queue, number, 1000)
        return next(one.id for one in callbacks.open_ones(change.db) if one.number == number)


def placed(store: Store, callback_id: str) -> Callback:
    """The callback, claimed for a try."""
    with store.change() as change:
        change.db.execute("UPDATE callback SET next_at = 0")
        found = callbacks.place(change, callback_id)
    assert found and found.state == "placed" and found.try_uuid
    return found


def settled(
    store: Store, callback_id: str, over: str | None = None, *, was_dialled: bool = False
) -> Callback:
    """After a try with this end, of three that there are."""
    with store.change() as change:
        uuid = callbacks.get(change.db, callback_id).try_uuid or ""
        if was_dialled:
            callbacks.dialled(change, uuid, change.now)
        if over is not None:
            callbacks.over(change, uuid, over)
        callbacks.settle(change, callback_id, 3, 10)
        return callbacks.get(change.db, callback_id)


def test_who_is_reached_is_done(store: Store) -> None:
    callback_id = left(store)
    placed(store, callback_id)
    done = settled(store, callback_id, "ANSWER", was_dialled=True)
    assert (done.state, done.tries) == ("done", 1)
    with store.change() as change:
        assert callbacks.open_ones(change.db) == []
        assert not callbacks.stop(change, callback_id, CANCELLED)


def test_a_try_that_never_dialled_is_none(store: Store) -> None:
    callback_id = left(store)
    first = placed(store, callback_id)
    again = settled(store, callback_id)
    assert (again.state, again.tries) == ("waiting", 0)
    with store.change() as change:
        assert callbacks.place(change, callback_id) is None, "not at once"
        assert 0 < again.next_at - change.now <= AGAIN_MS
    assert placed(store, callback_id).try_uuid != first.try_uuid


def test_every_try_counts_that_may_have_rung(store: Store) -> None:
    callback_id = left(store)
    ends = [("NOANSWER", True), (None, True), ("CHANUNAVAIL", False)]
    states = []
    for over, was_dialled in ends:
        placed(store, callback_id)
        now = settled(store, callback_id, over, was_dialled=was_dialled)
        states.append((now.state, now.tries))
    assert states == [("waiting", 1), ("waiting", 2), ("failed", 3)]


def test_a_number_is_never_called_twice_at_a_time(store: Store) -> None:
    first = left(store)
    assert left(store, UUIDS[1]) == first, "the place is kept"
    other = left(store, UUIDS[2], "+84912345678", "q2")
    placed(store, first)
    with store.change() as change:
        change.db.execute("UPDATE callback SET number = ? WHERE id = ?", (NUMBER, other))
        assert callbacks.place(change, other) is None
    with pytest.raises(sqlite3.IntegrityError), store.change() as change:
        change.db.execute("UPDATE callback SET state = 'placed' WHERE id = ?", (other,))


def at_once[T](store: Store, act: Callable[[Change, int], T]) -> list[T]:
    """What several get who do this at the same moment, each with a store of its own, as processes have."""
    start = threading.Barrier(RACERS)

    def race(number: int) -> T:
        own = Store(store.path)
        with contextlib.closing(own):
            start.wait()
            with own.change() as change:
                return act(change, number)

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(race, range(RACERS)))


def test_of_those_who_race_one_alone_calls(store: Store) -> None:
    at_once(
        store,
        lambda change, number: callbacks.leave(
            change, f"00000000-0000-4000-8000-0000000001{number:02}", "q1", NUMBER, 1000
        ),
    )
    with store.read() as db:
        (one,) = callbacks.open_ones(db)
    for tries in range(3):
        with store.change() as change:
            change.db.execute("UPDATE callback SET next_at = 0")
        claimed = [
            found for found in at_once(store, lambda change, _: callbacks.place(change, one.id)) if found
        ]
        assert len(claimed) == 1 and claimed[0].tries == tries
        # All of them say that it is over: it was one try.
        with store.change() as change:
            callbacks.dialled(change, claimed[0].try_uuid or "", change.now)
            callbacks.over(change, claimed[0].try_uuid or "", "BUSY")
        at_once(store, lambda change, _: callbacks.settle(change, one.id, 3, 10))
        with store.read() as db:
            assert callbacks.get(db, one.id).tries == tries + 1
    with store.read() as db:
        assert callbacks.get(db, one.id).state == "failed"


def test_an_end_waits_for_a_try_that_goes_on(store: Store) -> None:
    waiting, tried = left(store), left(store, UUIDS[1], "+84912345678")
    placed(store, tried)
    with store.change() as change:
        assert callbacks.stop(change, waiting, EXPIRED) and callbacks.stop(change, tried, CANCELLED, "u1")
        assert callbacks.get(change.db, waiting).state == "expired"
        assert callbacks.get(change.db, tried).state == "placed"
        assert not callbacks.stop(change, tried, EXPIRED)
    assert settled(store, tried).state == "cancelled"


def called_in(
    store: Store, call: str, *, answered: int | None, ended: int | None, queue: str | None = "q1"
) -> None:
    """The customer calls, after the number was left, and talks in this queue if anybody answers."""
    record = CallRecord(
        call_uuid=call,
        linkedid=f"1.{call[-1]}",
        direction="in",
        line_id="l1",
        number="02812345678",
        caller=NUMBER,
        caller_name="",
        queue_id=queue,
        agent_id="a1" if answered else None,
        started=2000,
        answered=answered,
        ended=ended,
        state="closed" if ended else "open",
        outcome="answered" if answered else "abandoned" if ended else None,
        segments=(SegmentRecord("talk", queue, "a1", answered, ended),) if answered else (),
    )
    with store.change() as change:
        conversations.upsert_call(change, record)


def test_who_has_called_again_and_talked_need_not_be_called(store: Store) -> None:
    callback_id, other = left(store), left(store, UUIDS[1], "+84912345678")

    def themselves() -> list[str]:
        with store.read() as db:
            return callbacks.called_themselves(db)

    called_in(store, UUIDS[0], answered=1500, ended=2600)
    called_in(store, UUIDS[2], answered=None, ended=2500)
    assert themselves() == [], "the call in which it was asked for, and one in vain"
    for queue in ("q2", None):
        called_in(store, UUIDS[2], answered=2400, ended=2500, queue=queue)
        assert themselves() == [], "another queue, and a person whose number was dialled"
    called_in(store, UUIDS[3], answered=2600, ended=None)
    assert themselves() == [callback_id] != [other]
    with store.change() as change:
        assert callbacks.stop(change, callback_id, CALLED)
        assert callbacks.get(change.db, callback_id).state == "called"


def test_who_is_just_calling_is_not_called(store: Store) -> None:
    callback_id = left(store)
    called_in(store, UUIDS[2], answered=None, ended=None)
    with store.change() as change:
        assert callbacks.place(change, callback_id) is None
    called_in(store, UUIDS[2], answered=None, ended=2500)
    placed(store, callback_id)


def test_those_of_a_day_that_was_closed_are_ended(store: Store) -> None:
    ended, later = left(store), left(store, UUIDS[1], "+84912345678")
    other = left(store, UUIDS[2], "+84923456789", "q2")
    with store.change() as change:
        change.db.execute("UPDATE callback SET asked = 5000 WHERE id = ?", (later,))
        callbacks.expire(change, {"q1"}, 5000)
        states = {one: callbacks.get(change.db, one).state for one in (ended, later, other)}
    assert states == {ended: EXPIRED, later: "waiting", other: "waiting"}


def test_old_ones_are_forgotten(store: Store) -> None:
    callback_id = left(store)
    with store.change() as change:
        callbacks.stop(change, callback_id, CANCELLED)
        assert callbacks.prune(change) == 0
        change.db.execute("UPDATE callback SET ended_at = 1")
        assert callbacks.prune(change) == 1
