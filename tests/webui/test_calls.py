"""The pages of calls: what is listed for whom, filters, pages, and one call in full."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from appliance.store import Store, conversations, people, site
from appliance.store.conversations import SegmentRecord
from appliance.store.sitemodel import Site
from tests.webui import seed
from tests.webui.browser import Browser, Page

SignIn = Callable[[str], Browser]
Box = dict[str, str]


@pytest.fixture
def past(store: Store, box: Box) -> list[str]:
    with store.change() as change:
        return seed.past(change, box["lan"], calls=70)


def listed(page: Page) -> int:
    return page.text.count('class="calls-begin"')


def test_without_calls_the_page_says_so(sign_in: SignIn) -> None:
    page = sign_in("lead").get("/calls")
    assert "No calls yet" in page.words


def test_paging_shows_each_call_once(sign_in: SignIn, past: list[str]) -> None:
    browser = sign_in("lead")
    path, seen, pages = "/calls", list[str](), 0
    while path:
        page = browser.get(path)
        seen += [line.split('href="/calls/')[1].split('"')[0] for line in page.text.split("<tr>")[2:]]
        older = page.text.partition('rel="next" href="')[2]
        path = older.partition('"')[0].replace("&amp;", "&")
        pages += 1
    assert pages == 3
    assert sorted(seen) == sorted(past)


def test_filters(sign_in: SignIn, store: Store, past: list[str]) -> None:
    browser = sign_in("lead")
    with store.read() as db:
        calls = [conversations.get(db, call) for call in past]
    for name, value, fits in (
        ("outcome", "abandoned", [call for call in calls if call.outcome == "abandoned"]),
        ("agent", "a2", [call for call in calls if call.agent_id == "a2"]),
        ("who", "0901 234", [call for call in calls if call.address == "+84901234567"]),
        ("who", "nguyen van an", [call for call in calls if call.address == "+84901234567"]),
        ("who", "عبد الرحمن", [call for call in calls if call.address == "+966501234567"]),
    ):
        assert fits
        query = urllib.parse.urlencode({name: value})
        assert listed(browser.get(f"/calls?{query}")) == min(30, len(fits)), (name, value)
    assert "No such calls" in browser.get("/calls?who=nobody").words
    assert "No such calls" in browser.get("/calls?day=2001-01-01").words


@pytest.mark.parametrize(
    "query",
    [
        "day=yesterday",
        "day=2026-99-99",
        "queue=';--",
        "agent=%00",
        "outcome=%22",
        "who=%25",
        "who=_",
        "before=x",
        "day=9999-12-30",
        "day=9999-12-31",
        "day=0001-01-01",
    ],
)
def test_whatever_is_asked_there_is_an_answer(sign_in: SignIn, past: list[str], query: str) -> None:
    assert sign_in("lead").get(f"/calls?{query}").status == 200


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("\0")
@example("\u0301")
@given(st.text('%_\\"^\0\u0301', min_size=1, max_size=4))
def test_signs_that_nobody_has_find_no_call(sign_in: SignIn, past: list[str], typed: str) -> None:
    page = sign_in("lead").get("/calls?" + urllib.parse.urlencode({"who": typed}))
    assert listed(page) == 0 and "No such calls" in page.words


def test_agents_see_their_own_calls(sign_in: SignIn, store: Store, past: list[str]) -> None:
    browser = sign_in("lan")
    with store.read() as db:
        calls = [conversations.get(db, call) for call in past]
    mine = [call for call in calls if call.agent_id == "a1"]
    other = next(call for call in calls if call.agent_id == "a2")
    assert listed(browser.get("/calls")) == min(30, len(mine))
    assert listed(browser.get("/calls?agent=a2")) == min(30, len(mine))
    assert browser.get(f"/calls/{mine[0].id}").status == 200
    page = browser.get(f"/calls/{other.id}")
    assert page.status == 403 and "another agent" in page.words
    assert browser.get(f"/calls/{other.id}/part").status == 403


def test_a_call_that_is_not_there(sign_in: SignIn) -> None:
    assert sign_in("lead").get("/calls/01ARZ3NDEKTSV4RRFFQ69G5FAV").status == 404


def test_one_call_in_full(sign_in: SignIn, store: Store, box: Box) -> None:
    with store.change() as change:
        record = seed.answered(
            1,
            "+84901234567",
            change.now - 900_000,
            wait_ms=45_000,
            talk_ms=120_000,
            hold_ms=25_000,
            agent="a1",
        )
        call = conversations.upsert_call(change, record)
        conversations.save_note(change, call, box["lan"], "wants <b>two</b>\nimplants")
        conversations.set_disposition(change, call, "solved", box["lan"])
        person = people.by_address(change.db, "phone", "+84901234567")
        assert person is not None
        people.rename(change, person.id, "<script>alert(1)</script>")
    page = sign_in("lead").get(f"/calls/{call}")
    for words in (
        "Answered",
        "Solved",
        "Waiting (answered)",
        "Ringing (not answered)",
        "On hold",
        "Talking",
        "Lan",
        "Reception",
    ):
        assert words in page.words
    for time in ("0:45", "0:20", "1:00", "0:25"):
        assert time in page.words
    assert "wants <b>two</b>" in page.words and "<b>two" not in page.text
    assert "<script>alert" not in page.text
    assert 'src="/recordings/' in page.text
    assert page.text.count("<rect") >= len(record.segments)


def test_an_anonymous_call_that_goes_on(sign_in: SignIn, store: Store, box: Box) -> None:
    with store.change() as change:
        record = seed.unanswered(1, "anonymous", change.now - 9000, wait_ms=5000)
        waiting = replace(record.segments[1], ended=None, outcome=None)
        record = replace(
            record, state="open", ended=None, outcome=None, segments=(record.segments[0], waiting)
        )
        call = conversations.upsert_call(change, record)
    page = sign_in("lead").get(f"/calls/{call}")
    assert "Unknown caller" in page.words and "Going on" in page.words
    assert f'data-since="{waiting.started}"' in page.text


def test_a_menu_says_what_was_pressed(sign_in: SignIn, store: Store) -> None:
    with store.change() as change:
        call = seed.answered(1, "+84901234567", change.now - 60_000, wait_ms=1000, talk_ms=1000)
        begin = call.started
        menu = SegmentRecord("menu", None, None, begin, begin + 1000, None, "f9", "t2")
        silent = replace(menu, started=begin + 1000, ended=begin + 2000, pressed="")
        segments = (*call.segments, menu, silent)
        shown = conversations.upsert_call(change, replace(call, segments=segments))
        conversations.upsert_call(change, replace(call, segments=(replace(menu, pressed="2"), silent)))
    words = sign_in("lead").get(f"/calls/{shown}").words
    assert "Menu (pressed 2)" in words and "Menu (pressed nothing that leads on)" in words and "f9" in words


def test_the_page_says_what_is_not_recorded(sign_in: SignIn, store: Store) -> None:
    """Of a call that was handed on to a queue that records nothing, and of one that goes on in such a one."""
    with store.change() as change:
        record = seed.answered(1, "+84901234567", change.now - 60_000, wait_ms=1000, talk_ms=1000)
        call = conversations.upsert_call(change, replace(record, is_part=True))
        other = seed.answered(2, "+84901234567", change.now - 60_000, wait_ms=1000, talk_ms=1000)
        whole = conversations.upsert_call(change, other)
        going_on = replace(other, call_uuid=seed.call_uuid(3), state="open", ended=None, recordings=())
        now = conversations.upsert_call(change, going_on)
    browser = sign_in("lead")
    assert "Not all of the call is in it" in browser.get(f"/calls/{call}").words
    assert "Not all of the call" not in browser.get(f"/calls/{whole}").words
    assert "It can be heard when the call is over." in browser.get(f"/calls/{now}").words
    with store.change() as change:
        number, known = site.head(change.db)
        document = known.to_dict()
        document["queues"] = [{**queue, "record": False} for queue in document["queues"]]
        site.save(change, Site.from_dict(document), "boss", "", number)
    words = browser.get(f"/calls/{now}").words
    assert "This call is not recorded." in words and "It can be heard" not in words
