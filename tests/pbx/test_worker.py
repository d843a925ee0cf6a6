"""The thread that wakes the others: nothing that is committed while it starts is missed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import cast

from appliance.pbx.actions import Actions, Result
from appliance.pbx.worker import Worker
from appliance.store import Store, migrate, people, requests
from appliance.store.requests import Request
from tests.until import until


def test_whoever_looked_before_it_began_looks_again(tmp_path: Path) -> None:
    migrate(tmp_path / "foyer.db")
    store = Store(tmp_path / "foyer.db")
    woken = [threading.Event() for _ in range(3)]
    worker = Worker(store, cast(Actions, None), *(one.set for one in woken))
    # The others have looked by now, and this process did not watch yet.
    with store.change() as change:
        people.person_for(change, "phone", "+84901111111")
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop, lambda: None))
    thread.start()
    try:
        for one in woken:
            until(one.is_set, 5, "everybody to be woken")
    finally:
        stop.set()
        thread.join()
        store.close()


class Slow:
    """Actions, of which "slow" ones are done when they are told to be."""

    def __init__(self) -> None:
        self.is_done = False

    def perform(self, request: Request) -> Result:
        return (lambda: self.is_done) if request.kind == "slow" else {"of": request.who}


def test_others_do_not_wait_for_what_takes_asterisk_a_while(tmp_path: Path) -> None:
    migrate(tmp_path / "foyer.db")
    store, slow, stop = Store(tmp_path / "foyer.db"), Slow(), threading.Event()
    worker = Worker(store, cast(Actions, slow), *(lambda: None,) * 3)
    thread = threading.Thread(target=worker.run, args=(stop, lambda: None))
    thread.start()

    def ask(kind: str, who: str) -> str:
        with store.change() as change:
            return requests.ask(change, "pbx", kind, {}, who, 60)

    try:
        first, own, other = ask("slow", "u1"), ask("quick", "u1"), ask("quick", "u2")
        assert requests.wait(store, other, 30).result == {"of": "u2"}
        with store.read() as db:
            assert [requests.get(db, one).state for one in (first, own)] == ["claimed", "waiting"]
        slow.is_done = True
        assert [requests.wait(store, one, 30).result for one in (first, own)] == [{}, {"of": "u1"}]
    finally:
        stop.set()
        thread.join()
        store.close()


def test_each_look_after_another_gives_a_sign_of_life(tmp_path: Path) -> None:
    migrate(tmp_path / "foyer.db")
    store, stop = Store(tmp_path / "foyer.db"), threading.Event()
    signs: list[str] = []

    class Hanging:
        """Actions that Asterisk is never done with."""

        def perform(self, _request: Request) -> Result:
            return self.is_done

        def is_done(self) -> bool:
            signs.append("look")
            return False

    worker = Worker(store, cast(Actions, Hanging()), *(lambda: None,) * 3)
    thread = threading.Thread(target=worker.run, args=(stop, lambda: signs.append("beat")))
    with store.change() as change:
        for who in ("u1", "u2"):
            requests.ask(change, "pbx", "slow", {}, who, 60)
    thread.start()
    try:
        until(lambda: signs.count("look") > 5, 30, "both to be looked after again and again")
    finally:
        stop.set()
        thread.join()
        store.close()
    assert "look look" not in " ".join(signs)
