"""After erasing, nothing in the whole database says who it was; figures and other people stay."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.errors import ConflictError, NotFoundError
from appliance.store import (
    Change,
    Store,
    audit,
    conversations,
    doomed_files,
    events,
    feeds,
    live,
    migrate,
    people,
    people_erasure,
    requests,
)
from appliance.store.conversations import CallRecord, SegmentRecord

NUMBER, OTHER = "+84901234567", "+84907654321"
MARK = "Quýt"
LONG_AGO = 600_000
SPELLINGS = ("+84901234567", "84901234567", "0084901234567", "0901234567", "901234567", "+840901234567")


def call(change: Change, uuid: str, number: str, name: str = "", direction: str = "in") -> str:
    """A recorded call that ended ten minutes ago, with raw rows as Asterisk writes them."""
    at = change.now - LONG_AGO
    ours = "+842812345678"
    record = CallRecord(
        call_uuid=uuid,
        linkedid=uuid,
        direction=direction,
        line_id="l1",
        number=ours if direction == "in" else number,
        caller=number if direction == "in" else ours,
        caller_name=name,
        queue_id="q1",
        agent_id="a1",
        started=at,
        answered=at + 1,
        ended=at + 2,
        state="closed",
        outcome="answered",
        segments=(SegmentRecord("talk", "q1", "a1", at + 1, at + 2, "answered"),),
        recordings=((f"2026/11/22/{uuid}.wav", at),),
    )
    rows: list[dict[str, Any]] = [
        {
            "num": number,
            "name": name,
            "eventtime": "1795302612.467738",
            "eventextra": json.dumps({"x": number}),
        },
        {"event": "ENTERQUEUE", "data": ["", number, "1"], "call": uuid},
    ]
    feeds.add(change, "cel", [(uuid, at, row) for row in rows])
    return conversations.upsert_call(change, record)


def dump(store: Store) -> str:
    """Every value of every table."""
    with store.read() as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for table in tables for row in db.execute(f'SELECT * FROM "{table}"').fetchall()]
    return "\n".join(str(value) for row in rows for value in row)


def assert_forgotten(store: Store) -> None:
    text = dump(store)
    assert "901234567" not in text
    assert MARK.casefold() not in text.casefold() and people.fold(MARK) not in text


def seen_elsewhere(change: Change, number: str, name: str) -> None:
    """Rows of other calls that hold the number: a transfer's, what was typed to call, what was left live."""
    transfer = {"num": number, "name": name, "appdata": f"PJSIP/l1/sip:{number}@192.0.2.1:5060,90"}
    feeds.add(change, "cel", [("other", change.now, transfer)])
    typed = f"{number[:-6]} {number[-6:-3]}-{number[-3:]}"
    for given_number in (number, typed):
        requests.ask(change, "pbx", "originate", {"agent": "a1", "number": given_number}, "u1")
    live.put(change, "caller", "c9", {"queue": "q1", "number": number, "name": name, "since": 1})


def erase(store: Store, person_id: str) -> None:
    with store.read() as db:
        seen = people_erasure.mentions(db, person_id)
    with store.change() as change:
        people_erasure.erase(change, person_id, "u1", seen)


@given(
    spelling=st.sampled_from(SPELLINGS),
    tail=st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20),
    direction=st.sampled_from(("in", "out")),
    is_merged=st.booleans(),
    is_other_merged=st.booleans(),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_of_them_is_left(
    spelling: str, tail: str, direction: str, is_merged: bool, is_other_merged: bool
) -> None:
    secret = f"{MARK} {tail}"
    with tempfile.TemporaryDirectory() as folder:
        migrate(Path(folder) / "foyer.db")
        store = Store(Path(folder) / "foyer.db")
        with store.change() as change:
            person = people.person_for(change, "phone", NUMBER, secret)
            people.rename(change, person, people.get(change.db, person).name or MARK)
            people.describe(change, person, secret, "vi")
            written = call(change, "u1", spelling, secret, direction)
            conversations.save_note(change, written, "user", secret)
            conversations.add_note(change, written, None, secret)
            seen_elsewhere(change, spelling, people.get(change.db, person).name)
            call(change, "u2", OTHER, "Lan")
            if is_merged:
                twin = people.person_for(change, "email", f"{MARK}@example.net", secret)
                people.merge(change, *((twin, person) if is_other_merged else (person, twin)))
            assert people.get(change.db, person).addresses
        with pytest.raises(AssertionError):
            assert_forgotten(store)
        erase(store, person)
        assert_forgotten(store)
        with store.read() as db:
            kept = people.by_address(db, "phone", OTHER)
            assert kept is not None and kept.name == "Lan"
            (entry,) = people.timeline(db, kept.id)
            assert [message.path for message in entry.messages] == ["2026/11/22/u2.wav"]
            assert len(feeds.of_call(db, "u2")) == 2
            mine = conversations.get(db, written)
            assert (mine.outcome, mine.queue_id, mine.agent_id) == ("answered", "q1", "a1")
            assert [part.kind for part in conversations.segments(db, written)] == ["talk"]
            assert doomed_files.doomed(db) == ["2026/11/22/u1.wav"]
        store.close()
        # Not even where the file holds what was deleted.
        assert MARK.encode() not in (Path(folder) / "foyer.db").read_bytes()


def test_stamps_and_other_numbers_stay_as_they_are(store: Store) -> None:
    """Digits that happen to be those of a number, in a stamp or in a longer number."""
    rows: tuple[dict[str, Any], ...] = (
        {"eventtime": "1901234567.901234567", "uniqueid": "901234567.1"},
        {"num": "+905901234567", "exten": "19012345670"},
        {"num": "+901234567"},
        {"event": "ENTERQUEUE", "data": ["", "0907654321", "1"]},
    )
    with store.change() as change:
        person = people.person_for(change, "phone", NUMBER)
        feeds.add(change, "cel", [("other", change.now, row) for row in rows])
    erase(store, person)
    with store.read() as db:
        assert [row.row for row in feeds.of_call(db, "other")] == list(rows)


def test_a_short_number_goes_where_it_is_a_number_and_stays_elsewhere(store: Store) -> None:
    """A switchboard or a service number: in the rows of other calls its digits are durations and stamps,
    too.
    """
    rows: list[dict[str, Any]] = [
        {"num": "1800", "name": MARK, "eventtime": "1795301800.180000"},
        {"exten": "1800", "appdata": "PJSIP/l1/sip:1800@192.0.2.1:1800,90"},
        {"eventextra": '{"extra":"id^l1^1800^out"}'},
        {"eventextra": '{"extension":"1800","duration":"1800"}'},
        {"event": "ENTERQUEUE", "data": ["", "1800", "1"]},
        {"event": "ABANDON", "data": ["1", "1", "1800"]},
    ]
    kept: list[dict[str, Any]] = [
        {"num": "", "name": "", "eventtime": "1795301800.180000"},
        {"exten": "", "appdata": "PJSIP/l1/sip:@192.0.2.1:1800,90"},
        {"eventextra": '{"extra":"id^l1^^out"}'},
        {"eventextra": '{"extension":"","duration":"1800"}'},
        {"event": "ENTERQUEUE", "data": ["", "", "1"]},
        {"event": "ABANDON", "data": ["1", "1", "1800"]},
    ]
    with store.change() as change:
        person = people.person_for(change, "phone", "1800", MARK)
        feeds.add(change, "cel", [("other", change.now, row) for row in rows])
    erase(store, person)
    with store.read() as db:
        assert [row.row for row in feeds.of_call(db, "other")] == kept


def test_rows_that_came_after_the_first_look_are_found(store: Store) -> None:
    with store.change() as change:
        person = people.person_for(change, "phone", NUMBER)
    with store.read() as db:
        seen = people_erasure.mentions(db, person)
    with store.change() as change:
        feeds.add(change, "cel", [("other", change.now, {"num": "0901234567"})])
        people_erasure.erase(change, person, "u1", seen)
    assert_forgotten(store)


def test_nobody_is_erased_during_a_call_or_right_after(store: Store) -> None:
    with store.change() as change:
        call(change, "u1", NUMBER)
        person = people.person_for(change, "phone", NUMBER)
    for ended in ("NULL", "strftime('%s', 'now') * 1000"):
        with store.change() as change:
            change.db.execute(f"UPDATE conversation SET ended = {ended}")
        with pytest.raises(ConflictError), store.change() as change:
            people_erasure.erase(change, person, "u1")
    with store.read() as db:
        assert people.get(db, person).addresses


def test_the_journal_names_nobody_and_everybody_is_told(store: Store) -> None:
    with store.change() as change:
        written = call(change, "u1", NUMBER, MARK)
        person = people.person_for(change, "phone", NUMBER)
        conversations.add_note(change, written, None, MARK)
        before = events.latest_id(change.db)
    with store.read() as db:
        assert people_erasure.extent(db, person) == people_erasure.Extent(1, 1, 1)
    erase(store, person)
    with store.read() as db:
        (entry, *_) = audit.recent(db, 1)
        assert (entry.who, entry.action, entry.subject) == ("u1", "person.erase", person)
        assert entry.detail == {"conversations": 1}
        told = {(event.kind, event.subject) for event in events.since(db, before)}
        assert told == {("person", person), ("conversation", written)}
        with pytest.raises(NotFoundError):
            people.get(db, person)
    with pytest.raises(NotFoundError):
        erase(store, person)


def test_who_calls_again_is_somebody_new(store: Store) -> None:
    with store.change() as change:
        call(change, "u1", NUMBER, MARK)
        person = people.person_for(change, "phone", NUMBER)
        people.set_blocked(change, person, True)
    erase(store, person)
    with store.change() as change:
        call(change, "u2", NUMBER)
        found = people.by_address(change.db, "phone", NUMBER)
        assert found is not None and found.id != person
        assert (found.name, found.blocked) == ("", False)
        assert len(people.timeline(change.db, found.id)) == 1
        assert people.treatments(change.db) == []


def test_a_note_that_comes_after_is_not_kept(store: Store) -> None:
    """From a browser that was cut off for a while."""
    with store.change() as change:
        mine, other = call(change, "u1", NUMBER, MARK), call(change, "u2", OTHER)
        conversations.save_note(change, mine, "user", MARK)
        person = people.person_for(change, "phone", NUMBER)
    erase(store, person)
    for write in (conversations.save_note, conversations.add_note):
        with pytest.raises(NotFoundError, match="was erased"), store.change() as change:
            write(change, mine, "user", MARK)
    assert_forgotten(store)
    with store.change() as change:
        assert conversations.save_note(change, other, "user", "kept")


def test_the_files_hold_nothing_of_them_either(store: Store) -> None:
    with store.change() as change:
        someone = people.person_for(change, "phone", NUMBER, MARK)
        people.describe(change, someone, "a note that nobody else has")
    erase(store, someone)
    with store.read() as db:
        db.execute("SELECT count(*) FROM person").fetchone()
        assert not store.empty_log(), "somebody reads"
    assert store.empty_log()
    for file in store.path.parent.glob(f"{store.path.name}*"):
        content = file.read_bytes()
        for trace in (MARK, "quyt", NUMBER, "a note that nobody else has"):
            assert trace.encode() not in content, (file.name, trace)
    with store.change() as change:
        people.person_for(change, "phone", OTHER)
