"""How large the file is that people download."""

from __future__ import annotations

from pathlib import Path

import disk

from tests.bench.result import Measure


def measure(_folder: Path) -> Measure:
    """Look at the packed image that was built."""
    packed = disk.named_image().with_suffix(".img.zst")
    return Measure(
        "image.image_mb",
        round(packed.stat().st_size / 1e6, 1),
        "MB",
        300,
        "lower",
        f"size of {packed.name}, in units of 10^6 bytes",
    )
