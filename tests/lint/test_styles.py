"""The pages read from both sides: styles name the sides of a line (start, end), never those of the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.lint.source import ROOT

# "file: declaration" -> why it means the screen's side.
EXCUSED: dict[str, str] = {}
_SIDE = "(?:left|right)"
_VALUE = r"[^\s;}]+"
PHYSICAL = re.compile(
    rf"""(?<![\w-])(?:
        (?:(?:scroll-)?(?:margin|padding)|border(?:-(?:top|bottom))?|inset)-{_SIDE}[\w-]*\s*:[^;}}]*
        | {_SIDE}\s*:[^;}}]*
        | (?:text-align(?:-last)?|float|clear)\s*:\s*{_SIDE}\b
        # Four values that are not the same on both sides: right is the second, left the fourth.
        | (?:margin|padding|inset|border-width)\s*:
          \s*{_VALUE}\s+(?P<right>{_VALUE})\s+{_VALUE}\s+(?!(?P=right)\s*[;}}]){_VALUE}(?=\s*[;}}])
    )""",
    re.VERBOSE,
)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def physical(text: str) -> Iterator[str]:
    """The declarations that name a side of the screen."""
    for found in PHYSICAL.finditer(COMMENT.sub("", text)):
        yield re.sub(r"\s+", " ", found[0]).strip()


def test_styles_read_from_both_sides() -> None:
    sheets = sorted((ROOT / "appliance" / "webui" / "static").glob("*.css"))
    assert sheets
    found = {f"{sheet.name}: {one}" for sheet in sheets for one in physical(sheet.read_text("utf-8"))}
    assert found == set(EXCUSED)


@pytest.mark.parametrize(
    ("style", "wrong"),
    [
        ("a { margin-left: 1em; color: red }", ["margin-left: 1em"]),
        ("a{padding-right:0}", ["padding-right:0"]),
        ("a { left: 0; }", ["left: 0"]),
        ("a { border-left-width: 2px; }", ["border-left-width: 2px"]),
        ("a { border-top-right-radius: 2px; }", ["border-top-right-radius: 2px"]),
        ("a { text-align: right; float:left }", ["text-align: right", "float:left"]),
        ("a { margin: 0 1px 2px 3px; }", ["margin: 0 1px 2px 3px"]),
        ("a { margin: 0 1px 2px 1px; padding: 1px 2px 3px }", []),
        ("a { margin-inline-start: 1em; inset-inline-end: 0; text-align: start }", []),
        ("a { --left: 1px; transform-origin: left; } .is-left:hover { top: 0 } /* left: 0; */", []),
    ],
)
def test_the_check_itself(style: str, wrong: list[str]) -> None:
    assert list(physical(style)) == wrong
