"""How much memory the booted image uses while nothing happens."""

from __future__ import annotations

import re
import time
from pathlib import Path

from tests.bench.image.office import office
from tests.bench.result import Measure

# What is started at boot and ends by itself is gone by then.
IDLE_S = 120.0
FIELD = re.compile(r"^(\w+): +(\d+) kB$", re.MULTILINE)


def measure(folder: Path) -> Measure:
    """Boot a box that is in use, let it be, and ask its kernel."""
    with office(folder) as box:
        box.start()
        time.sleep(IDLE_S)
        memory = {name: int(kb) for name, kb in FIELD.findall(box.run("cat /proc/meminfo"))}
    used_kb = memory["MemTotal"] - memory["MemAvailable"]
    return Measure(
        "image.idle_mb",
        round(used_kb * 1024 / 1e6, 1),
        "MB",
        450,
        "lower",
        f"the kernel's MemTotal less MemAvailable, {IDLE_S:g} s after the second boot of a box in use,"
        f" nobody signed in; the machine has {memory['MemTotal'] * 1024 / 1e6:.0f} MB",
    )
