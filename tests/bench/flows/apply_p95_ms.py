"""How long a change takes from saving it until it is live, with calls up."""

from __future__ import annotations

import statistics
from pathlib import Path

from tests.apply.box import LiveAsterisk, make_box
from tests.apply.saving import applying, calls_up, saves, site, start
from tests.bench.result import Measure, percentile

CALLS, SAVES = 20, 100


def measure(folder: Path) -> Measure:
    """Saves one after the other; each is live before the next. None of the calls may end."""
    box = make_box(folder / "box")
    box.save(**site(0))
    assert start(box, "--once").wait(timeout=20) == 0
    with (
        LiveAsterisk(box.settings) as asterisk,
        applying(box),
        calls_up(box, asterisk, folder, CALLS) as calls,
    ):
        before = calls.names()
        taken = saves(box, SAVES)
        lost = before - calls.names()
        assert not lost, lost
    box.store.close()
    return Measure(
        "flows.apply_p95_ms",
        round(percentile(taken, 0.95), 1),
        "ms",
        2000,
        "lower",
        f"{SAVES} changes saved one after the other, of a spoken text, a menu, a queue and an agent in turn,"
        f" with {CALLS} calls up, half in a queue and half in a menu, of which none ended: from saving until"
        f" the page says live; median {statistics.median(taken):.0f}, worst {max(taken):.0f}",
    )
