"""The first part of `make soak`: 100 changes saved in a row with 20 calls up, of which eight talk and are
recorded; and foyer-apply killed at 100 random moments.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.apply.box import Box, LiveAsterisk, make_box
from tests.apply.saving import (
    applying,
    calls_up,
    is_live,
    kills,
    recordings,
    saves,
    site,
    start,
    torn,
)
from tests.until import until

CALLS, TALKERS, TURNS = 20, 8, 100
# From saving a change until it is live.
LIVE_MS = 2000


@contextmanager
def running() -> Iterator[tuple[Box, LiveAsterisk, Path]]:
    """A box with an Asterisk of its own, and a folder for the callers."""
    # A longer path is refused, as the telephone service would cut it.
    with tempfile.TemporaryDirectory(prefix="soak-", dir="/tmp") as name:
        box = make_box(Path(name) / "box")
        box.save(**site(0, TALKERS))
        assert start(box, "--once").wait(timeout=20) == 0
        with LiveAsterisk(box.settings) as asterisk:
            yield box, asterisk, Path(name)
        box.store.close()


def main() -> list[str]:
    """Returns what was wrong, in words; prints what happened."""
    wrong: list[str] = []
    with running() as (box, asterisk, folder):
        with applying(box), calls_up(box, asterisk, folder, CALLS, TALKERS) as calls:
            before, began = calls.names(), time.monotonic()
            taken = saves(box, TURNS, TALKERS)
            lasted_s = time.monotonic() - began
            lost = before - calls.names()
        until(lambda: not calls.names(), 20, "the calls to end")
        wrong += torn(box, lasted_s)
        count = len(recordings(box))
    print(f"{count} calls were recorded, {lasted_s:.0f} s of each checked for gaps: {len(wrong)} found")
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
    print(
        f"foyer-apply killed at {TURNS} random moments: one whole revision live each time, in Asterisk, too"
    )
    return wrong
