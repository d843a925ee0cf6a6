"""Numbers that callers left: each step of the way, and never two calls at a time."""

from __future__ import annotations

import sqlite3

import pytest

from appliance.store import Store, callbacks
from appliance.store.callbacks import AGAIN_MS, CANCELLED, EXPIRED, Callback

NUMBER = "+84901234567"
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


def test_an_end_waits_for_a_try_that_goes_on(store: Store) -> None:
    waiting, tried = left(store), left(store, UUIDS[1], "+84912345678")
    placed(store, tried)
    with store.change() as change:
        assert callbacks.stop(change, waiting, EXPIRED) and callbacks.stop(change, tried, CANCELLED, "u1")
        assert callbacks.get(change.db, waiting).state == "expired"
        assert callbacks.get(change.db, tried).state == "placed"
        assert not callbacks.stop(change, tried, EXPIRED)
    assert settled(store, tried).state == "cancelled"


def test_old_ones_are_forgotten(store: Store) -> None:
    callback_id = left(store)
    with store.change() as change:
        callbacks.stop(change, callback_id, CANCELLED)
        assert callbacks.prune(change) == 0
        change.db.execute("UPDATE callback SET ended_at = 1")
        assert callbacks.prune(change) == 1
