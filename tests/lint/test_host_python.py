"""What `make` runs before there is a root runs on the Python of whoever calls it: Debian 12 has 3.11."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lint.source import ROOT, Source, read

OLDEST = (3, 11)
BEGINNINGS = (
    "image/boot.py",
    "image/disk.py",
    "image/layers.py",
    "tests/bench/make_image.py",
    "tests/bench/make_run.py",
)


def imported(source: Source) -> Iterator[str]:
    """Modules that are needed as soon as this one is; what a function imports may never be."""
    for node in source.tree.body:
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)


def files(module: str) -> Iterator[Path]:
    """The file of a module of ours, and those of the packages that it lies in."""
    parts = module.split(".")
    for folder in (ROOT, ROOT / "image"):
        for end in range(1, len(parts) + 1):
            path = folder.joinpath(*parts[:end])
            yield from (one for one in (path.with_suffix(".py"), path / "__init__.py") if one.is_file())


def needed() -> set[Path]:
    found: set[Path] = set()
    waiting = [ROOT / name for name in BEGINNINGS]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += [file for module in imported(read(path)) for file in files(module)]
    return found


def test_what_the_host_runs_is_understood_by_its_python() -> None:
    read_by_host = needed()
    assert {ROOT / "image/steps.py", ROOT / "tests/box/forms.py"} <= read_by_host
    for path in sorted(read_by_host):
        ast.parse(path.read_text(), str(path), feature_version=OLDEST)


def test_what_the_host_runs_needs_no_package() -> None:
    for path in sorted(needed()):
        for node in read(path).tree.body:
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in names:
                known = name.partition(".")[0] in sys.stdlib_module_names
                assert known or any(files(name)), f"{path.relative_to(ROOT)} imports {name}"


def test_newer_words_are_found() -> None:
    with pytest.raises(SyntaxError):
        ast.parse("def until[T](what: T) -> T: ...", feature_version=OLDEST)
