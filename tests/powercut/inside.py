"""Runs inside a box that came up after a power cut, and prints what it finds, as JSON. Sent there as text by
after.py.
"""

import json
import sqlite3
from pathlib import Path

from appliance.settings import Settings
from appliance.store import Store, users
from appliance.store import site as sites

MAGIC = b"SQLite format 3\0"


def integrity(data: Path) -> dict[str, str]:
    """Every SQLite database below this folder, and what it says of itself."""
    found = {}
    for path in sorted(data.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                continue
        db = sqlite3.connect(path)
        found[str(path)] = ", ".join(str(row[0]) for row in db.execute("PRAGMA integrity_check"))
        db.close()
    return found


def main() -> None:
    settings = Settings.load()
    one_time = settings.secrets / "admin-otp"
    live = settings.config / "live"
    store = Store.open(settings.db)
    with store.read() as db:
        wanted = sites.desired(db)
        seen = {
            "events": [row[0] for row in db.execute("SELECT id FROM event")],
            "notes": dict(db.execute("SELECT id, note FROM person").fetchall()),
            "logins": [user.login for user in users.every(db)],
            "saved": sites.head_number(db),
            "wanted": wanted,
            "states": sorted({part.state for part in sites.apply_report(db, wanted)}),
        }
    seen["live"] = int(live.readlink().name.partition("-")[0])
    seen["otp"] = one_time.read_text().strip() if one_time.exists() else ""
    seen["integrity"] = integrity(settings.data)
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
