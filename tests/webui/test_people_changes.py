"""Priority, blocking, joining, separating and erasing: asked first, done once, in the journal, for the right
roles.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appliance.errors import NotFoundError
from appliance.store import Store, audit, conversations, live, people
from tests.webui import seed
from tests.webui.browser import Browser
from tests.webui.telephony import telephony
from tests.webui.test_pages import Tags

SignIn = Callable[[str], Browser]


@pytest.fixture
def someone(store: Store, box: dict[str, str]) -> str:
    with store.change() as change:
        seed.past(change, box["lan"], calls=60)
        # Calls of just now would keep the person from being erased.
        change.db.execute("UPDATE conversation SET ended = ended - 3600000, state = 'closed'")
        return people.person_for(change, "phone", "+84901234567")


@pytest.fixture
def twin(store: Store, someone: str) -> str:
    with store.change() as change:
        return people.person_for(change, "phone", "+84987000111", "An Nguyễn")


def actions(store: Store) -> list[str]:
    with store.read() as db:
        return [entry.action for entry in audit.recent(db, 10)]


def test_blocking_asks_first_and_is_told_everywhere(sign_in: SignIn, store: Store, someone: str) -> None:
    browser = sign_in("lead")
    page = browser.get(f"/people/{someone}")
    assert f"/people/{someone}/block" in page.text
    question = browser.get(f"/people/{someone}/block")
    assert "Block this person?" in question.words and "Nguyễn Văn An" in question.words
    page = browser.submit(question, "/block")
    assert "The calls are turned away from now on." in page.words and "Let them call again" in page.words
    assert "Blocked" in browser.get("/people?q=nguyen").words
    assert actions(store)[0] == "person.block"
    page = browser.submit(page, "/block")
    assert "They can call again." in page.words
    assert actions(store)[0] == "person.unblock"
    with store.read() as db:
        assert not people.get(db, someone).blocked


@pytest.mark.parametrize(
    "page", ["", "/block", "/erase", "/join", "/join?q=nguyen", "/join/{}", "/separate/{}"]
)
def test_sound_html(sign_in: SignIn, store: Store, someone: str, twin: str, page: str) -> None:
    if "separate" in page:
        with store.change() as change:
            people.merge(change, twin, someone)
    answer = sign_in("boss").get(f"/people/{someone}{page.format(twin)}")
    assert answer.status == 200
    tags = Tags()
    tags.feed(answer.text)
    assert tags.open == [] and tags.headings.count("h1") == 1
    assert sorted(tags.ids) == sorted(set(tags.ids))
    assert set(tags.pointers) <= set(tags.ids)


def test_priority(sign_in: SignIn, store: Store, someone: str) -> None:
    browser = sign_in("lead")
    page = browser.submit(browser.get(f"/people/{someone}"), "/priority", priority="high")
    assert "High priority" in page.words
    assert actions(store)[0] == "person.priority"
    page = browser.submit(page, "/priority", priority="royal")
    assert page.status == 400
    with store.read() as db:
        assert people.get(db, someone).priority == "high"


def test_agents_see_it_and_cannot_change_it(sign_in: SignIn, store: Store, someone: str) -> None:
    with store.change() as change:
        people.set_blocked(change, someone, True)
        people.set_priority(change, someone, "high")
    browser = sign_in("lan")
    page = browser.get(f"/people/{someone}")
    assert "Blocked" in page.words and "High priority" in page.words
    csrf = [pair for pair in page.form(f"/people/{someone}").fields if pair[0] == "csrf"]
    for path, login in (("block", "lan"), ("priority", "lan"), ("erase", "lan"), ("erase", "lead")):
        other = sign_in(login)
        csrf = [pair for pair in other.get("/account").form("/logout").fields if pair[0] == "csrf"]
        assert other.post(f"/people/{someone}/{path}", [*csrf, ("blocked", "0")]).status == 403
        assert f"/people/{someone}/{path}" not in other.get(f"/people/{someone}").text
    with store.read() as db:
        assert people.get(db, someone).blocked


def test_joining_shows_both_and_what_happens(sign_in: SignIn, store: Store, someone: str, twin: str) -> None:
    browser = sign_in("lan")
    found = browser.get(f"/people/{someone}/join?q=nguyen")
    assert f"/people/{someone}/join/{twin}" in found.text
    assert f"/people/{someone}/join/{someone}" not in found.text
    question = browser.get(f"/people/{someone}/join/{twin}")
    for words in ("Nguyễn Văn An", "An Nguyễn", "098 700 01 11", "Nothing is lost"):
        assert words in question.words
    page = browser.submit(question, f"/join/{twin}", stays=twin)
    assert "They are one person now." in page.words and page.path == f"/people/{twin}"
    assert "Also known as Nguyễn Văn An" in page.words
    with store.read() as db:
        assert people.get(db, someone).id == twin
    assert actions(store)[0] == "person.merge"
    assert f"/people/{twin}" in browser.get("/people?q=V%C4%83n").text, "found by the other name"
    assert browser.get(f"/people/{someone}/join/{twin}").status == 400


def test_separating_gives_back(sign_in: SignIn, store: Store, someone: str, twin: str) -> None:
    with store.change() as change:
        people.merge(change, twin, someone)
    browser = sign_in("lan")
    question = browser.get(f"/people/{someone}/separate/{twin}")
    assert "An Nguyễn" in question.words and "Becomes an entry of its own" in question.words
    page = browser.submit(question, f"/separate/{twin}")
    assert "They are two people again." in page.words
    with store.read() as db:
        assert people.get(db, twin).id == twin
    assert actions(store)[0] == "person.split"
    assert browser.get(f"/people/{someone}/separate/{twin}").status == 404


def test_a_stranger_is_not_joined_by_a_forged_form(
    sign_in: SignIn, store: Store, someone: str, twin: str
) -> None:
    browser = sign_in("lan")
    question = browser.get(f"/people/{someone}/join/{twin}")
    assert browser.submit(question, f"/join/{twin}", stays="somebody").status == 400
    with store.read() as db:
        assert people.get(db, twin).id == twin


def test_an_agent_unblocks_nobody_by_joining_or_separating(
    sign_in: SignIn, store: Store, someone: str, twin: str
) -> None:
    with store.change() as change:
        people.set_blocked(change, someone, True)
    agent, lead = sign_in("lan"), sign_in("lead")
    join, separate = f"/people/{someone}/join/{twin}", f"/people/{someone}/separate/{twin}"
    question = lead.get(join)
    fields = [pair for pair in agent.get("/account").form("/logout").fields if pair[0] == "csrf"]
    assert agent.get(join).status == 403
    assert agent.post(join, [*fields, ("stays", twin)]).status == 403
    assert lead.submit(question, f"/join/{twin}").status == 200
    assert agent.get(separate).status == 403
    assert agent.post(separate, fields).status == 403
    with store.read() as db:
        assert people.get(db, twin).blocked


def test_erasing_names_the_person_and_leaves_none(sign_in: SignIn, store: Store, someone: str) -> None:
    browser = sign_in("boss")
    with store.read() as db:
        (entry, *_) = people.timeline(db, someone)
    question = browser.get(f"/people/{someone}/erase")
    assert "Nguyễn Văn An" in question.words and "Erase this person for good?" in question.words
    with telephony(store, True, {"all": True}):
        page = browser.submit(question, "/erase")
    assert "The person is erased." in page.words
    assert "Nguyễn Văn An".encode() not in store.path.with_name(f"{store.path.name}-wal").read_bytes()
    with store.read() as db, pytest.raises(NotFoundError):
        people.get(db, someone)
    assert browser.get(f"/people/{someone}").status == 404
    assert "Nguyễn Văn An" not in browser.get("/people").words
    call = browser.get(f"/calls/{entry.conversation.id}")
    assert call.status == 200 and "Unknown caller" in call.words
    journal = browser.get("/audit").words
    assert "Erased a person" in journal and "Nguyễn" not in journal


def test_nobody_is_erased_in_a_call(sign_in: SignIn, store: Store, someone: str) -> None:
    with store.change() as change:
        change.db.execute(
            "UPDATE conversation SET ended = NULL, state = 'open' WHERE person_id = ?", (someone,)
        )
    browser = sign_in("boss")
    with telephony(store, True, {"all": True}):
        page = browser.submit(browser.get(f"/people/{someone}/erase"), "/erase")
    assert page.status == 409 and "on the phone" in page.words


@pytest.mark.parametrize("is_done", [True, False])
def test_nobody_is_erased_while_a_call_may_be_missing(
    sign_in: SignIn, store: Store, someone: str, is_done: bool
) -> None:
    """It would bring the number back, as somebody new."""
    browser = sign_in("boss")
    question = browser.get(f"/people/{someone}/erase")
    with telephony(store, is_done, {"all": False}) as asked:
        page = browser.submit(question, "/erase")
    assert page.status == 409 and "Nobody was erased. Try again in a minute." in page.words
    assert [request.kind for request in asked] == ["recorded"]
    with store.read() as db:
        assert people.get(db, someone).addresses
    # The very same form works a minute later.
    with telephony(store, True, {"all": True}):
        page = browser.submit(question, "/erase")
    assert "The person is erased." in page.words


def test_a_blocked_call_says_so(sign_in: SignIn, store: Store, someone: str) -> None:
    with store.change() as change:
        record = seed.answered(900, "+84901234567", change.now, wait_ms=0, talk_ms=0)
        values = {"outcome": "blocked", "answered": None, "segments": (), "recordings": (), "agent_id": None}
        call = conversations.upsert_call(change, type(record)(**{**vars(record), **values}))
        people.set_blocked(change, someone, True)
        people.describe(change, someone, "", "fr")
    page = sign_in("lead").get(f"/calls/{call}")
    for words in ("Turned away: blocked", "heard the busy tone", "French", "Blocked"):
        assert words in page.words
    assert "Turned away: blocked" in sign_in("lead").get("/calls?outcome=blocked").words


def test_the_desk_shows_who_comes_first(sign_in: SignIn, store: Store, someone: str) -> None:
    with store.change() as change:
        people.set_priority(change, someone, "high")
        people.describe(change, someone, "", "fr")
        row = {"browser": True, "desk": False, "queues": {}, "state": "ringing", "since": change.now}
        live.put(
            change, "agent", "a1", {**row, "call": seed.call_uuid(77), "queue": "q1", "number": "0901234567"}
        )
    page = sign_in("lan").get(f"/desk/call?call={seed.call_uuid(77)}")
    assert "High priority" in page.words and "French" in page.words


def test_the_live_page_says_why_somebody_waits_before_others(
    sign_in: SignIn, store: Store, someone: str
) -> None:
    browser = sign_in("lead")
    with store.change() as change:
        live.put(change, "pbx", "state", {"up": True, "since": change.now})
        row = {"queue": "q1", "position": 1, "since": change.now, "number": "0901234567", "name": ""}
        live.put(change, "caller", seed.call_uuid(78), row)
    assert "High priority" not in browser.get("/live").words
    with store.change() as change:
        people.set_priority(change, someone, "high")
    assert "Nguyễn Văn An 090 123 45 67 High priority" in browser.get("/live").words
