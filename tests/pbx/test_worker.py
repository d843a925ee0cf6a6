"""The thread that wakes the others: nothing that is committed while it starts is missed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import cast

from appliance.pbx.actions import Actions
from appliance.pbx.worker import Worker
from appliance.store import Store, migrate, people
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
