"""How long an event of Asterisk takes to all the browsers that listen."""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.bench.manager_port import joined, left, line_leg, listening
from tests.bench.pages import Pages, Streams
from tests.bench.result import Measure, percentile
from tests.pbx.fake_asterisk import FakeAsterisk

STREAMS = 75
ROUNDS, CALLERS = 4, 40
EVERY_S = 0.1


def round_ms(asterisk: FakeAsterisk, streams: Streams, first: int, chance: random.Random) -> list[float]:
    """The delays of one round: every stream has to tell of every caller."""
    delays: list[float] = []
    for number in range(first, first + CALLERS):
        time.sleep(chance.uniform(0.5, 1.5) * EVERY_S)
        leg = line_leg(number)
        sent = time.perf_counter()
        asterisk.send(joined(leg))
        delays += [(at - sent) * 1000 for at in streams.wait(leg.call)]
        asterisk.send(left(leg))
    assert len(delays) == CALLERS * STREAMS
    return delays


def measure(folder: Path) -> Measure:
    """Each caller who begins to wait is an event; all delays of all rounds count."""
    chance = random.Random(1)
    with (
        Pages(folder) as pages,
        listening(pages.store, folder) as asterisk,
        Streams(pages, pages.sessions(STREAMS)) as streams,
    ):
        rounds = [round_ms(asterisk, streams, number * CALLERS, chance) for number in range(ROUNDS)]
    each = [percentile(delays, 0.95) for delays in rounds]
    return Measure(
        "first_call.event_p95_ms",
        round(percentile([delay for delays in rounds for delay in delays], 0.95), 1),
        "ms",
        150,
        "lower",
        f"{ROUNDS * CALLERS} callers join a queue, some {1 / EVERY_S:g} a second: from the bytes on the"
        f" manager port, through listener, store and the pages' process, to each of {STREAMS} streams on its"
        f" unix socket ({ROUNDS} rounds by themselves: {min(each):.1f} to {max(each):.1f})",
    )
