"""Rows that foyer-pbx writes into queue_log: in order, also when Asterisk is away for a moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.pbx import marks as module
from appliance.pbx.ami_parser import Message, message_of
from appliance.pbx.ami_session import Account, ActionSession
from appliance.pbx.marks import Marks
from tests.pbx.fake_asterisk import FakeAsterisk
from tests.until import until


def hold(name: str, channel: str, stamp: str = "1795302612.123456") -> Message:
    """An event as Asterisk sends it."""
    return message_of(
        [("Event", name), ("Channel", channel), ("Linkedid", "foyer-1.1"), ("Timestamp", stamp)]
    )


@pytest.fixture
def account(tmp_path: Path) -> Iterator[tuple[FakeAsterisk, Account]]:
    """A far end, not answering yet, and the account there."""
    (tmp_path / "secret").write_text("x")
    fake = FakeAsterisk()
    yield fake, Account(fake.port, "ami-actions", tmp_path / "secret")


def written(fake: FakeAsterisk) -> list[str]:
    """The rows that were asked for."""
    rows = [action for action in fake.actions if action["Action"] == ["QueueLog"]]
    return [" ".join(row[name][0] for name in ("Event", "Uniqueid", "Interface", "Message")) for row in rows]


def test_rows_wait_for_asterisk_and_keep_their_order(account: tuple[FakeAsterisk, Account]) -> None:
    fake, where = account
    session = ActionSession(where)
    marks, stop = Marks(session), threading.Event()
    marks.resume(1_795_302_000_000)
    marks.hold(hold("Hold", "PJSIP/a1d-00000001"))
    # A customer who puts us on hold is not on hold.
    marks.hold(hold("Hold", "PJSIP/l1-00000002"))
    marks.hold(hold("Unhold", "PJSIP/a1d-00000001", "1795302613.5"))
    thread = threading.Thread(target=marks.run, args=(stop, lambda: None))
    thread.start()
    with fake:
        until(lambda: len(written(fake)) == 3, 10, "three rows")
        stop.set()
        thread.join(60)
        session.close()
    assert written(fake) == [
        "FOYERRESUME NONE NONE 1795302000000",
        "HOLD foyer-1.1 PJSIP/a1d 1795302612.123456",
        "UNHOLD foyer-1.1 PJSIP/a1d 1795302613.5",
    ]


def test_a_row_that_cannot_be_written_for_long_is_given_up(
    account: tuple[FakeAsterisk, Account], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "TRIED_FOR_S", 0.1)
    monkeypatch.setattr(module, "RETRY_S", 0.05)
    monkeypatch.setattr("appliance.pbx.ami.CONNECT_TIMEOUT_S", 0.05)
    fake, where = account
    session = ActionSession(where)
    marks, stop = Marks(session), threading.Event()
    marks.hold(hold("Hold", "PJSIP/a1-00000001"))
    thread = threading.Thread(target=marks.run, args=(stop, lambda: None))
    thread.start()
    until(marks._waiting.empty, 5, "the first row taken")
    monkeypatch.setattr(module, "TRIED_FOR_S", 30.0)
    until(lambda: "HOLD was not logged" in caplog.text, 5, "the first row to be given up")
    marks.hold(hold("Unhold", "PJSIP/a1-00000001"))
    with fake:
        until(lambda: written(fake), 10, "the second row")
        stop.set()
        thread.join(60)
        session.close()
    assert [row.split()[0] for row in written(fake)] == ["UNHOLD"]


def test_too_many_rows_do_not_fill_the_memory(account: tuple[FakeAsterisk, Account]) -> None:
    marks = Marks(ActionSession(account[1]))
    for _ in range(module.KEPT + 10):
        marks.hold(hold("Hold", "PJSIP/a1-00000001"))
    assert marks._waiting.qsize() == module.KEPT
