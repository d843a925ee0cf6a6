"""Imports point one way: base <- store <- the processes <- apply <- webui, as the design says.

Siblings meet in the store. Only `__main__.py` files wire. `privileged` stands apart: it knows errors and
settings only, and others know only its client.
"""

from __future__ import annotations

import ast

import pytest

from tests.lint.source import ROOT, Source, product, read

BASE = (
    "errors",
    "settings",
    "service",
    "on_demand",
    "network",
    "space",
    "durable",
    "fault",
    "secure_boot",
    "drivers",
)
SIBLING = (*BASE, "store", "privileged.client")
# What each part may import besides itself, as prefixes below `appliance`.
MAY_IMPORT = {
    "errors": (),
    "settings": ("errors",),
    "service": ("errors", "settings"),
    "on_demand": (),
    "space": (),
    "fault": (),
    "secure_boot": (),
    "drivers": (),
    "disk": BASE,
    "durable": (),
    "network": ("errors", "settings", "service", "durable"),
    "store": BASE,
    "hw": SIBLING,
    "pbx": SIBLING,
    "channels": SIBLING,
    "desk": SIBLING,
    "reports": SIBLING,
    "names": SIBLING,
    "health": SIBLING,
    "console": (*SIBLING, "health.client", "health.checks", "health.facts"),
    "setup": SIBLING,
    "sound": BASE,
    "apply": (*SIBLING, "pbx.conf", "hw.dahdi", "sound.speech"),
    "webui": (*SIBLING, "reports", "apply", "health", "sound"),
    "privileged": BASE,
}
# A library with one importer, or one family of them: what the design keeps in one place.
ONLY_IN = {
    "asterisk": ("appliance.pbx.ami",),
    "sqlite3": ("appliance.store",),
    "argon2": ("appliance.store.passwords",),
    "bottle": ("appliance.webui",),
    "cheroot": ("appliance.webui",),
    "jinja2": ("appliance.webui", "appliance.pbx.conf"),
    # Whoever imports it must stay away from its geocoder and carrier tables (70 to 170 MB).
    "phonenumbers": ("appliance.store.phone", "appliance.store.number_plan", "appliance.webui.labels"),
}
# What is sound of a library whose other modules nobody may import. pyst2's `asterisk.fastagi` is Python 2,
# and `asterisk.agi` neither works off the main thread nor escapes quotes.
ONLY_OF = {"asterisk": ("asterisk.manager",)}


def imports(source: Source) -> list[tuple[ast.AST, str]]:
    """Every module that a file imports, with the names taken from a package as modules of their own."""
    found: list[tuple[ast.AST, str]] = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found.extend((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = node.module or ""
            if node.level:
                base = source.module.split(".")
                keep = len(base) - node.level + (source.path.name == "__init__.py")
                package = ".".join([*base[:keep], *([package] if package else [])])
            found.extend((node, f"{package}.{alias.name}") for alias in node.names)
    return found


def violations(source: Source) -> list[str]:
    part = source.module.split(".")[1] if "." in source.module else ""
    if not part:
        return []
    wrong = []
    for node, name in imports(source):
        library = name.split(".")[0]
        homes = ONLY_IN.get(library)
        if homes and not source.module.startswith(homes):
            wrong.append(f"{source.place(node)}: {library} belongs to {', '.join(homes)} only")
        sound = ONLY_OF.get(library)
        if sound and not any(name == module or name.startswith(f"{module}.") for module in sound):
            wrong.append(f"{source.place(node)}: of {library}, only {', '.join(sound)} may be imported")
        if library != "appliance" or source.path.name == "__main__.py":
            continue
        inner = name.removeprefix("appliance").lstrip(".")
        allowed = (part, *MAY_IMPORT.get(part, ()))
        if inner and not any(inner == prefix or inner.startswith(prefix + ".") for prefix in allowed):
            wrong.append(f"{source.place(node)}: {part} must not import {name}")
    return wrong


def test_imports_point_one_way() -> None:
    assert [line for source in product() for line in violations(source)] == []


def test_every_part_has_its_rule() -> None:
    parts = {source.module.split(".")[1] for source in product() if "." in source.module}
    assert parts <= set(MAY_IMPORT)


@pytest.mark.parametrize(
    ("path", "line", "is_wrong"),
    [
        ("appliance/pbx/live.py", "from appliance.store import live", False),
        ("appliance/pbx/live.py", "from appliance.webui import web", True),
        ("appliance/pbx/live.py", "import appliance.hw.modem", True),
        ("appliance/pbx/live.py", "from appliance import hw", True),
        ("appliance/pbx/live.py", "from ..hw import modem", True),
        ("appliance/pbx/live.py", "from . import history", False),
        ("appliance/pbx/__init__.py", "from .. import webui", True),
        ("appliance/pbx/__main__.py", "from appliance.store import Store", False),
        ("appliance/store/db.py", "from appliance.pbx import live", True),
        ("appliance/store/db.py", "from appliance.store.ids import new_id", False),
        ("appliance/errors.py", "from appliance.settings import Settings", True),
        ("appliance/apply/run.py", "from appliance.pbx.conf import queues_conf", False),
        ("appliance/apply/run.py", "from appliance.pbx import conf", False),
        ("appliance/apply/run.py", "from appliance.pbx import history", True),
        ("appliance/webui/app.py", "from appliance.privileged.client import call", False),
        ("appliance/webui/app.py", "from appliance.privileged.server import serve", True),
        ("appliance/privileged/server.py", "from appliance.store import Store", True),
        ("appliance/webui/app.py", "import sqlite3", True),
        ("appliance/pbx/live.py", "def f():\n    from asterisk.manager import Manager", True),
        ("appliance/pbx/ami.py", "from asterisk.manager import Manager", False),
        ("appliance/pbx/ami.py", "from asterisk import manager", False),
        ("appliance/pbx/ami.py", "import asterisk", True),
        ("appliance/pbx/ami.py", "from asterisk.agi import AGI", True),
        ("appliance/pbx/ami.py", "from asterisk import fastagi", True),
    ],
)
def test_the_check_itself(path: str, line: str, is_wrong: bool) -> None:
    assert bool(violations(read(ROOT / path, line))) is is_wrong
