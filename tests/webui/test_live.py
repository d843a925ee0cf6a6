"""The live page: what is shown of a moment, to whom, and that it is made once however many look."""

from __future__ import annotations

import urllib.parse
import zoneinfo
from collections.abc import Callable
from typing import Any

import pytest

from appliance.errors import NotFoundError
from appliance.store import Change, Store, agents, audit, conversations, live, now_ms, people
from appliance.store import site as sites
from appliance.store.sitemodel import Site
from appliance.webui import board
from appliance.webui.board import Board, Latest
from tests.webui import seed
from tests.webui.browser import Browser
from tests.webui.telephony import telephony

SignIn = Callable[[str], Browser]
Box = dict[str, str]
ZONE = zoneinfo.ZoneInfo("Asia/Ho_Chi_Minh")


def agent_row(**more: Any) -> dict[str, Any]:
    return {"browser": True, "desk": False, "queues": {}, "state": "idle", **more}


def up(change: Change) -> None:
    live.put(change, "pbx", "state", {"up": True, "since": change.now})


def shown(store: Store, now: int | None = None) -> Board:
    with store.change() as change:
        moment = change.now if now is None else now
    with store.read() as db:
        return board.load(db, sites.head(db)[1], ZONE, moment)


def state_of(store: Store, agent: str = "a1", now: int | None = None) -> str:
    return next(one.state for one in shown(store, now).agents if one.id == agent)


def test_a_box_where_nothing_ever_happened(sign_in: SignIn) -> None:
    page = sign_in("lead").get("/live")
    assert page.status == 200
    for words in ("Nobody is waiting.", "Lan", "Offline", "The telephone service is not running."):
        assert words in page.words


@pytest.mark.parametrize(
    ("told", "name"),
    [("0901234567", ""), ("+84 90 123 45 67", ""), ("Anonymous", ""), ("", ""), (" Lan ", "Lan")],
)
def test_a_number_that_the_network_sends_as_a_name_is_none(
    store: Store, box: Box, told: str, name: str
) -> None:
    with store.change() as change:
        row = {"queue": "q1", "position": 1, "since": change.now, "number": "0901234567", "name": told}
        live.put(change, "caller", "c1", row)
    (queue, *_) = shown(store).queues
    assert [(caller.who.name, caller.who.number) for caller in queue.waiting] == [(name, "090 123 45 67")]


def test_a_colleague_without_a_queue_is_listed_only_when_on_the_phone(store: Store, box: Box) -> None:
    with store.change() as change:
        _, site = sites.head(change.db)
        colleague = {"id": "a99", "name": "Thu", "extension": "199"}
        wanted = Site.from_dict({**site.to_dict(), "agents": [*site.to_dict()["agents"], colleague]})
        sites.save(change, wanted, box["boss"], "", 1)
    assert "a99" not in {one.id for one in shown(store).agents}
    with store.change() as change:
        live.put(change, "agent", "a99", agent_row(state="talking", since=change.now, call="", queue=""))
    assert state_of(store, "a99") == "talking"


def test_a_busy_box(sign_in: SignIn, store: Store, box: Box) -> None:
    with store.change() as change:
        sites.save(change, Site.from_dict(seed.SITE), box["boss"], "", 1)
        seed.past(change, box["lan"])
        seed.present(change)
    page = sign_in("lead").get("/live")
    assert "is not running" not in page.words
    for words in (
        "Nguyễn Văn An",
        seed.ARABIC_NAME,
        "Unknown caller",
        "Ringing",
        "On a call",
        "Phone not connected",
        "Lunch",
        "begun on the phone",
        "No agent is there",
        "Waiting now",
    ):
        assert words in page.words, words
    seen = shown(store)
    assert seen.waiting == 3
    assert [caller.position for caller in seen.queues[0].waiting] == [1, 2]
    assert seen.queues[0].free == 1
    assert seen.total.calls == sum(queue.figures.calls for queue in seen.queues)


def test_only_supervisors_see_it(sign_in: SignIn) -> None:
    assert sign_in("lan").get("/live").status == 403
    assert sign_in("lan").get("/live/board").status == 403
    assert sign_in("boss").get("/live/board").status == 200


def test_its_button_makes_a_test_call(sign_in: SignIn, store: Store, box: Box) -> None:
    browser = sign_in("lead")
    page = browser.get("/live")
    assert "Make a test call" in page.words
    with telephony(store, True, {"caller": "+12025550143", "number": "+842812345678"}) as asked:
        page = browser.submit(page, "/test-call")
    assert "It is ringing." in page.words and page.path == "/live"
    assert [(one.kind, one.args, one.who) for one in asked] == [("test_call", {}, box["lead"])]
    with store.read() as db:
        assert audit.recent(db, action="test-call")[0].who == box["lead"]


def test_when_the_telephone_service_is_gone(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("lead")
    with store.change() as change:
        up(change)
    assert "is not running" not in browser.get("/live/board").words
    with store.change() as change:
        live.put(change, "pbx", "state", {"up": False, "since": change.now})
    assert "The telephone service is not running." in browser.get("/live/board").words


@pytest.mark.parametrize(
    ("said", "device", "row", "wanted"),
    [
        ("offline", "browser", {}, "offline"),
        ("available", "browser", {}, "available"),
        ("available", "browser", {"browser": False}, "no_phone"),
        ("available", "desk", {}, "no_phone"),
        ("available", "desk", {"desk": True}, "available"),
        ("break", "browser", {}, "break"),
        ("available", "browser", {"state": "ringing"}, "ringing"),
        ("available", "browser", {"state": "calling"}, "calling"),
        ("break", "browser", {"state": "talking"}, "talking"),
        ("offline", "browser", {"state": "hold"}, "hold"),
    ],
)
def test_what_an_agent_does(
    store: Store, box: Box, said: str, device: str, row: dict[str, Any], wanted: str
) -> None:
    with store.change() as change:
        up(change)
        agents.set_state(change, "a1", said, "meal" if said == "break" else "", device)
        live.put(change, "agent", "a1", agent_row(**row))
    assert state_of(store) == wanted


def test_after_a_call_until_the_result_or_the_queue_gives_the_next(store: Store, box: Box) -> None:
    with store.change() as change:
        up(change)
        agents.set_state(change, "a1", "available")
        live.put(change, "agent", "a1", agent_row())
        record = seed.answered(1, "+84901234567", change.now - 15_000, wait_ms=2000, talk_ms=4000)
        call = conversations.upsert_call(change, record)
    assert record.ended is not None
    wrap_up_ms = 20_000
    assert state_of(store, now=record.ended + 1000) == "wrap_up"
    assert shown(store, record.ended + 1000).refetch_at == record.ended + wrap_up_ms
    assert state_of(store, now=record.ended + wrap_up_ms) == "available"
    with store.change() as change:
        conversations.set_disposition(change, call, "solved", box["lan"])
    assert state_of(store, now=now_ms()) == "available"


def test_the_alarm_of_a_full_disk(sign_in: SignIn, store: Store, box: Box) -> None:
    alarm = "New calls are not recorded: the disk is nearly full."
    for is_full in (True, False):
        with store.change() as change:
            up(change)
            live.put(change, "disk", "recording", {"full": is_full, "since": change.now})
        assert (alarm in sign_in("lead").get("/live/board").text) is is_full
        assert (alarm in sign_in("boss").get("/settings").text) is is_full


def test_callers_are_known_by_name(store: Store, box: Box) -> None:
    with store.change() as change:
        up(change)
        people.person_for(change, "phone", "+84901234567", "Nguyễn Văn An")
        for place, number in enumerate(("0901234567", "+84911111111", "anonymous"), 1):
            row = {"queue": "q1", "position": place, "since": change.now, "number": number, "name": ""}
            live.put(change, "caller", f"c{place}", row)
    who = [caller.who for caller in shown(store).queues[0].waiting]
    assert [(one.name, one.number) for one in who] == [
        ("Nguyễn Văn An", "090 123 45 67"),
        ("", "091 111 11 11"),
        ("", ""),
    ]
    assert who[0].person_id and not who[1].person_id


def test_the_board_is_made_once_per_event(store: Store, box: Box) -> None:
    latest = Latest(store)
    with store.change() as change:
        up(change)
        now = change.now
    with store.read() as db:
        site = sites.head(db)[1]
    first = latest.get(site, ZONE, now)
    assert latest.get(site, ZONE, now + 1000)[1] is first[1]
    with store.change() as change:
        agents.set_state(change, "a1", "available")
    second = latest.get(site, ZONE, now)
    assert second[1] is not first[1] and second[0] > first[0]
    assert latest.get(site, ZONE, now + seed.DAY)[1] is not second[1]


def test_what_ends_by_itself_is_made_again(store: Store, box: Box) -> None:
    latest = Latest(store)
    with store.change() as change:
        record = seed.answered(1, "+84901234567", change.now - 15_000, wait_ms=2000, talk_ms=4000)
        conversations.upsert_call(change, record)
        now = change.now
    with store.read() as db:
        site = sites.head(db)[1]
    before = latest.get(site, ZONE, now)[1]
    assert before.refetch_at is not None
    assert latest.get(site, ZONE, before.refetch_at - 1)[1] is before
    assert latest.get(site, ZONE, before.refetch_at)[1] is not before


def test_names_are_never_translated(sign_in: SignIn, store: Store, box: Box) -> None:
    """A queue or a break may be called like a word that the pages use."""
    document = {**seed.SITE, "queues": [{"id": "q1", "name": "Agents", "agents": ["a1"]}]}
    with store.change() as change:
        document["breaks"] = [{"code": "meal", "name": "Offline"}]
        sites.save(change, Site.from_dict(document), box["boss"], "", 1)
        change.db.execute("UPDATE user SET language = 'vi' WHERE id = ?", (box["boss"],))
        up(change)
        agents.set_state(change, "a1", "break", "meal")
        agents.set_state(change, "a2", "available")
        live.put(change, "agent", "a2", agent_row(state="talking", queue="q1", since=change.now, number="1"))
    text = sign_in("boss").get("/live/board").text
    assert text.count("<bdi>Agents</bdi>") == 2
    assert "<bdi>Offline</bdi>" in text


def talking(store: Store, call: str = seed.call_uuid(1)) -> str:
    """Lan talks with a caller."""
    with store.change() as change:
        up(change)
        agents.set_state(change, "a1", "available")
        row = agent_row(state="talking", queue="q1", since=change.now, number="+84901234567", call=call)
        live.put(change, "agent", "a1", row)
    return call


def test_a_supervisor_ends_a_call_after_being_asked(sign_in: SignIn, store: Store, box: Box) -> None:
    call, browser = talking(store), sign_in("lead")
    path = f"/live/end?call={call}"
    assert path in browser.get("/live/board").text
    page = browser.get(path)
    assert "End this call?" in page.words and "090 123 45 67" in page.words and "Lan" in page.words
    with telephony(store, True, {"legs": 2}) as asked:
        page = browser.submit(page, "/live/end")
    assert "The call was ended." in page.words and page.path == "/live"
    assert (asked[0].kind, asked[0].args, asked[0].who) == ("hangup", {"call": call}, box["lead"])
    with store.read() as db:
        entry = audit.recent(db, action="call.end")[0]
    assert (entry.who, entry.subject) == (box["lead"], call)


def test_what_stands_in_the_way_of_ending_a_call(sign_in: SignIn, store: Store) -> None:
    call, browser = talking(store), sign_in("lead")
    page, late = (browser.get(f"/live/end?call={call}") for _ in range(2))
    with telephony(store, False, NotFoundError("This call is over.").sentence.to_dict()):
        assert "This call is over." in browser.submit(page, "/live/end").words
    with store.change() as change:
        live.put(change, "agent", "a1", agent_row())
    assert "This call is over already." in browser.submit(late, "/live/end").words
    for nothing in ("", "x", "1;2", "../..", seed.call_uuid(9)):
        gone = browser.get("/live/end?" + urllib.parse.urlencode({"call": nothing}))
        assert "This call is over already." in gone.words
    assert sign_in("lan").get(f"/live/end?call={call}").status == 403


def test_calls_that_nobody_can_end_have_no_button(sign_in: SignIn, store: Store) -> None:
    """Between two agents, and while the telephone service is away."""
    browser = sign_in("lead")
    talking(store, call="1700000000.7")
    assert "/live/end" not in browser.get("/live/board").text
    talking(store)
    with store.change() as change:
        live.put(change, "pbx", "state", {"up": False, "since": change.now})
    assert "/live/end" not in browser.get("/live/board").text


def test_each_language_has_its_own(sign_in: SignIn, store: Store, box: Box) -> None:
    with store.change() as change:
        change.db.execute("UPDATE user SET language = 'vi' WHERE id = ?", (box["boss"],))
    english, vietnamese = sign_in("lead"), sign_in("boss")
    assert 'lang="en"' in english.get("/live").text
    assert 'lang="vi"' in vietnamese.get("/live").text
    assert "Agents" in english.get("/live/board").words
