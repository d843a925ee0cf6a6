"""What is typed is never part of an SQL text: each is put together of constants alone, and values are bound.

Linters look for words of SQL in an f-string that is executed there and then. This check follows the text back
to where it comes from: through names, lists of conditions and parameters, to every caller of the function.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from tests.lint.source import ROOT, Source, constants, product, read

EXECUTORS = frozenset(
    ("execute", "executemany", "executescript", "rows_where", "delete_where", "count_where")
)
GROWERS = frozenset(("append", "extend", "insert", "add"))

type Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
# What a name is bound to, and the functions that stand around that, from the outermost on.
type Bound = tuple[ast.expr, tuple[Function, ...]]


@dataclass
class Module:
    """One file, with what is needed to follow a name."""

    source: Source
    top: dict[str, ast.expr] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)
    calls: list[tuple[ast.Call, tuple[Function, ...]]] = field(default_factory=list)
    bound: dict[tuple[Function, str], list[Bound]] = field(default_factory=dict)


def module_of(source: Source) -> Module:
    found = Module(source, constants(source))
    for statement in source.tree.body:
        if isinstance(statement, ast.FunctionDef):
            found.functions[statement.name] = statement
        if isinstance(statement, ast.Assign):  # ONE, OTHER = 1, 2
            found.top.update(_bindings(statement))
    _collect(found, source.tree, ())
    return found


def _collect(found: Module, node: ast.AST, around: tuple[Function, ...]) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ImportFrom) and child.module:
            found.imported.update({one.asname or one.name: (child.module, one.name) for one in child.names})
        inside = around
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            inside = (*around, child)
        if isinstance(child, ast.Call):
            found.calls.append((child, around))
        for name, value in _bindings(child):
            owner = next((one for one in reversed(around) if _is_local(one, name)), None)
            if owner is not None:
                found.bound.setdefault((owner, name), []).append((value, around))
        _collect(found, child, inside)


def _is_local(function: Function, name: str) -> bool:
    """Whether the function itself gives this name a value."""
    return name in parameters(function) or any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        for node in ast.walk(function)
    )


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names that this statement, comprehension or call gives a value, or lets grow by one."""
    pairs: list[tuple[ast.expr, ast.expr]] = []
    if isinstance(node, ast.Assign):
        pairs = [(target, node.value) for target in node.targets]
    elif isinstance(node, ast.AugAssign | ast.NamedExpr) or (isinstance(node, ast.AnnAssign) and node.value):
        pairs = [(node.target, node.value)] if node.value else []
    elif isinstance(node, ast.For | ast.comprehension):
        pairs = [(_key(node.target, node.iter), _keys_of(node.iter))]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in GROWERS:
        pairs = [(node.func.value, value) for value in node.args]
    for target, value in pairs:
        if isinstance(target, ast.Name):
            yield target.id, value
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, part in zip(target.elts, value.elts, strict=False):
                if isinstance(one, ast.Name):
                    yield one.id, part
        elif isinstance(target, ast.Tuple):
            for one in target.elts:
                if isinstance(one, ast.Name):
                    yield one.id, value  # a part of what is fixed is fixed


def _key(target: ast.expr, source: ast.expr) -> ast.expr:
    """Of `for key, value in one.items()`, the key."""
    return target.elts[0] if isinstance(target, ast.Tuple) and _keys_of(source) is not source else target


def _keys_of(source: ast.expr) -> ast.expr:
    if (
        isinstance(source, ast.Call)
        and isinstance(source.func, ast.Attribute)
        and source.func.attr == "items"
    ):
        return source.func.value
    return source


def parameters(function: Function) -> list[str]:
    given = function.args
    return [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


class Tracer:
    """Follows SQL texts; `wrong` has the places of those that are not constants. A function that makes an SQL
    text of its parameter is looked at where it is called: `sinks` has its module, name and the parameter.
    """

    def __init__(self, sources: Mapping[str, Module]) -> None:
        self.modules = sources
        self.sinks: list[tuple[str, str, str]] = []
        self.wrong: list[str] = []

    def run(self) -> list[str]:
        for module in self.modules.values():
            for call, around in module.calls:
                if isinstance(call.func, ast.Attribute) and call.func.attr in EXECUTORS and call.args:
                    self._look(module, call.args[0], around)
        for sink in self.sinks:  # which grows meanwhile
            self._look_at_callers(*sink)
        return sorted(set(self.wrong))

    def _look(self, module: Module, text: ast.expr, around: tuple[Function, ...]) -> None:
        if not self._is_fixed(module, text, around, ()):
            self.wrong.append(f"{module.source.place(text)}: an SQL text that is not made of constants alone")

    def _look_at_callers(self, owner: str, name: str, parameter: str) -> None:
        for module in self.modules.values():
            for call, around in module.calls:
                if self._called(module, call.func) == (owner, name):
                    self._look(module, self._argument(owner, name, parameter, call), around)

    def _called(self, module: Module, function: ast.expr) -> tuple[str, str]:
        """The module and the name of a function of the product, as far as one can see."""
        if isinstance(function, ast.Name):
            return module.imported.get(function.id, (module.source.module, function.id))
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            return ".".join(module.imported.get(function.value.id, ("", ""))), function.attr
        return "", ""

    def _argument(self, owner: str, name: str, parameter: str, call: ast.Call) -> ast.expr:
        """What a call gives for the parameter."""
        for keyword in call.keywords:
            if keyword.arg == parameter:
                return keyword.value
        (definition,) = (
            node
            for node in ast.walk(self.modules[owner].source.tree)
            if isinstance(node, ast.FunctionDef) and node.name == name
        )
        place = parameters(definition).index(parameter)
        before = call.args[: place + 1]
        if before and isinstance(before[-1], ast.Starred) and len(before) == place + 1:
            return before[-1]
        return call.args[place] if place < len(call.args) else ast.Constant("")

    def _is_fixed(
        self, module: Module, node: ast.expr, around: tuple[Function, ...], seen: tuple[ast.expr, ...]
    ) -> bool:
        def fixed(*nodes: ast.expr | None) -> bool:
            return all(
                one is not None and (one in seen or self._is_fixed(module, one, around, (*seen, node)))
                for one in nodes
            )

        match node:
            case ast.Constant():
                return True
            case ast.JoinedStr(values) | ast.BoolOp(values=values):
                return fixed(*values)
            case ast.FormattedValue(value):
                return fixed(value)
            case ast.BinOp(left, ast.Add(), right):
                return fixed(left, right)
            case ast.BinOp(ast.Constant(), ast.Mult()):  # as many question marks as there are values
                return True
            case ast.IfExp(_, body, orelse):
                return fixed(body, orelse)
            case ast.List(elts) | ast.Tuple(elts) | ast.Set(elts):
                return fixed(*elts)
            case ast.Dict(keys):  # only its keys are ever joined
                return fixed(*keys)
            case ast.DictComp(key) | ast.ListComp(key) | ast.GeneratorExp(key) | ast.SetComp(key):
                return fixed(key)
            case ast.Call(ast.Attribute(separator, "join"), [parts]):
                return fixed(separator, parts)
            case ast.Call(ast.Name("list"), []) | ast.Call(ast.Subscript(ast.Name("list")), []):
                return True
            case ast.Starred(ast.Name() as value):
                return fixed(value)
            case ast.Starred(ast.Call(ast.Name(name))) if name in module.functions:
                return all(self._begins_fixed(module, one) for one in _returned(module.functions[name]))
            case ast.Name(name):
                return self._is_fixed_name(module, name, around, (*seen, node))
        return False

    def _begins_fixed(self, module: Module, returned: tuple[ast.expr, ast.FunctionDef]) -> bool:
        value, function = returned
        first = value.elts[0] if isinstance(value, ast.Tuple) and value.elts else value
        return self._is_fixed(module, first, (function,), ())

    def _is_fixed_name(
        self, module: Module, name: str, around: tuple[Function, ...], seen: tuple[ast.expr, ...]
    ) -> bool:
        for function in reversed(around):
            values = module.bound.get((function, name), [])
            is_parameter = name in parameters(function)
            if is_parameter:
                if not self._is_called_by_name(module, function, around):
                    return False
                sink = (module.source.module, getattr(function, "name", ""), name)
                if sink not in self.sinks:
                    self.sinks.append(sink)
            if is_parameter or values:
                return all(
                    value in seen or self._is_fixed(module, value, where, (*seen, value))
                    for value, where in values
                )
        if name in module.top:
            return self._is_fixed(module, module.top[name], (), seen)
        owner, original = module.imported.get(name, ("", ""))
        other = self.modules.get(owner)
        return other is not None and original in other.top and self._is_fixed_name(other, original, (), seen)

    def _is_called_by_name(self, module: Module, function: Function, around: tuple[Function, ...]) -> bool:
        """Whether its callers can be found: of a method, nobody knows whose it is that is called."""
        if not isinstance(function, ast.FunctionDef):
            return False
        return module.functions.get(function.name) is function or function is not around[0]


def _returned(function: ast.FunctionDef) -> Iterator[tuple[ast.expr, ast.FunctionDef]]:
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value, function


def violations(*sources: Source) -> list[str]:
    return Tracer({source.module: module_of(source) for source in sources}).run()


def test_every_sql_text_is_made_of_constants() -> None:
    assert violations(*product()) == []


HEAD = "from appliance.store import records\n_ROWS = 'SELECT id FROM person'\n_MORE = f'{_ROWS} WHERE '\n"
OTHER = "def conversations_where(db, where):\n    db.execute(f'SELECT 1 FROM t WHERE {where}')\n"


@pytest.mark.parametrize(
    ("text", "is_wrong"),
    [
        ("db.execute('SELECT 1')", False),
        ("db.execute(f'{_ROWS} WHERE id = ?', (x,))", False),
        ("db.execute(_MORE + 'id = ?', (x,))", False),
        ("db.execute(f'{_ROWS} WHERE id = {x}')", True),
        ("db.execute(_ROWS + ' WHERE id = ' + x)", True),
        ("db.execute('SELECT %s' % x)", True),
        ("db.execute('SELECT {}'.format(x))", True),
        ("change.db.conn.executemany(f'DELETE FROM {x}', [])", True),
        ("db.execute(unknown)", True),
        ("db['t'].rows_where(f'id = {x}')", True),
        ("sql = _ROWS\n    sql += ' LIMIT 1'\n    db.execute(sql)", False),
        ("sql = _ROWS\n    sql += y\n    db.execute(sql)", True),
        ("sql = _ROWS if y else _MORE + '1'\n    db.execute(sql)", False),
        ("for name in ('a', 'b'):\n        db.execute(f'DROP TABLE {name}')", False),
        ("for name in y:\n        db.execute(f'DROP TABLE {name}')", True),
        ("one, two = 'a', y.name\n    db.execute(one)", False),
        ("one, two = 'a', y.name\n    db.execute(two)", True),
        ("one, two = y\n    db.execute(one)", True),
        ("parts = ['a = ?']\n    parts.append('b = ?')\n    db.execute(' AND '.join(parts))", False),
        ("parts = ['a = ?']\n    parts.append(y.part)\n    db.execute(' AND '.join(parts))", True),
        ("db.execute(', '.join('?' * len(y)), y)", False),
        ("given = {'a = ?': y}\n    db.execute(' AND '.join(k for k, v in given.items()))", False),
        ("given = {y: 'a = ?'}\n    db.execute(' AND '.join(k for k, v in given.items()))", True),
        ("records.conversations_where(db, 'id = ?')", False),
        ("records.conversations_where(db, where=f'id = {x}')", True),
        ("records.conversations_where(db, f'id = {x}')", True),
        ("def narrow(part):\n        db.execute(part)\n    narrow('a')", False),
        ("def narrow(part):\n        db.execute(part)\n    narrow(y.name)", True),
        ("narrow = lambda part: db.execute(part)\n    narrow('a')", True),
    ],
)
def test_the_check_itself(text: str, is_wrong: bool) -> None:
    """`x` is the parameter of a function, given what was typed; `y` comes from nowhere."""
    source = read(
        ROOT / "appliance/webui/some.py",
        f"{HEAD}def some(db, x):\n    {text}\n\n\ndef page():\n    some(db, typed())\n",
    )
    other = read(ROOT / "appliance/store/records.py", OTHER)
    assert bool(violations(source, other)) is is_wrong


def test_a_method_may_not_take_a_part_of_an_sql_text() -> None:
    text = "class Some:\n    def find(self, where):\n        self.db.execute(f'SELECT 1 WHERE {where}')\n"
    assert violations(read(ROOT / "appliance/store/some.py", text)) != []
