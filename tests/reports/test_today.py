"""The figures of a day, against calls whose sums are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.reports import today
from appliance.reports.today import Figures
from appliance.store import Change, Store, conversations, migrate
from tests.webui import seed

BEGIN = 1_795_305_600_000
TARGETS = {"q1": 20, "q2": 10}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    migrate(tmp_path / "foyer.db")
    return Store.open(tmp_path / "foyer.db")


def figures(store: Store, *records: conversations.CallRecord) -> dict[str, Figures]:
    with store.change() as change:
        for record in records:
            conversations.upsert_call(change, record)
    with store.read() as db:
        return today.by_queue(db, BEGIN, BEGIN + seed.DAY, TARGETS)


def answered(number: int, wait_ms: int, queue: str = "q1", at: int = 0) -> conversations.CallRecord:
    return seed.answered(number, "+84901234567", BEGIN + at, wait_ms=wait_ms, talk_ms=9000, queue=queue)


def lost(number: int, outcome: str = "abandoned") -> conversations.CallRecord:
    return seed.unanswered(number, "+84901234567", BEGIN, wait_ms=5000, outcome=outcome)


def test_a_day_without_calls(store: Store) -> None:
    assert figures(store) == {}
    assert today.total({}).service_level is None
    assert today.total({}).average_wait_ms is None


def test_answered_in_time_is_up_to_the_target_and_not_beyond(store: Store) -> None:
    found = figures(store, answered(1, 19_000), answered(2, 20_000), answered(3, 20_001), answered(4, 50_000))
    assert found["q1"] == Figures(calls=4, answered=4, in_time=2, waited_ms=109_001)
    assert found["q1"].service_level == pytest.approx(0.5)
    assert found["q1"].average_wait_ms == 27_250


def test_each_queue_has_its_own_target(store: Store) -> None:
    found = figures(store, answered(1, 15_000, "q1"), answered(2, 15_000, "q2"))
    assert (found["q1"].in_time, found["q2"].in_time) == (1, 0)
    assert today.total(found) == Figures(calls=2, answered=2, in_time=1, waited_ms=30_000)


def test_lost_calls_count_against_the_level(store: Store) -> None:
    found = figures(
        store, answered(1, 1000), lost(2), lost(3, "timeout"), lost(4, "cut"), lost(5, "no_answer")
    )
    assert found["q1"] == Figures(calls=5, answered=1, abandoned=1, unserved=3, in_time=1, waited_ms=1000)
    assert found["q1"].service_level == pytest.approx(0.2)


def test_who_still_waits_is_a_call_and_nothing_else(store: Store) -> None:
    waiting = replace(lost(1), state="open", ended=None, outcome=None)
    waiting = replace(waiting, segments=(replace(waiting.segments[1], ended=None, outcome=None),))
    assert figures(store, waiting)["q1"] == Figures(calls=1)


def test_who_talks_now_is_answered(store: Store) -> None:
    record = answered(1, 3000)
    talking = replace(record, state="open", ended=None, outcome=None)
    assert figures(store, talking)["q1"] == Figures(calls=1, answered=1, in_time=1, waited_ms=3000)


def test_only_this_day_and_only_incoming_calls(store: Store) -> None:
    out = replace(answered(3, 1000), direction="out")
    found = figures(store, answered(1, 1000, at=-1), answered(2, 1000, at=seed.DAY), out, answered(4, 1000))
    assert found["q1"].calls == 1


def test_a_result_said_later_changes_no_figure(store: Store) -> None:
    before = figures(store, answered(1, 1000))

    def note(change: Change) -> None:
        conversation = conversations.recent(change.db, 1)[0]
        conversations.save_note(change, conversation.id, "u1", "a note")

    with store.change() as change:
        note(change)
    with store.read() as db:
        assert today.by_queue(db, BEGIN, BEGIN + seed.DAY, TARGETS) == before
