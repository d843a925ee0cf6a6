"""How many manager events a second the listener folds and commits."""

from __future__ import annotations

import statistics
import threading
import time
from pathlib import Path

from appliance.store import Store, migrate
from tests.bench.manager_port import joined, left, line_leg, listening, queue_call, waits
from tests.bench.result import Measure
from tests.until import until

ROUNDS = 5
CALLS = 1500
AT_ONCE = 20


def flood() -> list[bytes]:
    """Events of `CALLS` calls, `AT_ONCE` of them under way at any moment, one agent each."""
    calls = [queue_call(number, f"a{number % AT_ONCE + 1}") for number in range(CALLS)]
    return [
        event
        for first in range(0, CALLS, AT_ONCE)
        for step in zip(*calls[first : first + AT_ONCE], strict=True)
        for event in step
    ]


def measure(folder: Path) -> Measure:
    """From the first byte sent until the row of the last event is committed; the median of some rounds."""
    events = flood()
    data = b"".join(events)
    rates = []
    path = folder / "foyer.db"
    migrate(path)
    store = Store(path)
    with listening(store, folder) as asterisk:
        for number in range(CALLS, CALLS + ROUNDS):
            last = line_leg(number)
            began = time.perf_counter()
            sender = threading.Thread(target=asterisk.send, args=(data + joined(last),))
            sender.start()
            until(lambda call=last.call: waits(store, call), 60, "the last event's row", every_s=0.01)  # type: ignore[misc]
            rates.append((len(events) + 1) / (time.perf_counter() - began))
            sender.join()
            assert asterisk.connections == 1, "the listener lost the connection under the flood"
            asterisk.send(left(last))
    store.close()
    return Measure(
        "first_call.ami_events_per_s",
        round(statistics.median(rates)),
        "1/s",
        10_000,
        "higher",
        f"{len(events)} events of {CALLS} queue calls, {AT_ONCE} at a time, full fields, sent to the listener"
        f" as fast as it reads, until the last one's row is committed; median of {ROUNDS} rounds",
    )
