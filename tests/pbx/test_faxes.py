"""Faxes without Asterisk: what is made of its files and of its words, whatever they are."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import TransientError
from appliance.pbx.fax_pdf import pages_of, pdf_of
from appliance.pbx.faxes import Faxes
from appliance.pbx.kept_files import reason_of
from appliance.store import Store, conversations, faxes, migrate, people_erasure
from appliance.store.faxes import FaxRecord
from appliance.store.records import Message
from tests.pbx_conf import fax_pages
from tests.webui import seed

UUID = "00000001-0000-0000-0000-000000000000"
PATH = f"2026/11/22/{UUID}-f.pdf"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty one."""
    migrate(tmp_path / "foyer.db")
    return Store.open(tmp_path / "foyer.db")


@pytest.fixture
def chore(store: Store, tmp_path: Path) -> Faxes:
    """With its two folders."""
    for name in ("received", "recordings"):
        (tmp_path / name).mkdir()
    return Faxes(store, tmp_path / "received", tmp_path / "recordings")


def coded(pages: int) -> bytes:
    """A fax of so many pages of eight white rows each (T.6: a one for each)."""
    out = bytearray(b"II*\0\0\0\0\0")
    link = 4
    for _ in range(pages):
        place = len(out)
        out += b"\xff\0" + fax_pages.DENSITY
        fax_pages.append(out, link, fax_pages.tags(fax_pages.WIDTH, 8, place, 1, place + 2, coding=4))
        link = len(out) - 4
    return bytes(out)


def came_in(store: Store, reason: str = "") -> Message:
    """A call that was a fax, as history leaves it."""
    with store.change() as change:
        at = change.now - 900_000
        record = seed.answered(1, "+84901234567", at, wait_ms=1, talk_ms=1, agent="a1")
        told = FaxRecord(PATH, at, reason)
        record = replace(record, answered=None, agent_id=None, queue_id="q1", segments=(), recordings=())
        call = conversations.upsert_call(
            change, replace(record, outcome="fax_failed" if reason else "fax", fax=told, channel="fax")
        )
        (message,) = conversations.messages(change.db, call)
    return message


def test_a_pdf_has_the_pages(tmp_path: Path) -> None:
    pages = pages_of(coded(3))
    assert [(page.columns, page.rows, page.k) for page in pages] == [(1728, 8, -1)] * 3
    # A sheet of A4 is 8.27 inches wide; fax machines scan 0.2 more.
    assert 8.4 < pages[0].width / 72 < 8.5
    file = tmp_path / "fax.pdf"
    file.write_bytes(pdf_of(pages))
    assert [picture.any() for picture in fax_pages.pictures(file)] == [False] * 3


@given(st.integers(0, 2000), st.binary(max_size=8))
def test_damaged_files_are_refused_or_cut(at: int, noise: bytes) -> None:
    whole = coded(2)
    damaged = whole[: at % len(whole)] + noise
    for content in (damaged, damaged + whole[len(damaged) :], noise):
        with contextlib.suppress(ValueError):
            assert pdf_of(pages_of(content)).startswith(b"%PDF")


def test_the_file_becomes_a_pdf_once(store: Store, chore: Faxes, tmp_path: Path) -> None:
    message = came_in(store)
    received = tmp_path / "received" / f"{UUID}.tif"
    received.write_bytes(coded(2))
    chore.tidy(threading.Event())
    with store.read() as db:
        kept = conversations.message(db, message.id)
        assert faxes.unseen(db) == []
    assert (kept.pages, kept.path) == (2, PATH)
    assert (tmp_path / "recordings" / PATH).read_bytes().startswith(b"%PDF") and not received.exists()


@pytest.mark.parametrize("content", [None, b"", b"no picture", coded(1)[:20]])
def test_of_what_is_no_fax_no_file_is_promised(
    store: Store, chore: Faxes, tmp_path: Path, content: bytes | None
) -> None:
    message = came_in(store, "dropped")
    if content is not None:
        (tmp_path / "received" / f"{UUID}.tif").write_bytes(content)
    chore.tidy(threading.Event())
    with store.read() as db:
        kept = conversations.message(db, message.id)
        assert faxes.inbox(db, None, [], is_done=False, limit=9) == [kept]
    assert (kept.pages, kept.path, kept.body) == (0, None, "dropped")
    assert not (tmp_path / "recordings" / PATH).exists()


def test_one_that_cannot_be_read_now_is_kept_for_later(store: Store, chore: Faxes, tmp_path: Path) -> None:
    message = came_in(store)
    received = tmp_path / "received" / f"{UUID}.tif"
    received.mkdir()
    with pytest.raises(TransientError, match=PATH):
        chore.tidy(threading.Event())
    received.rmdir()
    received.write_bytes(coded(2))
    chore.tidy(threading.Event())
    with store.read() as db:
        assert [one.pages for one in conversations.messages(db, message.conversation_id)] == [2]


def test_a_fax_of_an_erased_person_is_kept_nowhere(store: Store, chore: Faxes, tmp_path: Path) -> None:
    message = came_in(store)
    (tmp_path / "received" / f"{UUID}.tif").write_bytes(coded(1))
    with store.read() as db:
        person = conversations.get(db, message.conversation_id).person_id
    with store.change() as change:
        people_erasure.erase(change, str(person), "u1")
        # Just as the chore has made the PDF.
        assert not faxes.keep(change, message, 1)
    chore.tidy(threading.Event())
    with store.read() as db:
        assert faxes.inbox(db, None, [], is_done=False, limit=9) == []
        assert db.execute("SELECT path FROM doomed_file").fetchall() == [(PATH,)]


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("SUCCESS^2^^", ""),
        ("FAILED^0^^Timed out waiting for initial communication", "quiet"),
        ("FAILED^0^^The call dropped prematurely", "quiet"),
        ("FAILED^0^+4930123456^The call dropped prematurely", "dropped"),
        ("FAILED^1^^The call dropped prematurely", "dropped"),
        ("FAILED^0^123^Failed to train with any of the compatible modems", "line"),
        ("FAILED^0^123^Far end is not compatible", "machine"),
        ("FAILED^0^^TIFFF file cannot be opened", "full"),
        ("FAILED^0^^disk full", "full"),
        ("FAILED^1^^HANGUP", "dropped"),
        ("", "quiet"),
        ("^^^", "quiet"),
    ],
)
def test_why_a_fax_failed(told: str, reason: str) -> None:
    assert reason_of(told) == reason
    assert not reason or reason in faxes.REASONS
