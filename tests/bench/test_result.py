"""The benches' own arithmetic."""

import json
from pathlib import Path

import pytest

from tests.bench.result import Measure, measure_alone, merge, percentile, table

SLOW = Measure("first_call.page_p95_ms", 61.25, "ms", 50, "lower", "asked for the page")
FAST = Measure("first_call.ami_events_per_s", 20000, "1/s", 10000, "higher", "sent events")


def test_percentile_is_the_nearest_rank() -> None:
    values = [float(value) for value in range(1, 101)]
    assert percentile(values, 0.95) == 95
    assert percentile(values, 0.5) == 50
    assert percentile([7.0], 0.95) == 7
    assert percentile([1.0, 2.0, 3.0], 1.0) == 3


def test_merge_keeps_what_was_not_measured_now(tmp_path: Path) -> None:
    path = tmp_path / "build" / "bench.json"
    merge(path, [SLOW, FAST])
    merge(path, [Measure("first_call.page_p95_ms", 40, "ms", 50, "lower", "again")])
    known = json.loads(path.read_text("utf-8"))
    assert known["first_call.page_p95_ms"]["value"] == 40
    assert known["first_call.ami_events_per_s"] == {
        "value": 20000,
        "unit": "1/s",
        "aim": 10000,
        "better": "higher",
        "how": "sent events",
    }


def test_what_could_not_be_measured_keeps_no_older_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bench.json"
    merge(path, [SLOW, FAST])
    merge(path, [], [SLOW.name, "first_call.never_measured"])
    assert list(json.loads(path.read_text("utf-8"))) == [FAST.name]

    def fail() -> Measure:
        raise SystemExit("no box")

    monkeypatch.setenv("ONLY", FAST.name)
    with pytest.raises(SystemExit):
        measure_alone(FAST.name, fail, path)
    assert json.loads(path.read_text("utf-8")) == {}


def test_table_says_what_was_missed() -> None:
    _, slow, fast = table([SLOW, FAST]).splitlines()
    assert slow.split() == ["first_call.page_p95_ms", "61.25", "ms", "<=", "50", "MISSED"]
    assert fast.split()[-1] == "met"
