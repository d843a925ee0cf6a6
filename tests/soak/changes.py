"""The first part of `make soak`: 100 changes saved in a row with 20 calls up, and foyer-apply killed at 100
random moments.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.apply.box import Box, LiveAsterisk, make_box
from tests.apply.saving import applying, calls_up, is_live, kills, saves, site, start
from tests.until import until

CALLS, TURNS = 20, 100
# From saving a change until it is live.
LIVE_MS = 2000


@contextmanager
def running() -> Iterator[tuple[Box, LiveAsterisk, Path]]:
    """A box with an Asterisk of its own, and a folder for the callers."""
    # A longer path is refused, as the telephone service would cut it.
    with tempfile.TemporaryDirectory(prefix="soak-", dir="/tmp") as name:
        box = make_box(Path(name) / "box")
        box.save(**site(0))
        assert start(box, "--once").wait(timeout=20) == 0
        with LiveAsterisk(box.settings) as asterisk:
            yield box, asterisk, Path(name)
        box.store.close()


def main() -> list[str]:
    """Returns what was wrong, in words; prints what happened."""
    wrong: list[str] = []
    with running() as (box, asterisk, folder), applying(box), calls_up(box, asterisk, folder, CALLS) as calls:
        before = calls.names()
        taken = saves(box, TURNS)
        lost = before - calls.names()
    late = [ms for ms in taken if ms > LIVE_MS]
    print(f"{TURNS} changes with {CALLS} calls up: {len(lost)} lost, live after {max(taken):.0f} ms at most")
    if lost:
        wrong.append(f"{len(lost)} calls ended while changes were saved")
    if late:
        wrong.append(f"{len(late)} changes were live only after {min(late):.0f} ms or more")
    with running() as (box, _, _):
        # Asserts that what is live is whole, each time.
        kills(box, TURNS, random.Random())
        number = box.save(business_name="Cuối cùng")
        with applying(box):
            until(lambda: is_live(box, number), 20, "the newest revision to be live")
    print(f"foyer-apply killed at {TURNS} random moments: one whole revision live each time")
    return wrong
