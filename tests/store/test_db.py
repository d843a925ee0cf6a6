"""Opening, changing and reading the database."""

from __future__ import annotations

import logging
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlite_utils import Database

from appliance.errors import RejectedError, SetupError, TransientError
from appliance.store import Store, events, migrate, new_id
from appliance.store.db import refuse_old_sqlite


def people_count(store: Store) -> int:
    with store.read() as db:
        return db.table("person").count


def add_person(store: Store) -> None:
    with store.change() as change:
        change.db.execute("INSERT INTO person (id, created) VALUES (?, ?)", (new_id(), change.now))


def test_a_change_commits_with_its_event(store: Store) -> None:
    with store.change() as change:
        change.db.execute("INSERT INTO person (id, created) VALUES ('p', ?)", (change.now,))
        change.event("person", "p", kind="new", nobody=None)
        assert people_count(store) == 0
    with store.read() as db:
        (event,) = events.since(db, 0)
    assert (event.kind, event.subject, event.ids, event.at) == ("person", "p", {"kind": "new"}, change.now)


def test_the_same_event_twice_in_a_change_is_one(store: Store) -> None:
    with store.change() as change:
        for _ in range(3):
            change.event("live", "q1", kind="queue")
        change.event("live", "q2", kind="queue")
    with store.change() as change:
        change.event("live", "q1", kind="queue")
    with store.read() as db:
        assert [event.subject for event in events.since(db, 0)] == ["q1", "q2", "q1"]


def test_an_exception_undoes_everything(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.change() as change:
        change.db.table("person").insert({"id": "p", "created": 1})
        change.event("person", "p")
        raise ZeroDivisionError
    with store.read() as db:
        assert db.table("person").count == 0
        assert events.latest_id(db) == 0
    add_person(store)
    assert people_count(store) == 1


def test_change_inside_change_is_refused(store: Store) -> None:
    with store.change(), pytest.raises(RuntimeError), store.change():
        pass
    add_person(store)


def test_nothing_is_written_outside_a_change(store: Store) -> None:
    with store.change() as change:
        kept = change.db
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        kept.execute("DELETE FROM person")
    with store.read() as db, pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("DELETE FROM person")


def test_one_read_is_of_one_moment(store: Store) -> None:
    with store.read() as db:
        assert db.table("person").count == 0
        writer = threading.Thread(target=add_person, args=(store,))
        writer.start()
        writer.join()
        assert db.table("person").count == 0
        with store.read() as inner:
            assert inner.table("person").count == 0
        assert db.table("person").count == 0
    assert people_count(store) == 1


def test_version_tells_of_commits(store: Store) -> None:
    before = store.version()
    assert store.version() == before
    add_person(store)
    after = store.version()
    assert after != before
    with pytest.raises(ZeroDivisionError), store.change():
        raise ZeroDivisionError
    assert store.version() == after


def test_a_threads_connection_ends_with_it(store: Store, path: Path) -> None:
    def descriptors() -> int:
        return sum(link.resolve() == path for link in Path("/proc/self/fd").iterdir())

    before = descriptors()
    during: list[int] = []

    def read() -> None:
        people_count(store)
        during.append(descriptors())

    for _ in range(5):
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    # SQLite keeps a closed connection's descriptor for the next one, since closing it would drop the
    # others' locks.
    assert during == [before + 1] * 5


def test_a_long_change_is_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(path, long_body_s=0.0)
    with caplog.at_level(logging.WARNING):
        add_person(store)
    assert "held everybody up" in caplog.text
    assert "add_person" in caplog.text
    store.close()


def test_an_old_sqlite_is_refused() -> None:
    with pytest.raises(SetupError, match=r"3\.51\.2"):
        refuse_old_sqlite((3, 51, 2))
    refuse_old_sqlite((3, 51, 3))


def test_a_missing_database_is_a_setup_error(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no database"):
        Store(tmp_path / "foyer.db")
    with pytest.raises(SetupError):
        migrate(tmp_path / "missing" / "foyer.db")


def test_what_is_no_database_is_a_setup_error(tmp_path: Path) -> None:
    (tmp_path / "foyer.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(SetupError):
        Store(tmp_path / "foyer.db")


def test_settings_that_keep_data_safe(store: Store) -> None:
    def pragma(db: Database, name: str) -> object:
        return db.execute(f"PRAGMA {name}").fetchone()[0]

    with store.change() as change:
        assert pragma(change.db, "synchronous") == 2  # FULL
        assert pragma(change.db, "journal_mode") == "wal"
        assert pragma(change.db, "foreign_keys") == 1


def test_a_full_database_loses_nothing(store: Store) -> None:
    add_person(store)
    with pytest.raises(TransientError, match="full"), store.change() as change:
        pages = change.db.execute("PRAGMA page_count").fetchone()[0]
        change.db.execute(f"PRAGMA max_page_count = {pages}")
        for _ in range(1000):
            change.db.execute(
                "INSERT INTO person (id, note, created) VALUES (?, ?, 1)", (new_id(), "x" * 500)
            )
    with store.change() as change:
        change.db.execute("PRAGMA max_page_count = 1073741823")
    add_person(store)
    assert people_count(store) == 2


def test_a_thread_can_let_go_of_its_connection(store: Store) -> None:
    add_person(store)
    with store.read() as db:
        store.release()  # not while it is in use
        assert db.table("person").count == 1
    store.release()
    store.release()
    assert people_count(store) == 1


def test_text_that_cannot_be_stored_is_refused(store: Store) -> None:
    with pytest.raises(RejectedError), store.change() as change:
        change.db.execute("INSERT INTO person (id, created) VALUES (?, 1)", ("\ud800",))
    with pytest.raises(RejectedError), store.read() as db:
        db.execute("SELECT ?", ("\ud800",))
    assert people_count(store) == 0
