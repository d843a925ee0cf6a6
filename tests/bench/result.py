"""What a bench measured: one line of the table, one entry of `build/bench.json`."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Measure:
    """A figure with its aim; `name` is `group.measure`, `how` says in a sentence what was done."""

    name: str
    value: float
    unit: str
    aim: float
    better: Literal["lower", "higher"]
    how: str

    @property
    def is_met(self) -> bool:
        """Whether the value reaches the aim."""
        return self.value <= self.aim if self.better == "lower" else self.value >= self.aim

    def entry(self) -> dict[str, str | float]:
        """The value of this measure's key in the file."""
        return {
            "value": self.value,
            "unit": self.unit,
            "aim": self.aim,
            "better": self.better,
            "how": self.how,
        }


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed; nearest rank. Needs at least one value."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 1000) // 1000) - 1)]


def merge(path: Path, measures: Iterable[Measure], failed: Iterable[str] = ()) -> None:
    """Put the measures into the file; those of other groups, or not measured now, stay.

    Those that failed go: what the file says of them is of a time when they could be measured.
    """
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    for name in failed:
        known.pop(name, None)
    known.update({measure.name: measure.entry() for measure in measures})
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", "utf-8")
    beside.replace(path)


def table(measures: Sequence[Measure]) -> str:
    """The measures as text, one a line."""
    rows = [("measure", "value", "aim", "")]
    for measure in measures:
        sign = "<=" if measure.better == "lower" else ">="
        verdict = "met" if measure.is_met else "MISSED"
        rows.append(
            (measure.name, f"{measure.value:,.6g} {measure.unit}", f"{sign} {measure.aim:,g}", verdict)
        )
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = (
        f"{name:<{widths[0]}}  {value:>{widths[1]}}  {aim:>{widths[2]}}  {end}"
        for name, value, aim, end in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def measure_alone(name: str, measure: Callable[[], Measure], path: Path) -> None:
    """Takes one measure outside the test root, if the environment's ONLY asks for it, and puts it into the
    file.
    """
    if os.environ.get("ONLY", "") in ("", name, name.partition(".")[0]):
        print(f"{name} ...", flush=True)
        try:
            found = measure()
        except (Exception, SystemExit):
            merge(path, [], [name])
            raise
        merge(path, [found])
        print(table([found]))
