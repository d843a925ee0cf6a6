"""The database on a full disk: the reserve is given up, and what was to be saved is saved, the first time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import space
from appliance.errors import TransientError
from appliance.store import Store, migrate, reserve
from tests.small_disk import SmallDisk, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "data", 200) as disk:
        yield disk


def write(store: Store, count: int) -> None:
    with store.change() as change:
        for n in range(count):
            change.event("live", f"{n}" + "x" * 1000)


def test_the_reserve_is_given_up_and_made_again(disk: SmallDisk) -> None:
    path = disk.path / "foyer.db"
    migrate(path)
    store = Store(path)
    assert reserve.make(path)
    assert not reserve.make(path), "once"
    kept = next(disk.path.glob("*.reserve"))
    assert kept.stat().st_size == disk.size // reserve.SHARE
    disk.fill(leave=0)
    write(store, 500)
    assert not kept.exists()
    with store.read() as db:
        assert db.execute("SELECT count(*) FROM event").fetchone() == (500,)
    assert not reserve.make(path), "there is no room yet"
    disk.clear()
    assert reserve.make(path)
    assert disk.free > space.resumes_above(disk.size)
    store.close()


def test_a_change_that_is_too_large_frees_it_for_the_next(disk: SmallDisk) -> None:
    path = disk.path / "foyer.db"
    migrate(path)
    store = Store(path)
    assert reserve.make(path)
    disk.fill(leave=reserve.NEEDED_BYTES + 100_000)
    with pytest.raises(TransientError, match="full"):
        write(store, 10_000)
    assert not list(disk.path.glob("*.reserve"))
    write(store, 500)
    with store.read() as db:
        assert db.execute("SELECT count(*) FROM event").fetchone() == (500,)
    store.close()
