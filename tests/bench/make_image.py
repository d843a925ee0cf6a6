"""How long a build of the image takes. Called by `make bench`, on the host's own Python (see make_run)."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tests.bench.make_run import BUILD, REPOSITORY
from tests.bench.result import Measure, measure_alone

NAME = "image.build_s"


def measure() -> Measure:
    """Build in an empty folder beside the real one, which lends its downloads."""
    with tempfile.TemporaryDirectory(dir=BUILD, prefix="bench-image-") as folder:
        shutil.copytree(BUILD / "cache", Path(folder) / "cache", symlinks=True)
        began = time.monotonic()
        built = subprocess.run(
            [REPOSITORY / "image/disk.py"],
            env={**os.environ, "FOYER_BUILD": folder},
            stdout=subprocess.DEVNULL,
            check=False,
        )
        took_s = time.monotonic() - began
    if built.returncode:
        raise SystemExit(f"the image was not built: exit code {built.returncode}")
    return Measure(
        NAME,
        round(took_s),
        "s",
        900,
        "lower",
        "image/disk.py in an empty build folder whose packages are downloaded already: both roots, drivers,"
        f" disk, and what lies beside it; with {os.cpu_count()} processors; the aim is our own",
    )


if __name__ == "__main__":
    measure_alone(NAME, measure, BUILD / "bench.json")
