"""Calls as history tells them, and what people add to them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.errors import NotFoundError, RejectedError
from appliance.store import Store, conversations, events, people, site
from appliance.store.conversations import CallRecord, SegmentRecord, upsert_call
from appliance.store.sitemodel import Site

START = 1_700_000_000_000
WAIT = SegmentRecord("wait", "q1", None, START, START + 5000, "answered")
TALK = SegmentRecord("talk", "q1", "a1", START + 5000, None)
RINGING = CallRecord(
    call_uuid="uuid",
    linkedid="1.1",
    direction="in",
    line_id="l1",
    number="+842838221234",
    caller="0901234567",
    caller_name="Nguyễn Lan",
    queue_id="q1",
    agent_id=None,
    started=START,
    answered=None,
    ended=None,
    state="open",
    outcome=None,
    segments=(replace(WAIT, ended=None, outcome=None),),
)
TALKING = replace(
    RINGING,
    agent_id="a1",
    answered=START + 5000,
    segments=(WAIT, TALK),
    recordings=(("2023/11/14/uuid.wav", START + 5000),),
)
ENDED = replace(
    TALKING,
    ended=START + 60_000,
    state="closed",
    outcome="answered",
    segments=(WAIT, replace(TALK, ended=START + 60_000)),
)


def upsert(store: Store, record: CallRecord, now: int = START + 61_000) -> tuple[str, list[str]]:
    """Returns the conversation's id and the kinds of the events that came of it."""
    with store.read() as db:
        before = events.latest_id(db)
    with store.change() as change:
        change.now = now
        conversation_id = upsert_call(change, record)
    with store.read() as db:
        return conversation_id, [event.kind for event in events.since(db, before)]


def test_a_call_from_ring_to_end(store: Store) -> None:
    first, told = upsert(store, RINGING)
    assert told == ["person", "conversation", "segment"]
    second, told = upsert(store, TALKING)
    assert told == ["conversation", "segment", "segment", "message"]
    third, told = upsert(store, ENDED)
    assert told == ["conversation", "segment"]
    assert first == second == third
    with store.read() as db:
        call = conversations.get(db, first)
        assert call == conversations.by_external(db, "voice", "uuid")
        assert (call.state, call.outcome, call.agent_id, call.ended) == (
            "wrap_up",
            "answered",
            "a1",
            START + 60_000,
        )
        assert (call.address, call.origin) == ("+84901234567", "1.1")
        assert call.person_id is not None
        assert people.get(db, call.person_id).name == "Nguyễn Lan"
        rows = conversations.segments(db, first)
        assert [(row.kind, row.started, row.ended, row.outcome) for row in rows] == [
            ("wait", START, START + 5000, "answered"),
            ("talk", START + 5000, START + 60_000, None),
        ]
        (recording,) = conversations.messages(db, first)
        assert (recording.kind, recording.path, recording.created) == (
            "recording",
            "2023/11/14/uuid.wav",
            START + 5000,
        )
        assert conversations.message(db, recording.id) == recording


@pytest.mark.parametrize("record", [RINGING, TALKING, ENDED])
def test_the_same_record_again_changes_nothing(store: Store, record: CallRecord) -> None:
    upsert(store, record)
    with store.read() as db:
        before = list(db.iterdump())
    assert upsert(store, record, START + 100_000)[1] == []
    with store.read() as db:
        assert list(db.iterdump()) == before


def test_segments_keep_their_ids_and_vanish_with_the_record(store: Store) -> None:
    conversation_id, _ = upsert(store, TALKING)
    with store.read() as db:
        before = {row.kind: row.id for row in conversations.segments(db, conversation_id)}
    upsert(store, replace(ENDED, segments=(WAIT, WAIT, replace(TALK, started=START + 6000))))
    with store.read() as db:
        after = {row.kind: row.id for row in conversations.segments(db, conversation_id)}
    assert before["wait"] == after["wait"]
    assert before["talk"] != after["talk"]


def test_what_people_added_stays(store: Store, small_site: Site) -> None:
    conversation_id, _ = upsert(store, TALKING)
    with store.change() as change:
        site.save(change, small_site, "u1", "", 0)
        conversations.save_note(change, conversation_id, "u1", "wants a table")
        conversations.set_disposition(change, conversation_id, "booked", "u1")
        assert conversations.get(change.db, conversation_id).state == "open"
    upsert(store, ENDED)
    with store.read() as db:
        call = conversations.get(db, conversation_id)
        assert (call.disposition, call.state) == ("booked", "closed")
        assert "wants a table" in [message.body for message in conversations.messages(db, conversation_id)]


@pytest.mark.parametrize("caller", ["", "anonymous", "Anonymous", "unavailable", "Restricted"])
def test_an_anonymous_caller_is_nobody(store: Store, caller: str) -> None:
    conversation_id, told = upsert(store, replace(RINGING, caller=caller))
    assert told == ["conversation", "segment"]
    with store.read() as db:
        assert conversations.get(db, conversation_id).person_id is None


@pytest.mark.parametrize(
    ("direction", "caller", "number", "address"),
    [
        ("in", "0901234567", "1900", "+84901234567"),
        ("in", "101", "1900", "101"),
        ("in", "alice", "1900", "alice"),
        ("in", "a\ud800", "1900", "a?"),
        ("out", "101", "0901234567", "+84901234567"),
    ],
)
def test_whose_number_counts(store: Store, direction: str, caller: str, number: str, address: str) -> None:
    conversation_id, _ = upsert(store, replace(RINGING, direction=direction, caller=caller, number=number))
    with store.read() as db:
        call = conversations.get(db, conversation_id)
        person = people.by_address(db, "phone", address)
    assert call.address == address
    assert person is not None
    assert call.person_id == person.id


@pytest.mark.parametrize("name", ["0901234567", "+84901234567", "Anonymous", ""])
def test_a_number_is_no_name(store: Store, name: str) -> None:
    conversation_id, _ = upsert(store, replace(RINGING, caller_name=name))
    with store.read() as db:
        person_id = conversations.get(db, conversation_id).person_id
        assert person_id is not None
        assert people.get(db, person_id).name == ""


def test_a_known_person_is_found_again(store: Store) -> None:
    upsert(store, ENDED)
    _, told = upsert(store, replace(ENDED, call_uuid="other", linkedid="1.2"))
    assert "person" not in told
    with store.read() as db:
        person = people.by_address(db, "phone", "+84901234567")
        assert person is not None
        assert len(people.timeline(db, person.id)) == 2


class TestWrapUp:
    def test_an_unanswered_call_is_closed_at_once(self, store: Store) -> None:
        record = replace(RINGING, ended=START + 9000, outcome="abandoned")
        conversation_id, _ = upsert(store, record)
        with store.read() as db:
            assert conversations.get(db, conversation_id).state == "closed"

    def test_a_disposition_ends_it(self, store: Store, small_site: Site) -> None:
        conversation_id, _ = upsert(store, ENDED)
        with store.change() as change:
            site.save(change, small_site, "u1", "", 0)
            conversations.set_disposition(change, conversation_id, "booked", "u1")
            assert conversations.get(change.db, conversation_id).state == "closed"
            conversations.set_disposition(change, conversation_id, None, "u1")
            assert conversations.get(change.db, conversation_id).disposition is None
            lines = [
                item.body
                for item in conversations.messages(change.db, conversation_id)
                if item.kind == "system"
            ]
        assert lines == ["disposition:booked", "disposition:"]
        assert upsert(store, ENDED)[1] == []

    def test_it_ends_after_fifteen_minutes(self, store: Store) -> None:
        conversation_id, _ = upsert(store, ENDED)
        with store.change() as change:
            change.now = START + 60_000 + conversations.WRAP_UP_MS
            assert conversations.end_wrap_ups(change) == 0
            change.now += 1
            assert conversations.end_wrap_ups(change) == 1
            assert conversations.get(change.db, conversation_id).state == "closed"
        assert upsert(store, ENDED, START + 70_000)[1] == []

    def test_a_call_from_long_ago_needs_none(self, store: Store) -> None:
        conversation_id, _ = upsert(store, ENDED, START + 3_600_000)
        with store.read() as db:
            assert conversations.get(db, conversation_id).state == "closed"

    def test_an_unknown_disposition_is_refused(self, store: Store) -> None:
        conversation_id, _ = upsert(store, ENDED)
        with store.change() as change, pytest.raises(RejectedError):
            conversations.set_disposition(change, conversation_id, "booked", "u1")


class TestNotes:
    def test_a_note_sent_twice_is_one(self, store: Store) -> None:
        conversation_id, _ = upsert(store, ENDED)
        with store.change() as change:
            first = conversations.add_note(change, conversation_id, "u1", "a\r\nb", "form-1")
            assert conversations.add_note(change, conversation_id, "u1", "a\r\nb", "form-1") == first
            assert conversations.add_note(change, conversation_id, "u1", "a\nb") != first
            assert conversations.message(change.db, first).body == "a\nb"

    def test_a_draft_is_one_note_for_each_author(self, store: Store) -> None:
        conversation_id, _ = upsert(store, ENDED)
        with store.change() as change:
            assert conversations.save_note(change, conversation_id, "u1", "") is None
            first = conversations.save_note(change, conversation_id, "u1", "h")
            assert first is not None
            before = conversations.message(change.db, first).updated
            assert conversations.save_note(change, conversation_id, "u1", "hello") == first
            assert conversations.message(change.db, first).updated > before, "in the same millisecond"
            assert conversations.save_note(change, conversation_id, "u2", "other") != first
        with store.read() as db:
            told = events.latest_id(db)
        with store.change() as change:
            conversations.save_note(change, conversation_id, "u1", "hello")
        with store.read() as db:
            assert events.latest_id(db) == told
            notes = [item.body for item in conversations.messages(db, conversation_id) if item.kind == "note"]
        assert notes == ["hello", "other"]

    @pytest.mark.parametrize("body", ["", " \n ", "x" * 10_001, "a\0b", "a\ud800"])
    def test_what_is_no_note_is_refused(self, store: Store, body: str) -> None:
        conversation_id, _ = upsert(store, ENDED)
        with store.change() as change, pytest.raises(RejectedError):
            conversations.add_note(change, conversation_id, "u1", body)

    def test_a_note_needs_its_conversation(self, store: Store) -> None:
        with store.change() as change, pytest.raises(NotFoundError):
            conversations.add_note(change, "nothing", "u1", "x")
        with store.read() as db, pytest.raises(NotFoundError):
            conversations.message(db, "nothing")


def test_recent_by_filters_and_pages(store: Store) -> None:
    for number in range(5):
        upsert(
            store,
            replace(
                ENDED if number % 2 else RINGING,
                call_uuid=f"c{number}",
                started=START + number // 2,
                direction="out" if number == 4 else "in",
            ),
        )
    with store.read() as db:
        every = [call.external_id for call in conversations.recent(db)]
        assert every[0] == "c4"
        first = conversations.recent(db, 2)
        rest = conversations.recent(db, 9, first[-1].id)
        assert [call.external_id for call in (*first, *rest)] == every
        assert len(conversations.recent(db, agent_id="a1")) == 2
        assert len(conversations.recent(db, queue_id="q1", state="open", direction="in")) == 2
        assert len(conversations.recent(db, since=START + 1, until=START + 2)) == 2
        assert conversations.recent(db, outcome="failed") == []
        assert {call.external_id for call in conversations.open_calls(db)} == {"c0", "c2", "c4"}
