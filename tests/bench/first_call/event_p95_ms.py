"""How long an event of Asterisk takes to all the browsers that listen."""

from __future__ import annotations

import random
import statistics
import time
from pathlib import Path

from tests.bench.manager_port import joined, left, line_leg, listening
from tests.bench.pages import Pages, Streams
from tests.bench.result import Measure, percentile
from tests.pbx.fake_asterisk import FakeAsterisk

STREAMS = 75
ROUNDS, CALLERS = 4, 40
EVERY_S = 0.1


def round_ms(asterisk: FakeAsterisk, streams: Streams, first: int, chance: random.Random) -> float:
    """The 95th percentile of one round: every stream has to tell of every caller."""
    delays: list[float] = []
    for number in range(first, first + CALLERS):
        time.sleep(chance.uniform(0.5, 1.5) * EVERY_S)
        leg = line_leg(number)
        sent = time.perf_counter()
        asterisk.send(joined(leg))
        delays += [at - sent for at in streams.wait(leg.call)]
        asterisk.send(left(leg))
    return percentile(delays, 0.95) * 1000


def measure(folder: Path) -> Measure:
    """Each caller who begins to wait is an event; the median round counts."""
    chance = random.Random(1)
    with (
        Pages(folder) as pages,
        listening(pages.store, folder) as asterisk,
        Streams(pages, pages.sessions(STREAMS)) as streams,
    ):
        rounds = [round_ms(asterisk, streams, number * CALLERS, chance) for number in range(ROUNDS)]
    return Measure(
        "first_call.event_p95_ms",
        round(statistics.median(rounds), 1),
        "ms",
        150,
        "lower",
        f"{CALLERS} callers join a queue, some {1 / EVERY_S:g} a second: from the bytes on the manager port,"
        f" through listener, store and the pages' process, to each of {STREAMS} streams on its unix socket;"
        f" median of {ROUNDS} rounds (best {min(rounds):.1f}, worst {max(rounds):.1f})",
    )
