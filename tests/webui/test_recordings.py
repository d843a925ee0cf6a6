"""Recordings: who may listen, that it is written down, parts, and that no path leads out of the folder."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appliance.settings import Settings
from appliance.store import Store, audit, conversations
from tests.webui import seed
from tests.webui.browser import Browser

SignIn = Callable[[str], Browser]
Box = dict[str, str]
SOUND = b"RIFF" + bytes(range(256)) * 40


@pytest.fixture
def recording(store: Store, settings: Settings, box: Box) -> str:
    """A recorded call of agent a1, as the id of its recording."""
    with store.change() as change:
        record = seed.answered(1, "+84901234567", change.now - 60_000, wait_ms=2000, talk_ms=9000, agent="a1")
        call = conversations.upsert_call(change, record)
        message = next(item for item in conversations.messages(change.db, call) if item.kind == "recording")
    path = settings.recordings / str(message.path)
    path.parent.mkdir(parents=True)
    path.write_bytes(SOUND)
    return message.id


def listeners(store: Store) -> list[str]:
    with store.read() as db:
        return [entry.who for entry in audit.recent(db, 50) if entry.action == "recording.listen"]


def test_the_whole_file(sign_in: SignIn, recording: str) -> None:
    page = sign_in("lead").get(f"/recordings/{recording}")
    assert (page.status, page.body) == (200, SOUND)
    assert page.header("Content-Type").startswith("audio/")
    assert page.header("Cache-Control") == "private, no-cache"
    assert page.header("Accept-Ranges") == "bytes"


def test_a_part_of_it(sign_in: SignIn, recording: str) -> None:
    page = sign_in("lead").get(f"/recordings/{recording}", headers={"Range": "bytes=4-13"})
    assert (page.status, page.body) == (206, bytes(range(10)))
    assert page.header("Content-Range") == f"bytes 4-13/{len(SOUND)}"
    page = sign_in("lead").get(f"/recordings/{recording}", headers={"Range": f"bytes={len(SOUND)}-"})
    assert page.status == 416


def test_the_agent_of_the_call_may_listen_and_no_other(
    sign_in: SignIn, store: Store, box: Box, recording: str
) -> None:
    assert sign_in("lan").get(f"/recordings/{recording}").status == 200
    with store.change() as change:
        change.db.execute("UPDATE user SET agent_id = 'a2' WHERE id = ?", (box["lan"],))
    page = sign_in("lan").get(f"/recordings/{recording}")
    assert page.status == 403 and SOUND not in page.body


def test_what_the_browser_kept_plays_only_for_who_may_listen_still(
    sign_in: SignIn, store: Store, box: Box, recording: str
) -> None:
    browser = sign_in("lan")
    kept = {"If-None-Match": browser.get(f"/recordings/{recording}").header("ETag")}
    page = browser.get(f"/recordings/{recording}", headers=kept)
    assert (page.status, page.body) == (304, b"") and page.header("Cache-Control") == "private, no-cache"
    with store.change() as change:
        change.db.execute("UPDATE user SET agent_id = 'a2' WHERE id = ?", (box["lan"],))
    assert browser.get(f"/recordings/{recording}", headers=kept).status == 403
    browser.submit(browser.get("/people"), "/logout")
    assert browser.get(f"/recordings/{recording}", headers=kept, follow=False).status == 303


def test_signed_out_nobody_listens(app: object, recording: str) -> None:
    assert Browser(app).get(f"/recordings/{recording}", follow=False).status == 303  # type: ignore[arg-type]


def test_who_listened_is_written_down_once(sign_in: SignIn, store: Store, box: Box, recording: str) -> None:
    lead, lan = sign_in("lead"), sign_in("lan")
    for begin in (0, 100, 5000):
        lead.get(f"/recordings/{recording}", headers={"Range": f"bytes={begin}-"})
    assert listeners(store) == [box["lead"]]
    lan.get(f"/recordings/{recording}", headers={"Range": "bytes=44-"})  # not from the begin: still listening
    assert sorted(listeners(store)) == sorted([box["lead"], box["lan"]])


def test_a_file_that_is_gone_is_said_in_words(
    sign_in: SignIn, store: Store, settings: Settings, recording: str
) -> None:
    for path in settings.recordings.rglob("*.wav"):
        path.unlink()
    page = sign_in("lead").get(f"/recordings/{recording}")
    assert page.status == 404 and "recording of this call is missing" in page.words
    assert listeners(store) == []


@pytest.mark.parametrize(
    "path", ["../../secrets/session", "/etc/passwd", "2026/../../../foyer/foyer.db", "", ".", "2026/11/21"]
)
def test_no_path_leads_out(
    sign_in: SignIn, store: Store, settings: Settings, recording: str, path: str
) -> None:
    with store.change() as change:
        change.db.execute("UPDATE message SET path = ? WHERE id = ?", (path, recording))
    page = sign_in("lead").get(f"/recordings/{recording}")
    assert page.status == 404 and b"0123456789abcdef" not in page.body


def test_no_link_leads_out(sign_in: SignIn, store: Store, settings: Settings, recording: str) -> None:
    (settings.recordings / "out.wav").symlink_to(settings.secrets / "session")
    with store.change() as change:
        change.db.execute("UPDATE message SET path = 'out.wav' WHERE id = ?", (recording,))
    assert sign_in("lead").get(f"/recordings/{recording}").status == 404


def test_a_note_is_no_recording(sign_in: SignIn, store: Store, box: Box, recording: str) -> None:
    with store.change() as change:
        call = conversations.message(change.db, recording).conversation_id
        note = conversations.save_note(change, call, box["lan"], "hello")
    assert sign_in("lead").get(f"/recordings/{note}").status == 404
    assert sign_in("lead").get("/recordings/..%2f..%2fsecrets%2fsession").status == 404
