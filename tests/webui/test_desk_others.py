"""The desk of an agent whose phone did not ring, or only rang: what others' calls keep to themselves."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

import pytest

from appliance.store import Change, Store, conversations, live, people, people_erasure
from tests.webui import seed
from tests.webui.conftest import SignIn
from tests.webui.test_desk import CALL, call_now, idle, notes, ringing, send


@pytest.mark.parametrize(("state", "status"), [("closed", 403), ("open", 503)])
@pytest.mark.parametrize("path", ["/desk/note", "/desk/finish"])
def test_nobody_writes_into_another_agents_call(
    sign_in: SignIn, store: Store, path: str, state: str, status: int
) -> None:
    """While a call lasts its record may only not know of the agent yet, so the desk tries again."""
    with store.change() as change:
        call = call_now(change, state, agent="a2")
    page = send(sign_in("lan"), path, call=CALL, body="hello", disposition="solved")
    assert page.status == status
    assert notes(store, call) == []


def test_a_note_about_an_erased_person_is_refused_for_good(sign_in: SignIn, store: Store) -> None:
    with store.change() as change:
        record = seed.answered(1, "+84901234567", change.now - 200_000, wait_ms=1000, talk_ms=9000)
        call = conversations.upsert_call(change, record)
        person = conversations.get(change.db, call).person_id
    assert person is not None
    with store.change() as change:
        people_erasure.erase(change, person, "u1")
    page = send(sign_in("lan"), "/desk/note", call=CALL, body="wants two implants")
    assert page.status == 404 and "was erased" in unquote(page.header("X-Foyer-Problem"))
    assert notes(store, call) == []


def rung_in_vain(change: Change, state: str) -> str:
    """a2 talks, or talked, with a call that also rang at a1."""
    record = seed.answered(1, "+84901234567", change.now - 90_000, wait_ms=40_000, talk_ms=9000, agent="a2")
    rings = tuple(replace(one, agent_id="a1") if one.agent_id == "a3" else one for one in record.segments)
    assert "a1" in {one.agent_id for one in rings}
    record = replace(record, segments=rings, recordings=())
    if state == "open":
        record = replace(record, state="open", ended=None, outcome=None)
    return conversations.upsert_call(change, record)


@pytest.mark.parametrize("row", ["idle", "ringing", "talking"])
@pytest.mark.parametrize(("state", "status"), [("closed", 403), ("open", 503)])
def test_whose_phone_only_rang_has_no_say_in_the_result(
    sign_in: SignIn, store: Store, state: str, status: int, row: str
) -> None:
    """Nor has who rings, or talks with somebody else."""
    with store.change() as change:
        call = rung_in_vain(change, state)
        if row != "idle":
            ringing(change, state=row, call=CALL if row == "ringing" else seed.call_uuid(2))
        before = conversations.get(change.db, call)
    for disposition in ("solved", ""):
        page = send(sign_in("lan"), "/desk/finish", call=CALL, body="", disposition=disposition)
        assert page.status == status
    with store.read() as db:
        assert conversations.get(db, call) == before


def test_a_result_during_a_talk_that_the_record_does_not_know_yet(sign_in: SignIn, store: Store) -> None:
    with store.change() as change:
        call = rung_in_vain(change, "open")
        ringing(change, state="talking")
    page = send(sign_in("lan"), "/desk/finish", call=CALL, body="", disposition="solved")
    assert page.status == 200
    with store.read() as db:
        assert conversations.get(db, call).disposition == "solved"


def test_done_without_a_result_waits_for_the_end_of_the_call(sign_in: SignIn, store: Store) -> None:
    """Also while the live row still says that the agent talks: there is nothing to finish yet. The note
    is kept.
    """
    browser = sign_in("lan")
    fields = {"call": CALL, "body": "quick", "disposition": ""}
    with store.change() as change:
        call = call_now(change)
        ringing(change, state="talking")
    assert send(browser, "/desk/finish", **fields).status == 503
    assert notes(store, call) == ["quick"]
    with store.change() as change:
        call_now(change, "closed")
    assert send(browser, "/desk/finish", **fields).status == 200
    with store.change() as change:
        idle(change)
    assert 'data-phase="none"' in browser.get("/desk/call").text
    assert notes(store, call) == ["quick"]


@pytest.mark.parametrize("is_recorded", [False, True])
def test_nobody_sees_who_calls_others(sign_in: SignIn, store: Store, is_recorded: bool) -> None:
    browser = sign_in("lan")
    with store.change() as change:
        people.person_for(change, "phone", "+84901234567", seed.ARABIC_NAME)
        row = {"queue": "q1", "position": 1, "since": change.now, "number": "+84901234567", "name": ""}
        live.put(change, "caller", CALL, row)
        ringing(change, "a2")
        if is_recorded:
            call_now(change, agent="a2")
    page = browser.get(f"/desk/call?call={CALL}")
    assert (page.status, page.text) == (204, "")
    page = browser.get(f"/desk?call={CALL}")
    assert page.status == 200 and seed.ARABIC_NAME not in page.text and "0901234567" not in page.text
    with store.change() as change:
        rung_in_vain(change, "closed")
    # Whose phone rang saw it.
    assert seed.ARABIC_NAME in browser.get(f"/desk/call?call={CALL}").words


def test_the_next_call_on_a_desk_phone_is_shown_before_the_last_has_its_result(
    sign_in: SignIn, store: Store
) -> None:
    browser = sign_in("lan")
    with store.change() as change:
        call_now(change, "closed")
        idle(change)
    assert 'data-phase="after"' in browser.get(f"/desk/call?call={CALL}").text
    with store.change() as change:
        ringing(change, call="the next")
    page = browser.get(f"/desk/call?call={CALL}")
    assert 'data-phase="ringing"' in page.text and 'data-call="the next"' in page.text
    with store.change() as change:
        idle(change)
    page = browser.get(f"/desk/call?call={CALL}")
    assert 'data-phase="after"' in page.text and f'data-call="{CALL}"' in page.text
