"""The inbox of messages that callers left: whose they are, who may hear them, and when one is done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.settings import Settings
from appliance.store import Store, audit, conversations, users, voicemails
from appliance.store.people_erasure import erase
from tests.webui import seed
from tests.webui.conftest import PASSWORD, SignIn

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
