"""How long a box that was switched on before takes until it can be used again."""

from __future__ import annotations

from pathlib import Path

from tests.bench.result import Measure
from tests.image.box import Box


def measure(folder: Path) -> Measure:
    """Boot, shut down, and boot again on the same state."""
    with Box(folder / "state") as box:
        box.end()
        box.start()
        ready_s = box.ready_s
    return Measure(
        "first_call.ready_s",
        round(ready_s, 2),
        "s",
        10,
        "lower",
        "image/boot.py run, as make run does, on the state folder of a box that was booted and ended before,"
        " until it says that it is ready",
    )
