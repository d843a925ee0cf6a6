"""From one release's database to the next one's, and back."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from appliance.errors import SetupError
from appliance.store import Store, migrate, secrets
from appliance.store import site as sites
from appliance.store.migrations import STEPS, Step
from appliance.store.sitemodel import Site


def add_column(db: Database) -> None:
    db.execute("ALTER TABLE person ADD COLUMN title TEXT NOT NULL DEFAULT ''")


def fail(db: Database) -> None:
    db.execute("CREATE TABLE half (done INTEGER)")
    raise ZeroDivisionError


NEWER: tuple[tuple[str, Step], ...] = (*STEPS, ("900_title", add_column))


def snapshots(path: Path) -> list[Path]:
    return sorted((path.parent / "snapshots").glob("*.db"))


def test_a_new_database_gets_every_step_and_no_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "foyer.db"
    assert migrate(path) == [name for name, _ in STEPS]
    assert migrate(path) == []
    assert snapshots(path) == []


def test_an_existing_database_is_copied_before_it_is_changed(path: Path) -> None:
    store = Store(path)
    with store.change() as change:
        change.db.execute("INSERT INTO person (id, created) VALUES ('p', 1)")
    store.close()
    assert migrate(path, NEWER) == ["900_title"]
    (snapshot,) = snapshots(path)
    copy = sqlite3.connect(snapshot)
    columns = [row[1] for row in copy.execute("PRAGMA table_info(person)")]
    assert copy.execute("SELECT id FROM person").fetchall() == [("p",)]
    assert "title" not in columns
    copy.close()


def test_the_previous_release_works_on_a_newer_database(path: Path) -> None:
    migrate(path, NEWER)
    assert migrate(path) == []
    store = Store(path)
    with store.change() as change:
        change.db.execute("INSERT INTO person (id, created) VALUES ('p', 1)")
    store.close()


def test_a_newer_release_refuses_a_database_that_was_not_migrated(tmp_path: Path) -> None:
    path = tmp_path / "foyer.db"
    migrate(path, STEPS[:0])
    with pytest.raises(SetupError, match="001_first_call"):
        Store(path)


def test_a_failing_step_changes_nothing(path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        migrate(path, (*NEWER, ("901_fail", fail)))
    db = Database(path)
    assert "half" not in db.table_names()
    assert "title" not in db.table("person").columns_dict
    db.close()
    assert migrate(path, NEWER) == ["900_title"]


def test_three_snapshots_are_kept(path: Path) -> None:
    steps = STEPS
    for number in range(5):

        def step(db: Database, number: int = number) -> None:
            db.execute(f"CREATE TABLE extra_{number} (id INTEGER)")

        steps = (*steps, (f"9{number:02}_extra", step))
        migrate(path, steps)
    kept = snapshots(path)
    assert len(kept) == 3
    last = sqlite3.connect(kept[-1])
    tables = [row[0] for row in last.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'extra%'")]
    last.close()
    assert len(tables) == 4


def test_pins_of_rooms_leave_the_revisions(tmp_path: Path) -> None:
    path = tmp_path / "foyer.db"
    before = next(at for at, (name, _) in enumerate(STEPS) if name == "011_room_pins")
    migrate(path, STEPS[:before])
    rooms = [{"id": "r1", "name": "A", "extension": "600", "pin": "1234"}]
    more = {"id": "r2", "name": "B", "extension": "601", "pin": ""}
    gone = {"id": "r3", "name": "C", "extension": "602", "pin": "9999"}
    db = sqlite3.connect(path)
    versions = ([*rooms, gone], [{**rooms[0], "pin": "5678"}, more])
    for number, found in enumerate(versions, 1):
        document = Site(country="VN").to_dict() | {"rooms": found}
        values = (number, json.dumps(document), "u", "", 1, number - 1)
        db.execute("INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?, NULL)", values)
    db.commit()
    db.close()
    migrate(path)
    store = Store(path)
    with store.read() as opened:
        kept = {name: secrets.get(opened, name) for name in ("room:r1", "room:r2", "room:r3")}
        assert kept == {"room:r1": "5678", "room:r2": None, "room:r3": None}
        assert [room.locked for room in sites.revision(opened, 1).rooms] == [True, True]
        assert [room.locked for room in sites.revision(opened, 2).rooms] == [True, False]
        texts = "".join(row[0] for row in opened.execute("SELECT site FROM revision"))
        assert not any(word in texts for word in ('"pin"', "1234", "5678", "9999"))
    store.close()
