"""foyer-hw's thread: what it finds is in the store, without a restart, and at once when somebody asks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.hw import cards, watch
from appliance.store import Store, live, migrate, requests
from tests.hw.machines import Machine
from tests.until import until

CARD = ("0000:04:05.0", "d161:8005:d161:8005")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    path = tmp_path / "foyer.db"
    migrate(path)
    return Store.open(path)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine")


@pytest.fixture
def watching(store: Store, machine: Machine) -> Iterator[None]:
    looker = watch.Looker(cards.load(), machine.places, is_locked=False)
    stop = threading.Event()
    thread = threading.Thread(target=watch.Watch(store, looker.look).run, args=(stop, lambda: None))
    thread.start()
    yield
    stop.set()
    thread.join(60)
    assert not thread.is_alive()


def rows(store: Store, kind: str = "card") -> dict[str, dict[str, Any]]:
    with store.read() as db:
        return live.snapshot(db).rows[kind]


@pytest.mark.slow
@pytest.mark.usefixtures("watching")
def test_a_card_comes_and_goes_without_a_restart(store: Store, machine: Machine) -> None:
    until(lambda: rows(store, "dahdi") == {"state": {"built": True, "loaded": False}}, 10, "what is found")
    assert rows(store) == {}
    place = machine.pci(*CARD)
    until(lambda: [row["state"] for row in rows(store).values()] == ["waiting"], 10, "what is found")
    machine.load("dahdi", "wctdm24xxp")
    machine.bind(place, "wctdm24xxp")
    until(lambda: [row["state"] for row in rows(store).values()] == ["setup"], 10, "what is found")
    machine.remove("pci", CARD[0])
    until(lambda: rows(store) == {}, 10, "what is found")


def test_it_looks_when_asked(store: Store, machine: Machine) -> None:
    looker = watch.Looker(cards.load(), machine.places, is_locked=False)
    with store.change() as change:
        lost = requests.ask(change, watch.TARGET, "look", {}, "boss", 60.0)
        requests.claim(change, watch.TARGET)
    stop = threading.Event()
    thread = threading.Thread(target=watch.Watch(store, looker.look, 3600.0).run, args=(stop, lambda: None))
    thread.start()
    try:
        until(lambda: bool(rows(store, "dahdi")), 10, "what is found")
        machine.pci(*CARD)
        with store.change() as change:
            asked = requests.ask(change, watch.TARGET, "look", {}, "boss", 60.0)
            strange = requests.ask(change, watch.TARGET, "open", {}, "boss", 60.0)
        assert requests.wait(store, asked, 60).state == "done" and list(rows(store)) == [f"pci:{CARD[0]}"]
        assert requests.wait(store, strange, 60).result == {"error": watch.NOT_KNOWN}
        with store.read() as db:
            assert requests.get(db, lost).state == "failed"
    finally:
        stop.set()
        thread.join(60)


@pytest.mark.usefixtures("watching")
def test_what_stays_the_same_makes_no_news(store: Store, machine: Machine) -> None:
    machine.pci(*CARD)
    until(lambda: bool(rows(store)), 10, "what is found")
    with store.change() as change:
        asked = requests.ask(change, watch.TARGET, "look", {}, "boss", 60.0)
    requests.wait(store, asked, 60)
    with store.read() as db:
        kinds = db.execute("SELECT kind, count(*) FROM event WHERE kind = 'live' GROUP BY kind").fetchall()
    assert kinds == [("live", 2)]


def test_it_ends_where_there_is_nothing_to_watch(store: Store, machine: Machine) -> None:
    looker = watch.Looker(cards.load(), machine.places, is_locked=False)
    watch.Watch(store, looker.look, linger_s=0.3).run(threading.Event(), lambda: None)
    assert rows(store, "dahdi") == {"state": {"built": True, "loaded": False}}


@pytest.mark.parametrize("what", ["a card", "a driver that may get one"])
def test_it_stays_where_there_is_something(store: Store, machine: Machine, what: str) -> None:
    if what == "a card":
        machine.pci(*CARD)
    else:
        machine.load("dahdi")
    looker, stop, looks = watch.Looker(cards.load(), machine.places, is_locked=False), threading.Event(), 0

    def look() -> watch.Sight:
        nonlocal looks
        looks += 1
        if looks == 10:
            stop.set()
        return looker.look()

    watch.Watch(store, look, every_s=0.01, linger_s=0.3).run(stop, lambda: None)
    assert looks == 10
