"""The inbox of messages that callers left: whose they are, who may hear them, and when one is done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.settings import Settings
from appliance.store import Store, audit, conversations, users, voicemails
from appliance.store.people_erasure import erase
from appliance.webui.app import Application
from tests.until import until
from tests.webui import real_browser, seed
from tests.webui.conftest import PASSWORD, SignIn
from tests.webui.real_browser import served
from tests.webui.test_events import signed_in, told

Box = dict[str, str]


def left(store: Store, settings: Settings, number: int, *, agent: str | None, queue: str | None) -> str:
    """A message, as history and the chore leave it; returns its id."""
    with store.change() as change:
        path = f"2026/11/22/{number:08}-0000-0000-0000-000000000000-m.wav"
        record = seed.answered(number, "+84901234567", change.now - 900_000, wait_ms=1, talk_ms=1, agent="a1")
        record = replace(
            record, outcome="message", answered=None, agent_id=agent, queue_id=queue, segments=()
        )
        record = replace(record, recordings=(), messages=((path, change.now - 30_000),))
        call = conversations.upsert_call(change, record)
        (message,) = conversations.messages(change.db, call)
        voicemails.keep(change, message.id, 4200)
    file = settings.recordings / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"RIFF" + bytes(60))
    return message.id


@pytest.fixture
def other(store: Store, box: Box) -> str:
    """An agent who is in no queue with such a message."""
    with store.change() as change:
        return users.create(change, "minh", "Minh", "agent", PASSWORD, agent_id="a2")


def test_who_sees_and_hears_what(sign_in: SignIn, store: Store, settings: Settings, other: str) -> None:
    own = left(store, settings, 1, agent="a1", queue=None)
    shared = left(store, settings, 2, agent=None, queue="q1")
    for login, sees, hears in (
        ("lan", {own, shared}, True),
        ("minh", {shared}, False),
        ("boss", {own, shared}, True),
    ):
        browser = sign_in(login)
        page = browser.get("/messages")
        assert {one for one in (own, shared) if f"/recordings/{one}" in page.text} == sees
        assert browser.get(f"/recordings/{shared}").status == 200
        assert (browser.get(f"/recordings/{own}").status == 200) == hears
    with store.read() as db:
        assert "recording.listen" in {entry.action for entry in audit.recent(db, 9)}


def test_one_is_done_and_open_again(sign_in: SignIn, store: Store, settings: Settings, other: str) -> None:
    own = left(store, settings, 1, agent="a1", queue=None)
    browser = sign_in("lan")
    page = browser.submit(browser.get("/messages"), f"/messages/{own}/done", button="1")
    assert "No messages wait." in page.words and "done by Lan" in page.words
    page = browser.submit(page, f"/messages/{own}/done")
    assert "No messages wait." not in page.words
    fields = [*browser.get("/account").form("/logout").fields]
    stranger = sign_in("minh")
    fields = [*stranger.get("/account").form("/logout").fields, ("done", "1")]
    assert stranger.post(f"/messages/{own}/done", fields).status == 403


def test_two_do_not_deal_with_the_same_one(
    sign_in: SignIn, store: Store, settings: Settings, other: str
) -> None:
    shared = left(store, settings, 2, agent=None, queue="q1")
    minh, lan = sign_in("minh"), sign_in("lan")
    opened = minh.get("/messages")
    lan.submit(lan.get("/messages"), f"/messages/{shared}/done", button="1")
    page = minh.submit(opened, f"/messages/{shared}/done", button="1")
    assert "Lan has already dealt with this message." in page.words and "done by Lan" in page.words


def test_the_agents_of_a_queue_hear_of_its_messages(
    app: Application, store: Store, settings: Settings, box: Box
) -> None:
    """Of one that comes in, and of one that a colleague has dealt with; of others' own ones they do not."""
    _, stream = signed_in(app, store, "lan")

    def heard() -> set[str]:
        app.hub.catch_up()
        return {name for name, _ in told(stream)}

    shared = left(store, settings, 2, agent=None, queue="q1")
    assert {"conversation", "message"} <= heard()
    with store.change() as change:
        voicemails.set_done(change, shared, box["boss"])
    assert heard() == {"message"}
    left(store, settings, 3, agent="a2", queue=None)
    assert not heard() & {"conversation", "message"}


def test_the_call_shows_it_and_erasing_the_person_takes_it(
    sign_in: SignIn, store: Store, settings: Settings, box: Box
) -> None:
    own = left(store, settings, 1, agent="a1", queue=None)
    with store.read() as db:
        call = conversations.get(db, conversations.message(db, own).conversation_id)
    page = sign_in("lan").get(f"/calls/{call.id}")
    assert "Left a message" in page.words and "The caller left this message." in page.words
    with store.change() as change:
        erase(change, str(call.person_id), box["boss"])
    with store.read() as db:
        assert voicemails.inbox(db, None, [], is_done=False, limit=9) == []
        assert db.execute("SELECT count(*) FROM doomed_file").fetchone()[0] == 1


def test_one_in_which_nobody_spoke_is_not_shown(
    sign_in: SignIn, store: Store, settings: Settings, box: Box
) -> None:
    own = left(store, settings, 1, agent="a1", queue=None)
    with store.change() as change:
        voicemails.drop(change, own)
    assert own not in sign_in("boss").get("/messages").text
    assert sign_in("boss").get(f"/recordings/{own}").status == 404


def test_every_page_says_how_many_wait(
    sign_in: SignIn, store: Store, settings: Settings, other: str, box: Box
) -> None:
    own = left(store, settings, 1, agent="a1", queue=None)
    left(store, settings, 2, agent=None, queue="q1")
    dropped = left(store, settings, 3, agent=None, queue="q1")
    with store.change() as change:
        voicemails.drop(change, dropped)
    for login, words in (
        ("lan", "2 messages wait"),
        ("minh", "1 message waits"),
        ("boss", "2 messages wait"),
    ):
        browser = sign_in(login)
        assert words in browser.get("/account").words and words in browser.get("/messages/count").words
    with store.change() as change:
        voicemails.set_done(change, own, box["lan"])
    assert "1 message waits" in sign_in("lan").get("/account").words


@pytest.mark.browser
def test_the_number_follows_what_happens_on_any_page(
    app: Application, store: Store, settings: Settings, box: Box, other: str, tmp_path: Path
) -> None:
    # To the agents of a queue, too, for whom it was left.
    with (
        served(app) as address,
        real_browser.signed_in(address, tmp_path / "browser", login="minh") as browser,
    ):
        browser.open("/account")
        browser.find(".rail .nav")
        assert not browser.has(".rail .count")
        message = left(store, settings, 1, agent=None, queue="q1")
        browser.sees("1", ".rail .count")
        with store.change() as change:
            voicemails.set_done(change, message, box["boss"])
        until(lambda: not browser.has(".rail .count"), 10, "the number to go")
