"""How long an event of Asterisk takes to all the browsers that listen."""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.bench.manager_port import joined, left, line_leg, listening
from tests.bench.pages import Pages, Streams
from tests.bench.result import Measure, percentile

STREAMS = 75
CALLERS = 120
EVERY_S = 0.1


def measure(folder: Path) -> Measure:
    """Each caller who begins to wait is an event; every stream has to tell of every caller."""
    chance = random.Random(1)
    delays: list[float] = []
    with (
        Pages(folder) as pages,
        listening(pages.store, folder) as asterisk,
        Streams(pages, pages.sessions(STREAMS)) as streams,
    ):
        for number in range(CALLERS):
            time.sleep(chance.uniform(0.5, 1.5) * EVERY_S)
            leg = line_leg(number)
            sent = time.perf_counter()
            asterisk.send(joined(leg))
            delays += [at - sent for at in streams.wait(leg.call)]
            asterisk.send(left(leg))
    return Measure(
        "first_call.event_p95_ms",
        round(percentile(delays, 0.95) * 1000, 1),
        "ms",
        150,
        "lower",
        f"{CALLERS} callers join a queue, some {1 / EVERY_S:g} a second: from the bytes on the manager port,"
        f" through listener, store and the pages' process, to each of {STREAMS} streams on its unix socket",
    )
