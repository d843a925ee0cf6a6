"""A process that writes for a while, for the tests of fairness: prints how long each change took to get
through, in ms.

Usage: python3 -m tests.store.writer DATABASE SECONDS BODY_MS PAUSE_MS
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from appliance.store import Store, new_id
from tests.until import Stopwatch


def main(path: str, seconds: str, body_ms: str, pause_ms: str) -> None:
    """Writes one person per change; the change's body takes `body_ms`, between changes it sleeps
    `pause_ms`.
    """
    store = Store(Path(path), long_body_s=60)
    waited_ms = []
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        watch = Stopwatch()
        with store.change() as change:
            waited_ms.append(watch.seconds * 1000)
            change.db.execute("INSERT INTO person (id, created) VALUES (?, ?)", (new_id(), change.now))
            change.event("person", "x")
            time.sleep(float(body_ms) / 1000)
        time.sleep(float(pause_ms) / 1000)
    print(json.dumps(waited_ms))


if __name__ == "__main__":
    main(*sys.argv[1:])
