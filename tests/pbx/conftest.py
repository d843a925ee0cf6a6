"""A fresh store for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.store import Store, migrate


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An open, empty store."""
    path = tmp_path / "foyer.db"
    migrate(path)
    store = Store(path)
    yield store
    store.close()
