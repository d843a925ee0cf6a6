"""Faxes on the pages: whose they are, the PDF, why one failed, and numbers that are for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.settings import Settings
from appliance.store import Store, audit, conversations, faxes, users, voicemails
from appliance.store.faxes import FaxRecord
from appliance.store.people_erasure import erase
from appliance.webui.app import Application
from tests.webui import seed
from tests.webui.conftest import PASSWORD, SignIn
from tests.webui.test_events import signed_in, told
from tests.webui.test_settings import head, reviewed

Box = dict[str, str]


def came(
    store: Store,
    settings: Settings,
    number: int = 1,
    pages: int = 2,
    reason: str = "",
    queue: str | None = "q1",
) -> str:
    """A fax for a queue, as history and the chore leave it; returns its id."""
    path = f"2026/11/22/{number:08}-0000-0000-0000-000000000000-f.pdf"
    with store.change() as change:
        record = seed.answered(number, "+84901234567", change.now - 900_000, wait_ms=1, talk_ms=1, agent="a1")
        fax = FaxRecord(path, change.now - 30_000, reason)
        outcome = "fax_failed" if reason else "fax"
        record = replace(record, outcome=outcome, answered=None, agent_id=None, queue_id=queue, segments=())
        record = replace(record, recordings=(), fax=fax, channel="fax")
        call = conversations.upsert_call(change, record)
        (message,) = conversations.messages(change.db, call)
        faxes.keep(change, message, pages)
    if pages:
        file = settings.recordings / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"%PDF-1.4\n")
    return message.id


@pytest.fixture
def other(store: Store, box: Box) -> str:
    """An agent who is in the queue."""
    with store.change() as change:
        return users.create(change, "minh", "Minh", "agent", PASSWORD, agent_id="a2")


def test_who_sees_and_reads_what(sign_in: SignIn, store: Store, settings: Settings, other: str) -> None:
    shared = came(store, settings)
    nobodys = came(store, settings, 2, queue=None)
    for login, sees in (("minh", {shared}), ("lead", {shared, nobodys})):
        browser = sign_in(login)
        page = browser.get("/messages")
        assert {one for one in (shared, nobodys) if f"/recordings/{one}" in page.text} == sees
        assert "2 pages" in page.words
        for one in (shared, nobodys):
            answer = browser.get(f"/recordings/{one}")
            assert (answer.status == 200) == (one in sees)
            if one in sees:
                assert ("Content-Type", "application/pdf") in answer.headers
    assert "For supervisors" in page.words
    with store.read() as db:
        assert "fax.read" in {entry.action for entry in audit.recent(db, 9)}
    assert "Read a fax" in sign_in("boss").get("/audit").words


def test_one_is_done_and_open_again(sign_in: SignIn, store: Store, settings: Settings, other: str) -> None:
    shared = came(store, settings)
    browser = sign_in("minh")
    assert "1 message waits" in browser.get("/account").words
    page = browser.submit(browser.get("/messages"), f"/messages/{shared}/done", button="1")
    assert "No messages wait." in page.words and "done by Minh" in page.words
    page = browser.submit(page, f"/messages/{shared}/done")
    assert "No messages wait." not in page.words


def test_why_one_failed_is_said(sign_in: SignIn, store: Store, settings: Settings, box: Box) -> None:
    part = came(store, settings, 1, pages=1, reason="dropped")
    nothing = came(store, settings, 2, pages=0, reason="line")
    quiet = came(store, settings, 3, pages=0, reason="quiet")
    browser = sign_in("boss")
    page = browser.get("/messages")
    assert f"/recordings/{part}" in page.text and f"/recordings/{nothing}" not in page.text
    for words in (
        "Not all of the fax came. The other side hung up before the fax was over.",
        "No page of a fax came. The fax machine could not be understood",
    ):
        assert words in page.words
    # Nobody sent one.
    assert quiet not in page.text and "No fax machine was heard" not in page.words
    assert browser.get(f"/recordings/{nothing}").status == 404
    for one, words in ((part, "Fax failed"), (quiet, "No fax machine was heard.")):
        with store.read() as db:
            call = conversations.message(db, one).conversation_id
        page = browser.get(f"/calls/{call}")
        assert words in page.words and "Incoming fax" in page.words
        assert "This call was not recorded." not in page.words
    assert "Fax failed" in browser.get("/calls").words


def test_the_agents_of_the_queue_hear_of_it(
    app: Application, store: Store, settings: Settings, box: Box
) -> None:
    _, stream = signed_in(app, store, "lan")
    came(store, settings)
    app.hub.catch_up()
    assert {"conversation", "message"} <= {name for name, _ in told(stream)}


def test_erasing_the_person_takes_it(store: Store, settings: Settings, box: Box) -> None:
    shared = came(store, settings)
    with store.read() as db:
        call = conversations.get(db, conversations.message(db, shared).conversation_id)
    with store.change() as change:
        erase(change, str(call.person_id), box["boss"])
    with store.read() as db:
        assert faxes.inbox(db, None, [], is_done=False, limit=9) == []
        assert db.execute("SELECT count(*) FROM doomed_file").fetchone()[0] == 1


def test_a_message_is_no_fax(store: Store, settings: Settings, box: Box) -> None:
    """They share an inbox, and nothing else."""
    came(store, settings)
    with store.read() as db:
        assert voicemails.inbox(db, None, [], is_done=False, limit=9) == []
        assert voicemails.unseen(db) == []


def test_a_number_for_faxes(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("boss")
    page = reviewed(browser, "/settings/numbers/new", number="028 9999 0000", line_id="l1", leads_to="fax-q1")
    browser.submit(page, "/settings/numbers/new", button="save")
    number = head(store)[1].numbers[1]
    assert (number.queue_id, number.flow_id, number.is_fax) == ("q1", "", True)
    name = store_queue(store)
    assert f"Faxes for queue “{name}”" in browser.get("/settings").words
    told_of_call = browser.get(f"/settings/trial?number={number.id}").words
    assert f"waits among the messages of the queue “{name}”" in told_of_call
    page = reviewed(browser, f"/settings/numbers/{number.id}", leads_to="q1")
    browser.submit(page, f"/settings/numbers/{number.id}", button="save")
    assert not head(store)[1].numbers[1].is_fax


def store_queue(store: Store) -> str:
    """The name of the first queue."""
    return head(store)[1].queues[0].name
