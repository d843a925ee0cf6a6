"""The trial of a call: the walk in words, for whatever is asked."""

from __future__ import annotations

import urllib.parse
from dataclasses import replace
from typing import Any

import pytest

from appliance.store import Store, live, people
from appliance.store import site as sites
from appliance.store.sitemodel import Site
from tests.store.test_flows import DOCUMENT
from tests.webui.conftest import SignIn

TRIAL = "/settings/trial"


@pytest.fixture
def with_flow(store: Store, box: dict[str, str]) -> None:
    """The box has a number that leads to a flow."""
    with store.change() as change:
        sites.save(
            change,
            Site.from_dict({**DOCUMENT, "language": "en"}),
            box["boss"],
            "",
            sites.head_number(change.db),
        )


@pytest.mark.usefixtures("with_flow")
@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("day=2026-11-22&time=08:00&keys=2", "1 Opening hours “Office” closed 2 Announcement “Hello”"),
        ("day=2026-11-22&time=08:00&keys=2", "Announcement “Hello” The call is hung up."),
        ("day=2026-11-23&time=08:00", "presses nothing that leads on The caller waits in the queue “Sales”."),
        (
            "day=2026-11-23&time=08:00&keys=7+2",
            "presses 2 3 Person: Hoa suppose that nobody answers The caller waits in the queue “Sales”.",
        ),
        ("day=2026-11-23&time=08:00&keys=*+-+101", "presses 101 The phones of Hoa ring."),
        ("day=2026-11-23&time=08:00&keys=۲", "Person: Hoa"),
    ],
)
def test_what_happens(sign_in: SignIn, asked: str, words: str) -> None:
    page = sign_in("boss").get(f"{TRIAL}?number=n1&{urllib.parse.quote(asked, safe='=&+*-:')}")
    assert words in page.words, page.words


@pytest.mark.usefixtures("with_flow")
def test_who_calls(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    with store.change() as change:
        blocked, other = (
            people.person_for(change, "phone", number) for number in ("+84901234567", "+84907654321")
        )
        people.set_blocked(change, blocked, True)
        people.describe(change, other, "", "vi")
    at = f"{TRIAL}?number=n1&day=2026-11-23&time=08:00&keys=101&caller="
    page = browser.get(f"{at}090%201234567")
    assert "Calls from this number are blocked: the caller hears the busy tone." in page.words
    assert "Opening hours “Office”" not in page.words and 'value="090 1234567"' in page.text
    # As any network writes it, in any digits.
    assert "blocked:" in browser.get(at + urllib.parse.quote("+84 ۹۰۱۲۳۴۵۶۷")).words
    words = browser.get(f"{at}0907654321").words
    assert "1 The caller is known to speak this language: Vietnamese." in words
    assert "2 Opening hours “Office”" in words
    words = browser.get(f"{at}0900000000").words
    assert "1 Opening hours “Office”" in words and "The caller is known" not in words
    assert "This is not a phone number." in browser.get(f"{at}anonymous").words


@pytest.mark.usefixtures("with_flow")
@pytest.mark.parametrize(
    ("row", "dialled", "on_the_way"),
    [
        (
            {"always": "0901234567"},
            "do not ring. Calls are forwarded to 0901234567 now.",
            "Calls are forwarded to 0901234567 now. (suppose that nobody answers)",
        ),
        (
            {"quiet": True},
            "do not ring. Does not want to be disturbed now.",
            "Does not want to be disturbed now. (suppose that nobody answers)",
        ),
        (
            {"quiet": True, "busy": "102"},
            "do not ring. Does not want to be disturbed now. Calls are forwarded to 102 now.",
            "Calls are forwarded to 102 now. (suppose that nobody answers)",
        ),
        (
            {"busy": "102", "unanswered": "103"},
            "of Hoa ring. Forwarded to 102 while on the phone. Forwarded to 103 when nobody has answered for",
            "when nobody has answered for 20 seconds. (suppose that nobody answers)",
        ),
    ],
)
def test_people_who_forward_or_are_not_to_be_disturbed(
    sign_in: SignIn, store: Store, row: dict[str, Any], dialled: str, on_the_way: str
) -> None:
    hoa = next(agent for agent in DOCUMENT["agents"] if agent["name"] == "Hoa")
    with store.change() as change:
        live.put(change, "divert", hoa["id"], row)
    browser = sign_in("boss")
    at = f"{TRIAL}?number=n1&day=2026-11-23&time=08:00&keys="
    assert dialled in browser.get(f"{at}101").words
    assert on_the_way in browser.get(f"{at}2").words


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("day=today", "This is not a day and a time."),
        ("day=9999-12-31&time=23:59", "This is not a day and a time."),
        ("day=0001-01-01&time=00:00", "This is not a day and a time."),
        ("time=25:00", "This is not a day and a time."),
        ("keys=2A", "Keys are the digits, * and #."),
        ("keys=%3Cscript%3E", "Keys are the digits, * and #."),
        ("number=n9", "Try a call"),
    ],
)
def test_what_makes_no_sense(sign_in: SignIn, asked: str, words: str) -> None:
    page = sign_in("boss").get(f"{TRIAL}?{asked}")
    assert page.status == 200 and words in page.words and "What happens 1" not in page.words
    assert "<script>alert" not in page.text and 'value="<' not in page.text


def test_a_number_that_leads_to_a_queue(sign_in: SignIn) -> None:
    words = sign_in("boss").get(TRIAL).words
    assert "The caller waits in the queue “Reception”. The caller comes in turn, without priority." in words


def test_who_comes_first_is_told(sign_in: SignIn, store: Store, box: dict[str, str]) -> None:
    with store.change() as change:
        person = people.person_for(change, "phone", "+84901234567")
        people.set_priority(change, person, "high")
        number, site = sites.head(change.db)
        numbers = [replace(one, priority="high") for one in site.numbers]
        sites.save(change, replace(site, numbers=tuple(numbers)), box["boss"], "", number)
    browser = sign_in("boss")
    words = browser.get(TRIAL).words
    assert "“Reception”. Calls to this number have high priority: the caller comes before others." in words
    words = browser.get(f"{TRIAL}?caller=0901234567").words
    assert "“Reception”. The caller has high priority, and comes before all others." in words


@pytest.mark.parametrize(
    ("supposed", "told"),
    [
        ("when_full", "suppose that it is full The caller may leave a number, and is called back."),
        ("when_empty", "suppose that nobody is on duty An apology, then the call ends"),
        ("when_late", "suppose that it takes too long The caller waits in the queue “Other”."),
        ("nonsense", "The caller waits in the queue “Busy”."),
    ],
)
def test_what_the_first_queue_does(
    sign_in: SignIn, store: Store, box: dict[str, str], supposed: str, told: str
) -> None:
    with store.change() as change:
        number, site = sites.head(change.db)
        busy = replace(
            site.queues[0], name="Busy", when_full="callback", when_empty="", when_late="q9", agents=()
        )
        other = replace(busy, id="q9", name="Other")
        sites.save(change, replace(site, queues=(busy, other)), box["boss"], "", number)
    words = sign_in("boss").get(f"{TRIAL}?queue={supposed}").words
    assert told in words, words
    assert ("1 Queue “Busy” suppose" in words) == (supposed != "nonsense")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (
            "0901234567",
            "The number 090 123 45 67 is called. Unless the calls or minutes of the day are used up",
        ),
        (
            "1900123456",
            "is not called; the caller hears so, and the call is hung up. This number costs extra",
        ),
        ("+442071838750", "and the call is hung up. Calls to this country are not allowed"),
        ("113", "The box does not know what a call to this number costs"),
    ],
)
def test_a_number_outside(
    sign_in: SignIn, store: Store, box: dict[str, str], number: str, words: str
) -> None:
    steps = [{"id": "t1", "kind": "outside", "number": number}]
    document = {**DOCUMENT, "language": "en", "flows": [{"id": "f1", "name": "Out", "steps": steps}]}
    with store.change() as change:
        sites.save(change, Site.from_dict(document), box["boss"], "", sites.head_number(change.db))
    assert words in sign_in("boss").get(TRIAL).words


def test_whom_a_caller_dials_may_take_messages(sign_in: SignIn, store: Store, box: dict[str, str]) -> None:
    agents = [{**agent, "takes_messages": True} for agent in DOCUMENT["agents"]]
    text = [{"language": "en", "text": "Dial."}]
    menu = {
        "id": "t1",
        "kind": "menu",
        "texts": text,
        "keys": [{"key": "*", "next": "t2"}],
        "otherwise": "t2",
    }
    steps = [{**menu, "dials_people": True}, {"id": "t2", "kind": "end"}]
    flows = [{"id": "f1", "name": "Dial", "steps": steps}]
    with store.change() as change:
        wanted = Site.from_dict({**DOCUMENT, "language": "en", "agents": agents, "flows": flows})
        sites.save(change, wanted, box["boss"], "", sites.head_number(change.db))
    words = sign_in("boss").get(f"{TRIAL}?keys={wanted.agents[0].extension}").words
    assert "ring. Who reaches nobody may leave a message." in words


def test_expensive_calls_that_are_stopped(sign_in: SignIn, store: Store, box: dict[str, str]) -> None:
    steps = [{"id": "t1", "kind": "outside", "number": "+442071838750"}]
    flows = [{"id": "f1", "name": "Out", "steps": steps}]
    document = {**DOCUMENT, "language": "en", "flows": flows, "outbound": {"countries": ["GB"]}}
    with store.change() as change:
        sites.save(change, Site.from_dict(document), box["boss"], "", sites.head_number(change.db))
        live.put(change, "guard", "outbound", {"since": 1})
    assert "hung up. Expensive calls are stopped now." in sign_in("boss").get(TRIAL).words


def test_a_holiday_is_closed_by_its_name(sign_in: SignIn, store: Store, box: dict[str, str]) -> None:
    schedules = [{**DOCUMENT["schedules"][0], "closes_on_holidays": True}]
    with store.change() as change:
        document = Site.from_dict({**DOCUMENT, "schedules": schedules, "language": "en"})
        sites.save(change, document, box["boss"], "", sites.head_number(change.db))
    words = sign_in("boss").get(f"{TRIAL}?day=2030-09-02&time=09:00").words
    assert "Opening hours “Office” closed (Quốc khánh)" in words
