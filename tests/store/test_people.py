"""People, their addresses, merging and splitting, searching and the timeline."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from appliance.errors import NotFoundError, RejectedError
from appliance.store import Change, Store, events, people
from appliance.store.conversations import CallRecord, add_note, upsert_call
from appliance.store.phone import ascii_digits
from tests.pbx_conf.nasty import nasty


def call(change: Change, uuid: str, caller: str, started: int) -> str:
    record = CallRecord(
        uuid, uuid, "in", "l1", "", caller, "", "q1", None, started, None, started + 1, "closed", "abandoned"
    )
    return upsert_call(change, record)


def calls_of(change: Change, person_id: str) -> list[str]:
    return [entry.conversation.external_id for entry in people.timeline(change.db, person_id)]


def test_an_address_finds_or_makes_its_person(store: Store) -> None:
    with store.change() as change:
        first = people.person_for(change, "phone", "+84901234567")
        assert people.person_for(change, "phone", "+84901234567", "Lan") == first
        assert people.person_for(change, "phone", "+84901234567", "Not Lan") == first
        assert people.person_for(change, "email", "+84901234567") != first
        person = people.get(change.db, first)
        assert person.name == "Lan"
        assert [address.value for address in person.addresses] == ["+84901234567"]
        assert people.by_address(change.db, "phone", "+84901234567") == person
        assert people.by_address(change.db, "phone", "+84") is None
    with store.read() as db:
        assert [event.kind for event in events.since(db, 0)] == ["person", "person"]


def test_a_name_from_the_network_loses_what_is_no_name(store: Store) -> None:
    with store.change() as change:
        person = people.person_for(change, "phone", "+1", " a\nb\x00\ud800 " + "x" * 300)
        name = people.get(change.db, person).name
    assert name.startswith("ab? xx")
    assert len(name) == people.NAME_MAX


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nguyen", ["An", "Đức"]),
        ("NGUYỄN VĂN", ["An"]),
        ("duc", ["Đức"]),
        ("0901 234", ["Đức"]),
        ("+84 90 123", ["Đức"]),
        ("۰۹۰۱۲۳۴", ["Đức"]),
        ("@example", ["An"]),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("", ["An", "Đức"]),
        ("zzz", []),
    ],
)
def test_search(store: Store, text: str, found: list[str]) -> None:
    with store.change() as change:
        people.person_for(change, "phone", "+84901234567", "Nguyễn Minh Đức")
        change.now += 1
        people.person_for(change, "email", "an@example.net", "Nguyễn Văn An")
    with store.read() as db:
        names = [person.name.split()[-1] for person in people.search(db, text)]
    assert sorted(names) == found


TYPED = ("100% An", "a_b", "back\\slash", "O'Neil;--", '"quoted"', "Nguyễn Minh Đức", "الهاتف", "a@b")


def has(typed: str, person: people.Person) -> bool:
    """Whether somebody who reads the text as nothing but text finds this person by it."""
    words = people.fold(typed).lower()
    digits = "".join(char for char in ascii_digits(typed) if char.isdigit()).lstrip("0")
    values = [address.value.lower() for address in person.addresses]
    return not typed.strip() or (
        (words != "" and words in people.fold(person.name).lower())
        or any(typed.strip().lower() in value for value in values)
        or (len(digits) >= 3 and any(digits in value for value in values))
    )


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("\0")
@example("An\0x")
@example("\u0301")
@example("\u200c")
@given(nasty | st.text("%_\\'\";-aAnN \0", max_size=4))
def test_what_is_typed_is_searched_as_text(store: Store, typed: str) -> None:
    with store.change() as change:
        for number, name in enumerate(TYPED):
            people.person_for(change, "phone", f"+8490123456{number}", name)
    with store.read() as db:
        everybody = [people.get(db, found.id) for found in people.search(db, "")]
        found = {person.id for person in people.search(db, typed)}
    assert len(everybody) == len(TYPED)
    assert found == {person.id for person in everybody if has(typed, person)}


@pytest.mark.parametrize("text", ["علي كريمي", "می‌نا", "مینا", "کریمی"])
def test_search_in_persian_from_any_keyboard(store: Store, text: str) -> None:
    with store.change() as change:
        people.person_for(change, "phone", "+982112345678", "علی می‌نا کریمی" if "نا" in text else "علی کریمی")
    with store.read() as db:
        assert len(people.search(db, text)) == 1


def test_search_by_pages(store: Store) -> None:
    with store.change() as change:
        ids = {people.person_for(change, "phone", f"+8490000000{number}") for number in range(5)}
    with store.read() as db:
        first = people.search(db, "", limit=3)
        second = people.search(db, "", limit=3, after=first[-1].id)
    assert [len(first), len(second)] == [3, 2]
    assert {person.id for person in (*first, *second)} == ids


def test_merging_and_splitting(store: Store) -> None:
    with store.change() as change:
        one, two, three = (people.person_for(change, "phone", f"+8490000000{n}", f"P{n}") for n in (1, 2, 3))
        for at, caller in enumerate(("+84900000001", "+84900000002", "+84900000003")):
            call(change, f"c{at}", caller, at)
        people.merge(change, two, one)
        people.merge(change, three, two)
    with store.change() as change:
        assert people.get(change.db, three) == people.get(change.db, one)
        assert set(people.get(change.db, one).merged) == {two, three}
        assert len(people.get(change.db, one).addresses) == 3
        assert [person.id for person in people.search(change.db, "P2")] == [one]
        with pytest.raises(RejectedError):
            people.merge(change, one, three)
        # A new call of the merged number belongs to it, so that splitting takes it along.
        call(change, "c9", "+84900000002", 9)
        assert calls_of(change, two) == [
            "c9",
            "c2",
            "c1",
            "c0",
        ]
        people.split(change, two)
        assert calls_of(change, two) == ["c9", "c1"]
        assert calls_of(change, one) == ["c2", "c0"]
        with pytest.raises(RejectedError):
            people.split(change, two)


def test_the_timeline_comes_by_pages_with_all_that_happened(store: Store) -> None:
    with store.change() as change:
        ids = [call(change, f"c{number}", "+84900000001", number // 2) for number in range(5)]
        add_note(change, ids[4], "u1", "later")
        person = people.by_address(change.db, "phone", "+84900000001")
        assert person is not None
        first = people.timeline(change.db, person.id, limit=3)
        second = people.timeline(change.db, person.id, first[-1].conversation.id, limit=3)
    assert [message.body for message in first[0].messages] == ["later"]
    assert {entry.conversation.id for entry in (*first, *second)} == set(ids)
    assert [len(first), len(second)] == [3, 2]


def test_renaming_and_describing(store: Store) -> None:
    with store.change() as change:
        person = people.person_for(change, "phone", "+84900000001")
        people.rename(change, person, "  Đỗ Lan ")
        people.describe(change, person, "likes tea", "vi")
        assert people.get(change.db, person).name == "Đỗ Lan"
        assert people.get(change.db, person).note == "likes tea"
        assert people.search(change.db, "do lan")
        for name in ("a\nb", "x" * 201):
            with pytest.raises(RejectedError):
                people.rename(change, person, name)
        with pytest.raises(RejectedError):
            people.describe(change, person, "x" * 10_001)
        with pytest.raises(NotFoundError):
            people.rename(change, "nobody", "x")
