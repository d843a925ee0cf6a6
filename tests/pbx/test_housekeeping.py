"""What is old goes, what is not stays, and nobody waits long for it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.errors import TransientError
from appliance.pbx.housekeeping import Housekeeping
from appliance.pbx.recordings import HEADER_BYTES, SAFE_S, Recordings
from appliance.pbx.takes import KEPT_S, Takes
from appliance.store import Change, Store, audit, doomed_files, events, feeds, now_ms
from tests.until import until

WEEK_MS = 7 * 24 * 3600 * 1000


def test_old_rows_go_and_new_ones_stay(store: Store, tmp_path: Path) -> None:
    with store.change() as change:
        now = change.now
        feeds.add(change, "cel", [("1.1", now - WEEK_MS - 1000 - n, {}) for n in range(6000)])
        feeds.add(change, "cel", [("1.2", now - 1000, {"eventtype": "CHAN_START"})])
        for who in ("old", "new"):
            audit.record(change, who, "login")
        change.db.execute("UPDATE audit SET at = at - ? WHERE who = 'old'", (2 * 365 * 24 * 3600 * 1000 + 1,))
        change.event("live", "old")
        change.db.execute("UPDATE event SET at = ?", (now - WEEK_MS - 1000,))
        change.event("live", "new")
    Housekeeping(store).tidy(threading.Event(), lambda: None)
    with store.read() as db:
        assert feeds.of_call(db, "1.1") == []
        assert len(feeds.of_call(db, "1.2")) == 1
        assert [event.subject for event in events.since(db, 0)] == ["new"]
        assert [entry.who for entry in audit.recent(db)] == ["new"]


def test_a_wrap_up_that_was_forgotten_ends(store: Store, tmp_path: Path) -> None:
    with store.change() as change:
        change.db.execute(
            "INSERT INTO conversation (id, channel, external_id, origin, direction, state, outcome,"
            " started, answered, ended, updated)"
            " VALUES ('c', 'voice', 'u', '1.1', 'in', 'wrap_up', 'answered', 1, 2, ?, 3)",
            (now_ms() - 3_600_000,),
        )
    Housekeeping(store).tidy(threading.Event(), lambda: None)
    with store.read() as db:
        assert db.execute("SELECT state FROM conversation").fetchone() == ("closed",)


def test_what_was_spoken_for_prompts_goes_after_a_while(store: Store, tmp_path: Path) -> None:
    old, new = tmp_path / "old.wav", tmp_path / "new.wav"
    for file, age_s in ((old, KEPT_S + 5), (new, KEPT_S - 60)):
        file.write_bytes(b"RIFF")
        os.utime(file, (time.time() - age_s,) * 2)
    Housekeeping(store, Takes(tmp_path).tidy, Takes(tmp_path / "gone").tidy).tidy(
        threading.Event(), lambda: None
    )
    assert list(tmp_path.glob("*.wav")) == [new]


def test_the_log_of_the_database_is_emptied(store: Store) -> None:
    log = store.path.with_name(f"{store.path.name}-wal")
    with store.change() as change:
        audit.record(change, "boss", "login")
    assert log.stat().st_size > 0
    Housekeeping(store).tidy(threading.Event(), lambda: None)
    assert log.stat().st_size == 0


def test_doomed_recordings_go_once_and_for_all(store: Store, tmp_path: Path) -> None:
    """A crash may have left the row without its file, or the file without its folder's other ones."""
    recordings = tmp_path / "recordings"
    folder = recordings / "2026/11/22"
    folder.mkdir(parents=True)
    for name in ("one.wav", "kept.wav"):
        (folder / name).write_bytes(b"sound")
    outside = tmp_path / "precious"
    outside.write_bytes(b"not ours")
    with store.change() as change:
        paths = ("2026/11/22/one.wav", "2026/11/22/gone.wav", "2025/01/01/never.wav", "../precious")
        doomed_files.doom(change, paths)
        doomed_files.doom(change, paths[:1])
    Recordings(store, recordings).tidy(threading.Event())
    assert [path.name for path in folder.iterdir()] == ["kept.wav"]
    assert outside.exists()
    with store.read() as db:
        assert doomed_files.doomed(db) == []


def test_what_cannot_be_deleted_is_tried_again(store: Store, tmp_path: Path) -> None:
    stubborn = tmp_path / "one.wav"
    stubborn.mkdir()
    with store.change() as change:
        doomed_files.doom(change, ["one.wav", "two.wav"])
    (tmp_path / "two.wav").write_bytes(b"sound")
    recordings = Recordings(store, tmp_path)
    for _ in range(2):
        recordings.tidy(threading.Event())
        with store.read() as db:
            assert doomed_files.doomed(db) == ["one.wav"]
    stubborn.rmdir()
    recordings.tidy(threading.Event())
    with store.read() as db:
        assert doomed_files.doomed(db) == []
    assert list(tmp_path.glob("*.wav")) == []


def test_recordings_in_which_nobody_spoke_go(store: Store, tmp_path: Path) -> None:
    def file(name: str, age_s: float = SAFE_S + 60, size: int = HEADER_BYTES) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
        os.utime(path, (time.time() - age_s,) * 2)
        return path

    gone = file("2026/11/20/nobody.wav"), file("2026/11/21/unknown.wav")
    kept = (
        file("2026/11/20/young.wav", age_s=SAFE_S - 60),
        file("2026/11/20/sound.wav", size=HEADER_BYTES + 2),
        file("2026/11/20/open.wav"),
        file("2026/11/20/told.wav"),
        file("elsewhere/11/20/nobody.wav"),
    )
    with store.change() as change:
        for name, state in (("nobody", "closed"), ("open", "open"), ("told", "closed")):
            change.db.execute(
                "INSERT INTO conversation (id, channel, external_id, origin, direction, state, started,"
                " updated) VALUES (?, 'voice', ?, '1.1', 'in', ?, 1, 1)",
                (name, name, state),
            )
        change.db.execute(
            "INSERT INTO message (id, conversation_id, kind, path, created, updated, external_id)"
            " VALUES ('m', 'told', 'recording', '2026/11/20/told.wav', 1, 1, 'r')"
        )
    recordings = Recordings(store, tmp_path)
    recordings.tidy(threading.Event())
    assert [path.exists() for path in gone] == [False, False]
    assert all(path.exists() for path in kept)
    # A look at all the files is for once an hour.
    again = file("2026/11/20/nobody.wav")
    recordings.tidy(threading.Event())
    assert again.exists()


class FullStore(Store):
    """A store on a full disk."""

    tries = 0

    @contextmanager
    def change(self) -> Iterator[Change]:
        self.tries += 1
        raise TransientError("The disk is full.")
        yield


def test_a_full_disk_is_no_end(store: Store, tmp_path: Path) -> None:
    full = FullStore(store.path)
    stop = threading.Event()
    beats: list[float] = []
    thread = threading.Thread(
        target=Housekeeping(full).run, args=(stop, lambda: beats.append(time.monotonic()))
    )
    thread.start()
    until(lambda: full.tries, 5, "a try")
    until(lambda: len(beats) > 1, 5, "life after it")
    stop.set()
    thread.join(60)
    assert not thread.is_alive()
    full.close()
