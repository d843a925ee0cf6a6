"""What the checks say of a database that is damaged where they read."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.health.contact import contact
from appliance.health.facts import Contact
from appliance.settings import Settings
from appliance.store import DamagedError, Store, live, migrate
from tests.store.damage import damage_table

MALFORMED = "database disk image is malformed"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    migrate(tmp_path / "foyer.db")
    made = Store.open(tmp_path / "foyer.db")
    with made.change() as change:
        live.put(change, "agent", "a1", {"state": "idle"})
    return made


@pytest.mark.parametrize("thorough", [True, False])
@pytest.mark.parametrize("table", ["live", "revision"])
def test_damage_is_said_not_raised(store: Store, tmp_path: Path, table: str, thorough: bool) -> None:
    damage_table(store, table)
    found = contact(store, Settings(data=tmp_path), thorough=thorough)
    assert found == Contact(database_problem=MALFORMED)


def test_others_stop_at_it(store: Store) -> None:
    damage_table(store, "live")
    with pytest.raises(DamagedError, match=MALFORMED), store.read() as db:
        live.snapshot(db)
