"""Long files and functions are warned of, not refused: there can be a reason, and a reader should ask for
it.
"""

from __future__ import annotations

import ast
import warnings

from tests.lint.source import product

FILE_LINES = 400
FUNCTION_LINES = 60


def test_files_and_functions_stay_short() -> None:
    for source in product():
        lines = source.text.count("\n")
        if lines > FILE_LINES:
            warnings.warn(f"{source.place(source.tree)} has {lines} lines", stacklevel=1)
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES:
                warnings.warn(f"{source.place(node)}: {node.name} is long", stacklevel=1)
