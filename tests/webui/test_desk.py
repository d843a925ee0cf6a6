"""The agent's desk: state and device, the phone's account, the call that rings, notes and results."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from appliance.store import Change, Store, agents, conversations, live, people, secrets, users
from tests.webui import seed
from tests.webui.browser import Browser, Page
from tests.webui.conftest import PASSWORD

SignIn = Callable[[str], Browser]
Box = dict[str, str]
SCRIPT = {"HX-Request": "true"}
CALL = seed.call_uuid(1)


def csrf(browser: Browser) -> dict[str, str]:
    return {"csrf": dict(browser.get("/desk").form("/desk/state").fields)["csrf"]}


def send(browser: Browser, path: str, **fields: str) -> Page:
    return browser.post(path, {**csrf(browser), **fields}, headers=SCRIPT, follow=False)


def ringing(change: Change, agent: str = "a1", state: str = "ringing", call: str = CALL) -> None:
    row = {"browser": True, "desk": False, "queues": {}, "state": state, "since": change.now, "call": call}
    live.put(change, "agent", agent, {**row, "queue": "q1", "number": "+84901234567", "name": ""})


def idle(change: Change, agent: str = "a1") -> None:
    live.put(change, "agent", agent, {"browser": True, "desk": False, "queues": {}, "state": "idle"})


def call_now(change: Change, state: str = "open", agent: str = "a1") -> str:
    """A call that rings at, is talked with, or was talked with by an agent."""
    record = seed.answered(1, "+84901234567", change.now - 30_000, wait_ms=10_000, talk_ms=9000, agent=agent)
    if state == "ringing":
        rings = replace(record.segments[2], ended=None, outcome=None)
        waits = replace(record.segments[1], ended=None, outcome=None)
        record = replace(
            record,
            state="open",
            answered=None,
            ended=None,
            outcome=None,
            agent_id=None,
            segments=(record.segments[0], waits, rings),
            recordings=(),
        )
    elif state == "open":
        record = replace(record, state="open", ended=None, outcome=None, recordings=())
    return conversations.upsert_call(change, record)


def notes(store: Store, call: str) -> list[str]:
    with store.read() as db:
        return [message.body for message in conversations.messages(db, call) if message.kind == "note"]


def test_the_page(sign_in: SignIn) -> None:
    page = sign_in("lan").get("/desk")
    assert page.status == 200
    for words in (
        "Available",
        "Break",
        "Meal",
        "Offline",
        "This browser",
        "Desk phone",
        "Reception",
        "None yet.",
    ):
        assert words in page.words
    assert 'data-agent="a1"' in page.text and "vendor/jssip.min.js" in page.text


def test_who_answers_no_calls_is_told_so(sign_in: SignIn) -> None:
    browser = sign_in("lead")
    assert "Your account does not answer calls." in browser.get("/desk").words
    assert browser.get("/desk/status").status == 403
    assert browser.get("/desk/call").status == 403


def test_state_and_device(sign_in: SignIn, store: Store, box: Box) -> None:
    browser = sign_in("lan")

    def now() -> tuple[str, str, str, str]:
        with store.read() as db:
            state = agents.current_of(db, "a1")
        return state.state, state.reason, state.device, state.by

    assert send(browser, "/desk/state", state="available").status == 200
    assert now() == ("available", "", "browser", box["lan"])
    assert "Break: Meal" in send(browser, "/desk/state", state="break:meal").words
    assert now() == ("break", "meal", "browser", box["lan"])
    send(browser, "/desk/state", device="desk")
    assert now() == ("break", "meal", "desk", box["lan"])
    send(browser, "/desk/state", state="offline")
    assert now() == ("offline", "", "desk", box["lan"])


def test_without_a_script_the_buttons_work_as_well(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("lan")
    page = browser.submit(browser.get("/desk"), "/desk/state", button="available")
    assert page.path == "/desk" and page.status == 200
    with store.read() as db:
        assert agents.current_of(db, "a1").state == "available"


def decline(store: Store) -> None:
    with store.change() as change:
        agents.decline(change, "a1", "phone", change.now)


def test_declining_lets_others_come_first(sign_in: SignIn, store: Store, box: Box) -> None:
    browser = sign_in("lan")
    decline(store)
    with store.read() as db:
        assert agents.current_of(db, "a1").state == "offline"
    send(browser, "/desk/state", state="available")
    assert "You declined a call" not in browser.get("/desk/status").words
    decline(store)
    with store.change() as change:
        live.put(change, "pbx", "state", {"up": True, "since": 1})
        idle(change)
    page = browser.get("/desk/status")
    assert "Available" in page.words and "You declined a call: others are called first." in page.words
    assert "data-refetch-at" in page.text
    assert "Declined a call" in sign_in("lead").get("/live/board").words
    with store.change() as change:  # as long as a phone rings
        change.db.execute("UPDATE agent_state SET started = started - 20000 WHERE ended IS NULL")
        change.event("agent", "a1")
    assert "You declined a call" not in browser.get("/desk/status").words
    assert "Declined a call" not in sign_in("lead").get("/live/board").words
    # A second one counts anew, and the button ends it at once.
    decline(store)
    with store.read() as db:
        assert agents.current_of(db, "a1").reason == "declined"
    send(browser, "/desk/state", state="available")
    with store.read() as db:
        assert agents.current_of(db, "a1").reason == ""


@pytest.mark.parametrize(
    "state", ["break:nonsense", "break:a\nexten => s,1,System(x)", "break:${SHELL(id)}", "break:;"]
)
def test_only_known_reasons_are_kept(sign_in: SignIn, store: Store, state: str) -> None:
    send(sign_in("lan"), "/desk/state", state=state)
    with store.read() as db:
        assert agents.current_of(db, "a1").reason == ""


@pytest.mark.parametrize("fields", [{"state": "dancing"}, {"device": "pager"}])
def test_other_states_are_refused(sign_in: SignIn, store: Store, fields: dict[str, str]) -> None:
    assert send(sign_in("lan"), "/desk/state", **fields).status == 400
    with store.read() as db:
        assert agents.current_of(db, "a1").state == "offline"


def test_a_break_begun_on_the_phone(sign_in: SignIn, store: Store) -> None:
    with store.change() as change:
        agents.set_state(change, "a1", "break", "phone")
    assert "Break, begun on the phone" in sign_in("lan").get("/desk/status").words


def test_when_the_telephone_service_is_gone_or_the_desk_phone(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("lan")
    assert "not running" in browser.get("/desk/status").words
    with store.change() as change:
        live.put(change, "pbx", "state", {"up": True, "since": 1})
        agents.set_state(change, "a1", "available", device="desk")
        idle(change)
    assert "Your desk phone is not connected" in browser.get("/desk/status").words
    with store.change() as change:
        live.put(change, "agent", "a1", {"browser": False, "desk": True, "queues": {}, "state": "idle"})
    page = browser.get("/desk/status")
    assert "not connected" not in page.words and "not running" not in page.words


def test_the_phones_account_is_for_its_agent_alone(sign_in: SignIn, store: Store, box: Box) -> None:
    with store.change() as change:
        for name in ("sip:a1", "sip:a2"):
            secrets.put(change, name, f"secret of {name}")
        users.create(change, "minh", "Minh", "agent", PASSWORD, agent_id="a2")
    page = send(sign_in("lan"), "/desk/phone")
    account = json.loads(page.text)
    assert (account["user"], account["password"]) == ("a1", "secret of sip:a1")
    assert page.header("Cache-Control") == "no-store"
    assert json.loads(send(sign_in("minh"), "/desk/phone").text)["password"] == "secret of sip:a2"
    lead = sign_in("lead")
    word = dict(lead.get("/people").form("/logout").fields)["csrf"]
    assert lead.post("/desk/phone", {"csrf": word}, headers=SCRIPT, follow=False).status == 403


def test_the_phones_account_cannot_be_fetched_by_a_link_or_a_stranger(sign_in: SignIn, store: Store) -> None:
    with store.change() as change:
        secrets.put(change, "sip:a1", "the secret")
    browser = sign_in("lan")
    assert browser.get("/desk/phone").status in (404, 405)
    assert browser.post("/desk/phone", {"csrf": "wrong"}, headers=SCRIPT, follow=False).status == 403
    assert send(browser, "/desk/phone").status == 200
    assert "the secret" not in browser.get("/desk").text
    stranger = browser.post(
        "/desk/phone", csrf(browser), headers={"Origin": "https://evil.example"}, follow=False
    )
    assert stranger.status == 403


def test_a_phone_that_is_not_ready_yet(sign_in: SignIn) -> None:
    page = send(sign_in("lan"), "/desk/phone")
    assert page.status == 503 and "being prepared" in page.words


def test_a_call_that_rings_before_its_record_is_there(sign_in: SignIn, store: Store) -> None:
    with store.change() as change:
        people.person_for(change, "phone", "+84901234567", seed.ARABIC_NAME)
        ringing(change)
    page = sign_in("lan").get(f"/desk/call?call={CALL}")
    assert seed.ARABIC_NAME in page.words and "Reception" in page.words
    assert 'data-phase="ringing"' in page.text


def test_a_call_that_rings(sign_in: SignIn, store: Store, box: Box) -> None:
    with store.change() as change:
        person = people.person_for(change, "phone", "+84901234567", "Nguyễn Văn An")
        people.describe(change, person, "Deaf in one ear", "vi")
        for number in range(2, 9):
            old = seed.answered(
                number, "+84901234567", change.now - number * seed.DAY, wait_ms=1, talk_ms=61_000
            )
            conversations.save_note(
                change, conversations.upsert_call(change, old), box["lan"], f"note {number}"
            )
        call_now(change, "ringing")
        ringing(change)
    page = sign_in("lan").get(f"/desk/call?call={CALL}")
    for words in (
        "Nguyễn Văn An",
        "090 123 45 67",
        "Reception",
        "Vietnamese",
        "waiting for",
        "Deaf in one ear",
        "note 2",
        "note 6",
    ):
        assert words in page.words, words
    assert "note 7" not in page.words
    assert 'data-phase="ringing"' in page.text and f'data-call="{CALL}"' in page.text


def test_a_desk_phones_call_is_found_without_asking_for_it(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("lan")
    assert 'data-phase="none"' in browser.get("/desk/call").text
    with store.change() as change:
        call_now(change, "ringing")
        ringing(change)
    assert 'data-phase="ringing"' in browser.get("/desk/call").text
    with store.change() as change:
        call_now(change)
        ringing(change, state="calling")
    assert 'data-phase="calling"' in browser.get("/desk/call").text
    with store.change() as change:
        ringing(change, state="hold")
    assert 'data-phase="talking"' in browser.get("/desk/call").text
    with store.change() as change:
        call_now(change, "closed")
        idle(change)
    page = browser.get("/desk/call")
    assert 'data-phase="after"' in page.text and f'data-call="{CALL}"' in page.text


def test_notes_and_result(sign_in: SignIn, store: Store, box: Box) -> None:
    browser = sign_in("lan")
    with store.change() as change:
        call = call_now(change)
        ringing(change, state="talking")
    at = 0
    for body in ("wants", "wants two\nimplants"):
        at = json.loads(send(browser, "/desk/note", call=CALL, body=body, base=str(at)).text)["at"]
    assert notes(store, call) == ["wants two\nimplants"]
    shown = f'data-saved="wants two\nimplants" data-saved-at="{at}"'
    assert shown in browser.get(f"/desk/call?call={CALL}").text
    with store.change() as change:
        call_now(change, "closed")
        idle(change)
    fields = {"call": CALL, "body": "wants three", "base": str(at), "disposition": "solved"}
    assert send(browser, "/desk/finish", **fields).status == 200
    with store.read() as db:
        conversation = conversations.get(db, call)
    assert (conversation.state, conversation.disposition) == ("closed", "solved")
    assert notes(store, call) == ["wants three"]
    for address in ("/desk/call", f"/desk/call?call={CALL}"):
        assert 'data-phase="none"' in browser.get(address).text
    assert "Solved" in browser.get("/desk/recent").words


def test_a_finished_call_stays_finished_when_the_live_rows_are_late(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("lan")
    with store.change() as change:
        call_now(change, "closed")
        ringing(change, state="talking")
    assert "data-ended" in browser.get(f"/desk/call?call={CALL}").text
    send(browser, "/desk/finish", call=CALL, body="", disposition="solved")
    assert 'data-phase="talking"' in browser.get("/desk/call").text
    with store.change() as change:
        idle(change)
    # The page had asked for the call by its name when the live rows still had it.
    assert 'data-phase="none"' in browser.get(f"/desk/call?call={CALL}").text


def test_done_without_a_result(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("lan")
    with store.change() as change:
        call = call_now(change, "closed")
    assert "Finish" in browser.get("/desk/recent").words
    assert send(browser, "/desk/finish", call=CALL, body="", disposition="").status == 200
    with store.read() as db:
        assert conversations.get(db, call).state == "closed"
    assert 'data-phase="none"' in browser.get("/desk/call").text


def test_a_note_before_the_record_is_there_is_tried_again(sign_in: SignIn, store: Store) -> None:
    page = send(sign_in("lan"), "/desk/note", call=CALL, body="early")
    assert page.status == 503 and page.header("X-Foyer-Problem")


def test_a_result_waits_for_the_end_of_the_call(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("lan")
    fields = {"call": CALL, "body": "quick", "disposition": "solved"}
    with store.change() as change:
        call = call_now(change)
        idle(change)
    assert send(browser, "/desk/finish", **fields).status == 503
    with store.read() as db:
        assert conversations.get(db, call).disposition is None
    assert notes(store, call) == ["quick"]
    with store.change() as change:
        call_now(change, "closed")
    assert send(browser, "/desk/finish", **fields).status == 200
    with store.read() as db:
        assert conversations.get(db, call).state == "closed"


def test_a_result_that_is_none_is_refused_and_nothing_is_saved(sign_in: SignIn, store: Store) -> None:
    with store.change() as change:
        call = call_now(change, "closed")
    page = send(sign_in("lan"), "/desk/finish", call=CALL, body="kept?", disposition="'; DROP TABLE x")
    assert page.status == 400
    assert notes(store, call) == []


def test_who_waits_in_my_queues(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("lan")
    with store.change() as change:
        row: dict[str, Any] = {
            "queue": "q1",
            "position": 1,
            "since": change.now - 9000,
            "number": "",
            "name": "",
        }
        live.put(change, "caller", "c1", row)
    page = browser.get("/desk/queues")
    assert "Reception 1" in page.words and f'data-since="{row["since"]}"' in page.text


@pytest.mark.parametrize("call", ["", "x" * 400, "'", "../..", "%00", "<script>"])
def test_whatever_call_is_asked_for(sign_in: SignIn, call: str) -> None:
    browser = sign_in("lan")
    page = browser.get(f"/desk/call?call={call}")
    assert page.status == (204 if call else 200) and "<script>" not in page.text
    page = browser.get(f"/desk?call={call}")
    assert page.status == 200 and "<script>alert" not in page.text


def test_the_phone_belongs_to_the_page_that_was_opened_last(sign_in: SignIn, store: Store) -> None:
    with store.change() as change:
        secrets.put(change, "sip:a1", "the secret")
    browser = sign_in("lan")
    one = send(browser, "/desk/phone", page="one", take="1").text
    assert send(browser, "/desk/phone", page="one").text == one
    stale = browser.get("/desk/status").text
    two = send(browser, "/desk/phone", page="two", take="1").text
    now = browser.get("/desk/status").text
    first, second = json.loads(one)["turn"], json.loads(two)["turn"]
    assert 'data-holder="two"' in now and f'data-turn="{second}"' in now
    # Shown late, it must not look like news to the page that has the phone since.
    assert 'data-holder="one"' in stale and f'data-turn="{first}"' in stale
    assert first < second
    page = send(browser, "/desk/phone", page="one")
    assert page.status == 409 and "another browser" in page.words and "the secret" not in page.text
    assert send(browser, "/desk/phone", page="one", take="1").status == 200
