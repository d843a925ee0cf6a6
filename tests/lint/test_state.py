"""No module keeps state: two of anything can live in one process, and a test needs no clean-up."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.lint.source import ROOT, Source, constants, dotted, product, read

STATEFUL = frozenset(
    (
        "Bottle",
        "Condition",
        "Counter",
        "Database",
        "Event",
        "Lock",
        "Queue",
        "RLock",
        "Semaphore",
        "SimpleQueue",
        "Store",
        "WeakSet",
        "defaultdict",
        "deque",
        "local",
    )
)
MUTATORS = frozenset(
    (
        "add",
        "append",
        "appendleft",
        "clear",
        "discard",
        "extend",
        "insert",
        "pop",
        "popitem",
        "remove",
        "setdefault",
        "update",
    )
)


def mutated_names(node: ast.AST) -> Iterator[str]:
    """Names whose value this one statement or expression changes in place."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
        yield dotted(node.func.value)
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign | ast.Delete):
        targets = node.targets
    elif isinstance(node, ast.AugAssign):
        targets = [node.target]
    for target in targets:
        if isinstance(target, ast.Subscript):
            yield dotted(target.value)


def violations(source: Source) -> list[str]:
    top = constants(source)
    wrong = [
        f"{source.place(value)}: {name} is state of the module"
        for name, value in top.items()
        if isinstance(value, ast.Call) and dotted(value.func).split(".")[-1] in STATEFUL
    ]
    for function in ast.walk(source.tree):
        if not isinstance(function, ast.FunctionDef | ast.Lambda):
            continue
        own = {
            node.id
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        own |= {argument.arg for argument in ast.walk(function) if isinstance(argument, ast.arg)}
        for node in ast.walk(function):
            if isinstance(node, ast.Global):
                wrong.append(f"{source.place(node)}: global")
            wrong.extend(
                f"{source.place(node)}: changes {name} of the module"
                for name in mutated_names(node)
                if name in top and name not in own
            )
    return wrong


def test_modules_have_no_state() -> None:
    assert [line for source in product() for line in violations(source)] == []


@pytest.mark.parametrize(
    ("text", "is_wrong"),
    [
        ("app = Bottle()", True),
        ("LOCK = threading.Lock()", True),
        ("cache = {}\ndef f():\n    cache['a'] = 1", True),
        ("cache = {}\ndef f():\n    cache.setdefault('a', 1)", True),
        ("seen = []\ndef f():\n    seen.append(1)", True),
        ("seen = []\ndef f():\n    del seen[0]", True),
        ("n = 0\ndef f():\n    global n\n    n += 1", True),
        ("table = {'a': 1}\ndef f():\n    return table['a']", False),
        ("table = {'a': 1}\ndef f():\n    table = {}\n    table['b'] = 2", False),
        ("table = {'a': 1}\ndef f(table):\n    table['b'] = 2", False),
        ("PATTERN = re.compile('a')", False),
        ("log = logging.getLogger(__name__)", False),
    ],
)
def test_the_check_itself(text: str, is_wrong: bool) -> None:
    assert bool(violations(read(ROOT / "appliance/pbx/live.py", text))) is is_wrong
