"""Files whose tests run side by side do not get into each other's way."""

from __future__ import annotations

import ast
from collections import Counter

from tests.lint import source


def test_no_two_files_of_tests_listen_on_the_same_port() -> None:
    """On the ones that they name themselves: of `free_port` each gets another anyway."""
    named: Counter[object] = Counter()
    for each in source.every():
        value = source.constants(each).get("PORT") if each.module.startswith("tests.") else None
        if isinstance(value, ast.Constant):
            named[value.value] += 1
    assert len(named) > 5
    assert [port for port, files in named.items() if files > 1] == []
