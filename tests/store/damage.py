"""Damages a database as a dying disk does, for tests of who has to say so."""

from __future__ import annotations

from appliance.store import Store


def damage_table(store: Store, table: str) -> None:
    """Overwrites the first page of a table in the file; this thread's next read finds it."""
    with store.read() as db:
        page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
        size = db.execute("PRAGMA page_size").fetchone()[0]
    assert store.empty_log()
    store.release()
    with store.path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xaa" * size)
