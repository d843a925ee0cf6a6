"""How long it takes to make all of Asterisk's files of a large site, and to check them."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from appliance.apply.__main__ import today
from appliance.apply.check import check
from appliance.pbx.conf.tree import render_tree
from appliance.store import holidays
from tests.bench.flows.large_site import MENUS, PHONES, QUEUES, large_site
from tests.bench.result import Measure
from tests.pbx_conf.places import env_for

ROUNDS = 7


def measure(folder: Path) -> Measure:
    """All that foyer-apply does between reading a revision and writing it; the median of some rounds."""
    site = large_site()
    times: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        now = holidays.observed(site, today())
        tree = render_tree(now, env_for(now, folder))
        check(now, tree)
        times.append((time.perf_counter() - began) * 1000)
    lines = sum(text.count("\n") for text in tree.values())
    return Measure(
        "flows.render_ms",
        round(statistics.median(times), 1),
        "ms",
        500,
        "lower",
        f"a site with {PHONES} phones, {QUEUES} queues and {MENUS} menus, its holidays worked out, rendered"
        f" to {lines} lines and checked; median of {ROUNDS} (worst {max(times):.0f})",
    )
