"""Files and functions stay short. What is longer needs a reason, and stands here with it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lint.source import ROOT, Source, every, read

FILE_LINES = 400
FUNCTION_LINES = 60
# "path" or "path:function" -> why it is as long as it is.
EXCUSED: dict[str, str] = {}


def hand_written() -> Iterator[Path]:
    """Scripts and styles of the pages, and the image's shell scripts: what is not Python."""
    for pattern in (
        "appliance/webui/static/*.js",
        "appliance/webui/static/*.css",
        "image/*.sh",
        "tests/**/*.js",
    ):
        yield from sorted(ROOT.glob(pattern))


def too_long(source: Source) -> Iterator[str]:
    """The functions of a file, and the file itself, that are longer than they may be."""
    name = str(source.path.relative_to(ROOT))
    lines = source.text.count("\n")
    if lines > FILE_LINES:
        yield f"{name}: {lines} lines"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{name}:{node.name}: {length} lines"


def test_python_stays_short() -> None:
    found = [line for source in every() for line in too_long(source)]
    assert [line for line in found if line.rpartition(": ")[0] not in EXCUSED] == []


def test_scripts_and_styles_stay_short() -> None:
    lengths = {str(path.relative_to(ROOT)): path.read_text("utf-8").count("\n") for path in hand_written()}
    assert {
        name: lines for name, lines in lengths.items() if lines > FILE_LINES and name not in EXCUSED
    } == {}


def test_every_excuse_is_still_needed() -> None:
    found = {line.rpartition(": ")[0] for source in every() for line in too_long(source)}
    assert set(EXCUSED) <= found | {str(path.relative_to(ROOT)) for path in hand_written()}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("x = 1\n" * 400, []),
        ("x = 1\n" * 401, ["appliance/new.py: 401 lines"]),
        ("def f():\n" + "    x = 1\n" * 59, []),
        ("def f():\n" + "    x = 1\n" * 60, ["appliance/new.py:f: 61 lines"]),
        ("class A:\n    async def g(self):\n" + "        x = 1\n" * 60, ["appliance/new.py:g: 61 lines"]),
    ],
)
def test_the_check_itself(text: str, wrong: list[str]) -> None:
    assert list(too_long(read(ROOT / "appliance/new.py", text))) == wrong
