"""The product's Python source as syntax trees, for the checks in this folder."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Source:
    """One file: `module` is its dotted name ("appliance.store.db"), `place` what a reader can find."""

    path: Path
    module: str
    text: str
    tree: ast.Module

    def place(self, node: ast.AST) -> str:
        return f"{self.path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def read(path: Path, text: str | None = None) -> Source:
    """The source of one file, or of `text` as if it stood there."""
    content = path.read_text() if text is None else text
    parts = path.relative_to(ROOT).with_suffix("").parts
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Source(path, module, content, ast.parse(content, str(path)))


def product() -> Iterator[Source]:
    """Every Python file of the product."""
    for path in sorted((ROOT / "appliance").rglob("*.py")):
        yield read(path)


def every() -> Iterator[Source]:
    """Every Python file of the repository: product, tests and image."""
    for folder in ("appliance", "image", "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield read(path)


def constants(source: Source) -> dict[str, ast.expr]:
    """What the module's own names are bound to at its top level."""
    found: dict[str, ast.expr] = {}
    for node in source.tree.body:
        if isinstance(node, ast.Assign):
            found.update({target.id: node.value for target in node.targets if isinstance(target, ast.Name)})
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            found[node.target.id] = node.value
    return found


def dotted(node: ast.AST) -> str:
    """ "change.db.conn" for that expression; "" for what is no chain of names."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        left = dotted(node.value)
        return f"{left}.{node.attr}" if left else ""
    return ""
