"""Log files are turned over while calls go on: no row is lost, none counts twice, and the old files go."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import DeviceGone
from appliance.pbx.ami_session import Account, ActionSession
from appliance.pbx.conf.logger_conf import LEGS
from appliance.pbx.feed import Feed
from appliance.pbx.log_file import files_of
from appliance.pbx.log_rotation import FILES, Limits, LogRotation
from appliance.pbx.rows import CEL, NO_CALL, QUEUE_LOG, parse_cel, parse_queue_log
from appliance.store import Store, feeds
from appliance.store.text import to_json
from tests.asterisk.leg import Leg
from tests.pbx.box import GREETING_S, NUMBER, Box
from tests.until import until


class Nobody(ActionSession):
    """Asterisk is not there."""

    def ami(self) -> Any:
        raise DeviceGone("Asterisk is gone.")


@pytest.fixture
def nobody(tmp_path: Path) -> ActionSession:
    return Nobody(Account(1, "ami-actions", tmp_path / "none"))


def read_to_the_end(store: Store, source: str, path: Path) -> None:
    status = path.stat()
    with store.change() as change:
        feeds.advance(change, source, status.st_ino, status.st_size)


def age(path: Path, seconds: float) -> None:
    """Makes a file of this many seconds ago; what counts is when it was renamed, which nobody can set."""
    at = time.time() - seconds
    os.utime(path, (at, at))


def test_only_what_is_read_and_large_is_turned_over(
    store: Store, tmp_path: Path, nobody: ActionSession
) -> None:
    logs = LogRotation(store, tmp_path, nobody, Limits(size_bytes=100, pause_s=0))
    path = tmp_path / "cel.jsonl"
    logs.turn_call_events()
    path.write_text("")
    logs.turn_call_events()
    (tmp_path / "cel.jsonl.1").write_text("x")
    path.write_text("x" * 99)
    read_to_the_end(store, CEL, path)
    logs.turn_call_events()
    assert path.exists()
    path.write_text("x" * 100_000)
    logs.turn_call_events()
    assert path.exists(), "much of it was not read"
    read_to_the_end(store, CEL, path)
    logs.turn_call_events()
    assert path.stat().st_size == 0
    assert len(files_of(path)) == 3
    logs.turn_call_events()
    assert len(files_of(path)) == 3, "there is nothing in the new one"


def test_asterisk_writes_messages_before_the_first_row_of_a_queue(
    store: Store, tmp_path: Path, nobody: ActionSession
) -> None:
    (tmp_path / "messages").write_text("Asterisk started.\n")
    LogRotation(store, tmp_path, nobody).tidy(threading.Event())
    assert (tmp_path / "messages").exists()


def test_what_is_old_is_turned_over(store: Store, tmp_path: Path, nobody: ActionSession) -> None:
    path = tmp_path / "cel.jsonl"
    (tmp_path / "cel.jsonl.1").write_text("x")
    path.write_text("x")
    read_to_the_end(store, CEL, path)
    LogRotation(store, tmp_path, nobody, Limits(age_s=3600, pause_s=0)).turn_call_events()
    assert path.exists()
    until(lambda: time.time() - (tmp_path / "cel.jsonl.1").stat().st_ctime > 0.05, 2, "some time")
    LogRotation(store, tmp_path, nobody, Limits(age_s=0.05, pause_s=3600)).turn_call_events()
    assert path.exists(), "the last time was just now"
    LogRotation(store, tmp_path, nobody, Limits(age_s=0.05, pause_s=0)).turn_call_events()
    assert path.stat().st_size == 0


def test_no_file_that_is_unread_is_deleted(store: Store, tmp_path: Path, nobody: ActionSession) -> None:
    logs = LogRotation(store, tmp_path, nobody, Limits(kept=1))
    names = [f"{name}{end}" for name in (*FILES.values(), "messages", LEGS) for end in (".1", ".2", ".3", "")]
    for seconds, name in zip(range(len(names), 0, -1), names, strict=True):
        (tmp_path / name).write_text(name)
        age(tmp_path / name, seconds)

    def left(name: str) -> list[str]:
        return [path.name.removeprefix(name) for path, _ in files_of(tmp_path / name)]

    logs.delete_old()
    assert left("messages") == left(LEGS) == [".3", ""]
    # Nothing was ever read, or the file that was is gone: nobody knows what was read.
    assert left("cel.jsonl") == left("queue_log") == [".1", ".2", ".3", ""]
    read_to_the_end(store, CEL, tmp_path / "cel.jsonl.2")
    read_to_the_end(store, QUEUE_LOG, tmp_path / "queue_log")
    logs.delete_old()
    assert left("cel.jsonl") == [".2", ".3", ""]
    assert left("queue_log") == [".3", ""]


def test_asterisk_gone_is_said(store: Store, tmp_path: Path, nobody: ActionSession) -> None:
    for name in FILES.values():
        (tmp_path / name).write_text("x" * 100)
    read_to_the_end(store, CEL, tmp_path / "cel.jsonl")
    read_to_the_end(store, QUEUE_LOG, tmp_path / "queue_log")
    logs = LogRotation(store, tmp_path, nobody, Limits(size_bytes=100))
    with pytest.raises(DeviceGone):
        logs.tidy(threading.Event())


ENOUGH_FILES = 4


class Witness:
    """Keeps every log file that ever was, under a second name, so that its rows can be counted at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept = folder.parent / "witness"
        self.kept.mkdir()

    def look(self) -> None:
        for name in FILES.values():
            for path, inode in files_of(self.folder / name):
                copy = self.kept / f"{name}-{inode}"
                if not copy.exists():
                    copy.hardlink_to(path)

    def files(self) -> int:
        """How many there were of that log which was turned over less often."""
        return min(len(list(self.kept.glob(f"{name}-*"))) for name in FILES.values())

    def rows(self, name: str, parse: Callable[[str], Any]) -> Counter[tuple[str, int, str]]:
        self.look()
        lines = [line for path in self.kept.glob(f"{name}-*") for line in path.read_text().splitlines()]
        rows = [row for line in lines if (row := parse(line)) is not None and row.linkedid != NO_CALL]
        return Counter((row.linkedid, row.at, to_json(row.row)) for row in rows)


@pytest.fixture
def box() -> Iterator[Box]:
    with tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as folder, Box(Path(folder)) as box:
        yield box


@pytest.mark.asterisk
@pytest.mark.slow
def test_calls_go_on_while_logs_are_turned_over_and_the_reader_is_killed(box: Box) -> None:
    settings = box.settings
    session = ActionSession(Account(settings.ami_port, "ami-actions", settings.secrets / "ami-actions"))
    logs = LogRotation(box.store, settings.ast_log, session, Limits(size_bytes=200, pause_s=1.0, kept=1))
    witness, over = Witness(settings.ast_log), threading.Event()
    made: list[Leg] = []

    def calls() -> None:
        with box.desk("a1") as desk, box.outside() as outside:
            desk.register()
            box.asterisk.cli("queue add member PJSIP/a1d to q1")
            while not over.is_set():
                legs = [outside.call(NUMBER) for _ in range(4)]
                over.wait(GREETING_S + 0.4)
                for leg in legs:
                    leg.wait_answer().hang_up()
                made.extend(legs)

    def new_feed() -> Feed:
        return Feed(box.store, settings.ast_log / "cel.jsonl", settings.ast_log / "queue_log")

    caller = threading.Thread(target=calls)
    caller.start()
    feed = new_feed()
    try:
        began = time.monotonic()
        # So long, and on a busy machine until there is something to see.
        while (lasted_s := time.monotonic() - began) < 12 or (
            witness.files() < ENOUGH_FILES and lasted_s < 72
        ):
            for step in logs.steps:
                until_read(feed, 0.3)
                witness.look()
                step()
                witness.look()
                # Killed here, whatever it had read and not committed; the next one begins with the store.
                feed = new_feed()
            # Time enough to go on to the next file, which it does not do at once.
            until_read(feed, 1.3)
    finally:
        over.set()
        caller.join()
    until_read(feed, 3.0)
    session.close()
    assert len(made) > 10
    assert witness.files() >= ENOUGH_FILES, "turned over too seldom"
    for name in FILES.values():
        assert len(files_of(settings.ast_log / name)) <= 3, "old files pile up"

    def has_every_row_once() -> bool:
        until_read(feed, 0.2)
        for source, parse in ((CEL, parse_cel), (QUEUE_LOG, parse_queue_log)):
            assert stored(box.store, source) == witness.rows(FILES[source], parse)
        return True

    until(has_every_row_once, 10, "the store to have every row once")
    assert len(box.calls()) == len(made)


def stored(store: Store, source: str) -> Counter[tuple[str, int, str]]:
    """The rows of this file that the store has."""
    with store.read() as db:
        rows = db.execute(
            "SELECT linkedid, at, row FROM pbx_event WHERE source = ? AND linkedid <> ?", (source, NO_CALL)
        )
        return Counter(tuple(row) for row in rows)


def until_read(feed: Feed, seconds: float) -> None:
    """Reads for so long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not feed.step():
            time.sleep(0.02)
