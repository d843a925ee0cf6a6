"""Looking people up, their pages, their names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appliance.store import Store, audit, conversations, people
from tests.webui import seed
from tests.webui.browser import Browser

SignIn = Callable[[str], Browser]
Box = dict[str, str]


@pytest.fixture
def someone(store: Store, box: Box) -> str:
    with store.change() as change:
        seed.past(change, box["lan"], calls=60)
        return people.person_for(change, "phone", "+84901234567")


def test_nobody_yet(sign_in: SignIn) -> None:
    assert "Nobody here yet" in sign_in("lan").get("/people").words


def test_search(sign_in: SignIn, someone: str) -> None:
    browser = sign_in("lan")
    for text in ("nguyen van", "0901 234 567", "+84901234567", "NGUYỄN"):
        assert f"/people/{someone}" in browser.get(f"/people?q={text.replace('+', '%2B')}").text, text
    assert "Nobody found" in browser.get("/people?q=zzz").words


def test_a_person_with_every_kind_of_name(sign_in: SignIn, store: Store, someone: str) -> None:
    browser = sign_in("lan")
    for name in (seed.LONG_NAME, seed.ARABIC_NAME, "x" * 200, "<img src=x onerror=alert(1)>", "a & b"):
        with store.change() as change:
            people.rename(change, someone, name)
        page = browser.get(f"/people/{someone}")
        assert page.status == 200 and name in page.words
        assert "<img src=x" not in page.text


def test_the_timeline_has_pages(sign_in: SignIn, store: Store, someone: str) -> None:
    with store.change() as change:
        for number in range(45):
            record = seed.answered(
                500 + number, "+84901234567", change.now - number * seed.DAY, wait_ms=1000, talk_ms=9000
            )
            conversations.upsert_call(change, record)
    browser = sign_in("lead")
    with store.read() as db:
        whole = [entry.conversation.id for entry in people.timeline(db, someone, None, 500)]
    path, seen = f"/people/{someone}", list[str]()
    while path:
        text = browser.get(path).text
        seen += [part.split('"')[0] for part in text.split('<a href="/calls/')[1:]]
        path = text.split('rel="next" href="')[1].split('"')[0] if 'rel="next"' in text else ""
    assert seen == whole


def test_agents_read_what_was_but_open_only_their_own_calls(
    sign_in: SignIn, store: Store, someone: str
) -> None:
    with store.read() as db:
        entries = people.timeline(db, someone, None, 20)
    page = sign_in("lan").get(f"/people/{someone}")
    for entry in entries:
        is_mine = entry.conversation.agent_id == "a1"
        assert (f'href="/calls/{entry.conversation.id}"' in page.text) is is_mine
        assert all(
            message.body in page.text or not message.body
            for message in entry.messages
            if message.kind == "note"
        )


def test_rename(sign_in: SignIn, store: Store, box: Box, someone: str) -> None:
    browser = sign_in("lan")
    path = f"/people/{someone}"
    page = browser.submit(browser.get(path), path, name="  Anh Ba  ", language="vi")
    assert "Saved." in page.words and "Anh Ba" in page.words
    with store.read() as db:
        assert (people.get(db, someone).name, people.get(db, someone).language) == ("Anh Ba", "vi")
        assert next(entry.action for entry in audit.recent(db, 3)) == "person.change"


@pytest.mark.parametrize("name", ["x" * 201, "two\nlines", "bell\a"])
def test_a_name_that_is_none_is_refused_beside_its_field(
    sign_in: SignIn, store: Store, someone: str, name: str
) -> None:
    browser = sign_in("lan")
    path = f"/people/{someone}"
    page = browser.submit(browser.get(path), path, name=name, note="kept")
    assert page.status == 422 and "A name is one line" in page.words
    assert dict(page.form(path).fields)["note"] == "kept", "nothing typed is lost"
    with store.read() as db:
        assert people.get(db, someone).name == "Nguyễn Văn An"


def test_what_is_good_to_know(sign_in: SignIn, store: Store, someone: str) -> None:
    browser = sign_in("lan")
    path = f"/people/{someone}"
    browser.submit(browser.get(path), path, note="Deaf in one ear\nSpeak up")
    with store.read() as db:
        assert people.get(db, someone).note == "Deaf in one ear\nSpeak up"


def test_a_language_that_is_none_is_refused(sign_in: SignIn, store: Store, someone: str) -> None:
    browser, path = sign_in("lan"), f"/people/{someone}"
    assert browser.submit(browser.get(path), path, language="x;y").status == 422
    with store.read() as db:
        assert people.get(db, someone).language == ""


def test_a_language_of_three_letters_is_kept(sign_in: SignIn, store: Store, someone: str) -> None:
    with store.change() as change:
        people.describe(change, someone, "", "fil")
    browser, path = sign_in("lan"), f"/people/{someone}"
    page = browser.get(path)
    assert "Filipino" in page.words
    browser.submit(page, path, note="x")
    with store.read() as db:
        assert people.get(db, someone).language == "fil"


def test_two_who_describe_the_same_person(sign_in: SignIn, store: Store, someone: str) -> None:
    browser, path = sign_in("lan"), f"/people/{someone}"
    form = browser.get(path)
    with store.change() as change:
        people.describe(change, someone, "from somebody else")
    page = browser.submit(form, path, note="mine")
    assert page.status == 409 and "Somebody else has changed this meanwhile." in page.words
    assert dict(page.form(path).fields)["note"] == "mine"
    browser.submit(page, path)
    with store.read() as db:
        assert people.get(db, someone).note == "mine"


def test_merged_people_have_one_page(sign_in: SignIn, store: Store, someone: str) -> None:
    with store.change() as change:
        other = people.person_for(change, "phone", "+84912345678")
        people.merge(change, other, someone)
    page = sign_in("lan").get(f"/people/{other}")
    assert "Nguyễn Văn An" in page.words and "091 234 56 78" in page.words


def test_nobody_of_that_id(sign_in: SignIn) -> None:
    assert sign_in("lan").get("/people/nobody").status == 404
    assert sign_in("lan").get("/people/nobody/timeline").status == 404
