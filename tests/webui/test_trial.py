"""The trial of a call: the walk in words, for whatever is asked."""

from __future__ import annotations

import urllib.parse

import pytest

from appliance.store import Store, live
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


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("day=today", "This is not a day and a time."),
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
    assert "The caller waits in the queue “Reception”." in words


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
