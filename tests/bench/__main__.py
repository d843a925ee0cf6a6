"""`make bench`: measures, prints the table, keeps the figures in build/bench.json.

ONLY=group runs one group, ONLY=group.measure one measure. A measure that fails is told and left out, its
older figure too, and the exit code is 1; the others are still made.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.bench import first_call, flows, image, make_image, make_run
from tests.bench.result import Measure, merge, table

type Bench = Callable[[Path], Measure]

KEPT = Path(__file__).parents[2] / "build/bench.json"
GROUPS: tuple[tuple[str, tuple[Bench, ...]], ...] = (
    ("first_call", first_call.BENCHES),
    ("flows", flows.BENCHES),
    ("image", image.BENCHES),
)


def name_of(group: str, bench: Bench) -> str:
    """`group.measure`: a measure's file is named after it."""
    return f"{group}.{bench.__module__.rpartition('.')[2]}"


def chosen(only: str) -> list[tuple[str, Bench]]:
    """The benches that `only` names: all, those of a group, or one."""
    named = [(name_of(group, bench), bench) for group, benches in GROUPS for bench in benches]
    return [(name, bench) for name, bench in named if only in ("", name, name.partition(".")[0])]


def main(only: str) -> int:
    """Returns the exit code. That an aim is missed is a result, not a failure."""
    benches = chosen(only)
    if only in (make_run.NAME, make_image.NAME):  # measured on the host, before this
        return 0
    if not benches:
        print(f"no bench is named {only}; groups: {', '.join(group for group, _ in GROUPS)}")
        return 2
    measures: list[Measure] = []
    failed: list[str] = []
    for name, bench in benches:
        began = time.monotonic()
        print(f"{name} ...", flush=True)
        try:
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                measures.append(bench(Path(folder)))
        except Exception:  # noqa: BLE001 - the outermost loop; the other measures are still worth having
            traceback.print_exc()
            failed.append(name)
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    merge(KEPT, measures, failed)
    print(table(measures))
    for name in failed:
        print(f"{name} could not be measured; why stands above.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(os.environ.get("ONLY", "")))
