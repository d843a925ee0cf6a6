"""What is said of how long the tests took."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import took

ROOT = Path(__file__).parents[1]
FILES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py"))


def test_every_file_is_in_a_group_and_no_group_names_what_is_gone() -> None:
    assert {took.group_of(file).name for file in FILES} == {group.name for group in took.GROUPS}
    paths = [path for group in took.GROUPS for path in group.paths]
    assert len(paths) == len(set(paths))
    assert [path for path in paths if not any(file.startswith(path) for file in FILES)] == []


def test_the_longest_beginning_of_a_path_counts() -> None:
    for file, name in (
        ("tests/store/test_db.py", "first_call"),
        ("tests/image/test_boot.py", "first_call"),
        ("tests/image/test_vm_new.py", "image"),
        ("tests/image/test_cards.py", "cards"),
        ("tests/pbx_conf/test_flow_walks.py", "flows"),
    ):
        assert took.group_of(file).name == name, file


def test_groups_are_summed_and_told_when_they_take_too_long() -> None:
    lines = ["100.5 tests/store/test_db.py", "380.0 tests/box/test_2_call.py", "5.2 tests/hw/test_cards.py"]
    first_call, cards = took.per_group(lines)
    assert first_call.endswith("480 s  first_call, meant to take 8 minutes at most: MORE THAN THAT")
    assert cards.split() == ["5", "s", "cards"]
    assert not next(took.per_group(["470 tests/store/test_db.py"])).endswith("THAT")


@pytest.mark.parametrize(
    ("wall_s", "waited_s", "end", "is_kept"),
    [
        (93.0, (20.0, 10.0, 0.0), "73 s of them undisturbed; promised: 120 s", True),
        (150.0, (40.0, 35.0, 0.0), "110 s of them undisturbed; promised: 120 s: LATE BY THE CLOCK", True),
        (150.0, (20.0, 20.0, 20.0), "130 s of them undisturbed; promised: 120 s: BROKEN", False),
    ],
)
def test_the_promise_of_make_check(
    wall_s: float, waited_s: tuple[float, ...], end: str, is_kept: bool
) -> None:
    said, kept = took.of_check(wall_s, waited_s)
    assert said.endswith(end) and kept is is_kept


def test_begin_and_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "took"
    assert took.main("begin", path, "check") == 0
    with path.open("a") as file:
        file.write("1.500 tests/store/test_db.py\n")
    assert took.main("end", path, "check") == 0
    assert "    0 s  altogether, 0 s of them undisturbed" in capsys.readouterr().out
    assert took.main("end", path, "test") == 0
    said = capsys.readouterr().out
    assert "    2 s  first_call" in said and "altogether" not in said


def test_what_ran_side_by_side_counts_once(tmp_path: Path) -> None:
    kept = tmp_path / "took"
    one = f"{__file__}::{test_the_longest_beginning_of_a_path_counts.__name__}"
    command = [sys.executable, "-m", "pytest", "-q", "--numprocesses", "2", one]
    environment = {**os.environ, "FOYER_TOOK": str(kept)}
    for name in [name for name in environment if name.startswith("PYTEST_")]:
        del environment[name]
    subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, timeout=60)
    assert [line.split()[1] for line in kept.read_text("utf-8").splitlines()] == ["tests/test_took.py"]
