"""Nothing is written to the database but through `Store.change()`.

At run time a connection is read-only outside of a change; this check finds the mistake before that, and
keeps SQL that writes inside the store, on a `change`.
"""

from __future__ import annotations

import ast
import re

import pytest

from tests.lint.source import ROOT, Source, constants, dotted, product, read

WRITING_SQL = re.compile(
    r"\s*(INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER|VACUUM|ATTACH|REINDEX|BEGIN|COMMIT|ROLLBACK|SAVEPOINT)\b",
    re.IGNORECASE,
)
EXECUTORS = frozenset(("execute", "executemany", "executescript", "query"))
TABLE_WRITERS = frozenset(
    (
        "insert",
        "insert_all",
        "upsert",
        "upsert_all",
        "update",
        "delete",
        "delete_where",
        "create",
        "transform",
        "drop",
    )
)
TRANSACTIONS = frozenset(("atomic", "commit", "rollback", "begin", "enable_wal", "vacuum"))
# These are the door itself, and the steps that it runs.
DOOR = ("appliance.store.db", "appliance.store.migrations")


def sql_of(node: ast.expr, names: dict[str, ast.expr]) -> str:
    """The text that an SQL argument begins with, as far as it stands in the file."""
    if isinstance(node, ast.Name):
        return sql_of(names[node.id], {}) if node.id in names else ""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return sql_of(node.values[0], names) if node.values else ""
    if isinstance(node, ast.FormattedValue):
        return sql_of(node.value, names)
    if isinstance(node, ast.BinOp):
        return sql_of(node.left, names)
    return ""


def receiver(node: ast.expr) -> str:
    """Whose method it is: "change.db" for change.db, change.db.conn, change.db.table(...) and
    change.db[...].
    """
    while isinstance(node, ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return dotted(node)


def is_table(node: ast.expr) -> bool:
    """Whether an expression is `....table(...)` or `....db[...]`, as far as one can see."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr == "table"
    return isinstance(node, ast.Subscript) and dotted(node.value).split(".")[-1] == "db"


def violations(source: Source) -> list[str]:
    if source.module.startswith(DOOR):
        return []
    names = constants(source)
    for node in ast.walk(source.tree):  # an SQL text is often named just before it is used
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names.setdefault(node.targets[0].id, node.value)
    in_store = source.module.startswith("appliance.store.")
    wrong = []
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        if dotted(node.func).split(".")[-1] == "Database" or dotted(node.func) == "sqlite3.connect":
            wrong.append(f"{source.place(node)}: only the store opens the database")
        if not isinstance(node.func, ast.Attribute):
            continue
        method, owner = node.func.attr, receiver(node.func.value)
        is_ours = owner.split(".")[-1] in ("db", "conn", "table") or owner == "change"
        writes = (
            method in EXECUTORS and bool(node.args) and WRITING_SQL.match(sql_of(node.args[0], names))
        ) or (method in TABLE_WRITERS and is_table(node.func.value))
        if writes and not (in_store and owner.startswith("change.db")):
            wrong.append(f"{source.place(node)}: writes outside of a change of the store")
        if method in TRANSACTIONS and is_ours:
            wrong.append(f"{source.place(node)}: transactions are db.py's business")
    return wrong


def test_only_a_change_writes() -> None:
    assert [line for source in product() for line in violations(source)] == []


@pytest.mark.parametrize(
    ("path", "line", "is_wrong"),
    [
        ("appliance/store/live.py", "change.db.execute('INSERT INTO live VALUES (1)')", False),
        ("appliance/store/live.py", "change.db.conn.executemany('INSERT INTO live VALUES (?)', x)", False),
        ("appliance/store/live.py", "change.db.table('live').insert({})", False),
        ("appliance/store/live.py", "db.execute('INSERT INTO live VALUES (1)')", True),
        ("appliance/store/live.py", "db.execute(' delete from live')", True),
        ("appliance/store/live.py", "db.execute('SELECT 1')", False),
        ("appliance/store/live.py", "db.table('live').insert({})", True),
        ("appliance/store/live.py", "db['live'].upsert({})", True),
        ("appliance/store/live.py", "SQL = 'UPDATE live SET id = 1'\ndb.execute(SQL)", True),
        (
            "appliance/store/live.py",
            "def f():\n    sql = f'UPDATE {x} SET id = 1'\n    db.execute(sql + y)",
            True,
        ),
        ("appliance/store/live.py", "change.db.commit()", True),
        ("appliance/store/db.py", "db.commit()", False),
        ("appliance/pbx/live.py", "change.db.execute('DELETE FROM live')", True),
        ("appliance/pbx/live.py", "db.execute('SELECT 1 FROM live')", False),
        ("appliance/pbx/live.py", "Database(path)", True),
        ("appliance/pbx/live.py", "sqlite_utils.Database(path)", True),
        ("appliance/pbx/live.py", "rows.insert(0, 1)", False),
        ("appliance/webui/web.py", "words.update(x)", False),
    ],
)
def test_the_check_itself(path: str, line: str, is_wrong: bool) -> None:
    assert bool(violations(read(ROOT / path, line))) is is_wrong
