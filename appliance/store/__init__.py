"""The SQLite store: the bus on which the processes meet. All writes go through Store.change()."""

from appliance.store.db import Change, DamagedError, Store, migrate
from appliance.store.ids import new_id, now_ms

__all__ = ["Change", "DamagedError", "Store", "migrate", "new_id", "now_ms"]
