"""Until when an agent has time to write down what a call was about, in whatever order that becomes known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.store import Store, agents, conversations, events, site, wrap_ups
from appliance.store.conversations import CallRecord, SegmentRecord, upsert_call
from appliance.store.sitemodel import Site
from tests.store.test_conversations import ENDED, START, TALKING

END = START + 60_000
QUEUE = {"id": "q1", "name": "Sales", "wrap_up_seconds": 20, "agents": ["a1"]}
SITE = Site.from_dict(
    {
        "queues": [QUEUE, {**QUEUE, "id": "q2", "wrap_up_seconds": 0}],
        "agents": [{"id": "a1", "name": "Lan", "extension": "101"}],
        "dispositions": [{"code": "ok", "name": "Done"}],
    }
)
OVER = replace(ENDED, segments=(*ENDED.segments, SegmentRecord("wrap_up", "q1", "a1", END, None)))


def other_call(talk: int) -> CallRecord:
    """A call that the same agent is in from `talk` on."""
    segments = (SegmentRecord("talk", "q1", "a1", talk, None),)
    return replace(TALKING, call_uuid="other", linkedid="2.1", started=talk, segments=segments, recordings=())


@pytest.fixture(autouse=True)
def settings(store: Store) -> None:
    with store.change() as change:
        site.save(change, SITE, "u1", "", 0)
        agents.set_state(change, "a1", "available", at=START - 1000)


def upsert(store: Store, record: CallRecord, now: int = END + 100) -> str:
    with store.change() as change:
        change.now = now
        return upsert_call(change, record)


def say(store: Store, state: str, now: int) -> None:
    with store.change() as change:
        change.now = now
        agents.set_state(change, "a1", state)


def length(store: Store) -> int | None:
    """How long the wrap-up of the call lasts, in ms; None if there is none."""
    with store.read() as db:
        rows = db.execute("SELECT started, ended FROM segment WHERE kind = 'wrap_up'").fetchall()
    assert len(rows) < 2
    return rows[0][1] - rows[0][0] if rows else None


def test_the_queue_s_time_if_nothing_ends_it_sooner(store: Store) -> None:
    upsert(store, OVER)
    assert length(store) == 20_000
    with store.read() as db:
        assert wrap_ups.running(db, END - 1) == {}
        assert wrap_ups.running(db, END + 19_999).keys() == {"a1"}
        assert wrap_ups.running(db, END + 20_000) == {}
    # A setting that changes later changes no figure, and the same record again changes nothing.
    with store.change() as change:
        longer = replace(SITE, queues=tuple(replace(one, wrap_up_seconds=90) for one in SITE.queues))
        site.save(change, longer, "u1", "", 1)
        latest = events.latest_id(change.db)
    upsert(store, OVER, END + 5000)
    assert length(store) == 20_000
    with store.read() as db:
        assert events.latest_id(db) == latest


def test_a_queue_without_any(store: Store) -> None:
    begun = SegmentRecord("wrap_up", "q2", "a1", END, None)
    upsert(store, replace(ENDED, segments=(*ENDED.segments, begun)))
    assert length(store) is None


def test_the_result_ends_it(store: Store) -> None:
    call = upsert(store, OVER)
    with store.change() as change:
        change.now = END + 7000
        conversations.set_disposition(change, call, "ok", "u1")
        told = [(event.kind, event.subject) for event in events.since(change.db, 0)][-3:]
    assert length(store) == 7000
    assert ("agent", "a1") in told
    # Taking it back, and saying it again, gives no more time.
    for code, now in ((None, END + 8000), ("ok", END + 9000)):
        with store.change() as change:
            change.now = now
            conversations.set_disposition(change, call, code, "u1")
    upsert(store, OVER, END + 10_000)
    assert length(store) == 7000


def test_finished_without_a_result(store: Store) -> None:
    call = upsert(store, OVER)
    with store.change() as change:
        change.now = END + 3000
        conversations.end_wrap_up(change, call)
    assert length(store) == 3000


@pytest.mark.parametrize(("given", "wanted"), [(START + 30_000, 0), (END + 4000, 4000)])
def test_a_result_that_was_there_before_the_call_s_end_was_known(
    store: Store, given: int, wanted: int
) -> None:
    call = upsert(store, TALKING)
    with store.change() as change:
        change.now = given
        conversations.set_disposition(change, call, "ok", "u1")
    upsert(store, OVER)
    assert length(store) == wanted
    with store.read() as db:
        assert ("agent", "a1") in [(event.kind, event.subject) for event in events.since(db, 0)][-3:]


@pytest.mark.parametrize("state", ["break", "offline"])
@pytest.mark.parametrize("is_late", [False, True])
def test_who_is_away_has_none(store: Store, state: str, is_late: bool) -> None:
    if not is_late:
        upsert(store, OVER)
    say(store, state, END + 6000)
    say(store, "available", END + 8000)
    upsert(store, OVER)
    assert length(store) == 6000


def test_who_went_on_a_break_during_the_talk_has_none(store: Store) -> None:
    say(store, "break", START + 30_000)
    upsert(store, OVER)
    assert length(store) == 0


def test_a_break_before_the_call_is_none_after_it(store: Store) -> None:
    say(store, "break", START - 500)
    say(store, "available", START - 100)
    upsert(store, OVER)
    assert length(store) == 20_000


@pytest.mark.parametrize("is_late", [False, True])
def test_the_next_talk_ends_it(store: Store, is_late: bool) -> None:
    records = [OVER, other_call(END + 5000)]
    for record in reversed(records) if is_late else records:
        upsert(store, record, END + 6000)
    assert length(store) == 5000


def test_the_same_caller_again(store: Store) -> None:
    again = SegmentRecord("talk", "q1", "a1", END + 2000, None)
    upsert(store, replace(OVER, ended=None, segments=(*OVER.segments, again)))
    assert length(store) == 2000


def test_a_talk_that_turns_out_to_be_none(store: Store) -> None:
    upsert(store, OVER)
    upsert(store, other_call(END + 5000), END + 6000)
    upsert(store, replace(other_call(END + 5000), segments=()), END + 7000)
    assert length(store) == 20_000


def test_back_from_the_phone(store: Store) -> None:
    upsert(store, OVER)
    with store.change() as change:
        wrap_ups.end(change, "a1", END - 5000)
    assert length(store) == 20_000
    with store.change() as change:
        wrap_ups.end(change, "a1", END + 9000)
    assert length(store) == 9000


def test_whether_it_is_over(store: Store) -> None:
    def is_over(since: int, now: int) -> bool:
        with store.read() as db:
            return wrap_ups.is_over(db, "a1", since, now)

    # Nobody knows of the call yet: then app_queue's time counts.
    assert not is_over(END, END + 30_000)
    upsert(store, OVER)
    assert not is_over(END + 900, END + 19_000)
    assert is_over(END + 900, END + 20_000)
    assert is_over(END - 900, END + 20_000)
    # A machine with much to do.
    assert is_over(END + 4900, END + 20_000)
    # That was another call.
    assert not is_over(END + 6000, END + 20_000)
    assert not is_over(END - 2000, END + 20_000)
    # And this one, a short call after it, whose end is not recorded yet.
    upsert(store, other_call(END + 2000), END + 3000)
    assert not is_over(END + 4000, END + 20_000)
