"""A fresh database for each test, and one small site to put into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.store import Store, migrate
from appliance.store.sitemodel import Site


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a migrated database is."""
    path = tmp_path / "foyer.db"
    migrate(path)
    return path


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """An open, empty store."""
    store = Store(path)
    yield store
    store.close()


@pytest.fixture
def small_site() -> Site:
    """One queue, two agents, one line with its number."""
    return Site.from_dict(
        {
            "business_name": "Phở Hòa",
            "queues": [{"id": "q1", "name": "Đặt bàn", "agents": ["a1", "a2"]}],
            "agents": [
                {"id": "a1", "name": "Lan", "extension": "101"},
                {"id": "a2", "name": "Minh", "extension": "102"},
            ],
            "lines": [{"id": "l1", "kind": "sip", "name": "Viettel", "host": "sip.example.net"}],
            "numbers": [{"id": "n1", "number": "028 3822 1234", "line_id": "l1", "queue_id": "q1"}],
            "dispositions": [{"code": "booked", "name": "Đã đặt"}],
            "breaks": [{"code": "lunch", "name": "Ăn trưa"}],
        }
    )
