"""Many processes and threads that write at once: each in its turn, nobody for ever."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from appliance.errors import TransientError
from appliance.store import Store, new_id
from tests.until import Stopwatch, until


def start_writer(path: Path, seconds: float, body_ms: float, pause_ms: float) -> subprocess.Popen[str]:
    arguments = [str(path), str(seconds), str(body_ms), str(pause_ms)]
    command = [sys.executable, "-m", "tests.store.writer", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_a_bulk_writer_starves_nobody(path: Path) -> None:
    bulk = start_writer(path, 3, 20, 0)
    others = [start_writer(path, 3, 0, 5) for _ in range(4)]
    waits = [sorted(json.loads(writer.communicate(timeout=60)[0])) for writer in (bulk, *others)]
    total = sum(map(len, waits))
    with_store = Store(path)
    with with_store.read() as db:
        assert db.table("person").count == total
        assert db.execute("SELECT max(id), count(*) FROM event").fetchone() == (total, total)
    with_store.close()
    for waited_ms in waits[1:]:
        # Everybody gets a turn after each turn of the bulk writer: two thirds of that, if the machine is
        # busy.
        assert len(waited_ms) > len(waits[0]) * 2 // 3
        # Two bulk turns (40 ms) and the others' own; 150 ms leaves room for a busy machine.
        assert waited_ms[int(len(waited_ms) * 0.95)] < 150


def test_threads_and_processes_lose_no_update(path: Path, store: Store) -> None:
    with store.change() as change:
        change.db.execute("INSERT INTO live (kind, id, data, updated) VALUES ('pbx', 'n', '0', 0)")

    def count_up() -> None:
        for _ in range(50):
            with store.change() as change:
                value = int(change.db.execute("SELECT data FROM live").fetchone()[0])
                change.db.execute("UPDATE live SET data = ?", (str(value + 1),))

    other = start_writer(path, 1, 0, 0)
    threads = [threading.Thread(target=count_up) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.communicate(timeout=60)
    with store.read() as db:
        assert db.execute("SELECT data FROM live").fetchone()[0] == "300"


def test_a_killed_writer_lets_go_and_leaves_nothing_half_done(path: Path, store: Store) -> None:
    writer = start_writer(path, 60, 200, 0)
    until(lambda: _count(store) > 0, 20, "the writer's first change")
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    before = _count(store)
    with store.change() as change:
        change.db.execute("INSERT INTO person (id, created) VALUES (?, 1)", (new_id(),))
    assert _count(store) == before + 1


def test_a_held_lock_times_out_and_is_free_again_later(path: Path) -> None:
    store = Store(path, lock_timeout_s=0.2)
    holder = os.open(path.with_name("foyer.db.lock"), os.O_RDWR)
    fcntl.flock(holder, fcntl.LOCK_EX)
    watch = Stopwatch()
    with pytest.raises(TransientError, match="busy"), store.change():
        pass
    assert watch.wall_s > 0.15 and watch.seconds < 2
    # Those who were given up must not keep the lock once they get it.
    with pytest.raises(TransientError, match="busy"), store.change():
        pass
    os.close(holder)
    until(lambda: _can_change(store), 5, "the lock to be free")
    store.close()


def test_a_thread_waits_no_longer_than_told_for_another(path: Path) -> None:
    store = Store(path, lock_timeout_s=0.2)
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with store.change():
            entered.set()
            leave.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    entered.wait(20)
    with pytest.raises(TransientError, match="busy"), store.change():
        pass
    leave.set()
    holder.join()
    assert _can_change(store)
    store.close()


def _count(store: Store) -> int:
    with store.read() as db:
        return db.table("person").count


def _can_change(store: Store) -> bool:
    try:
        with store.change():
            return True
    except TransientError:
        return False
