"""`foyer doctor`: what is wrong with the box and what to do, from the same checks as the system page.

It gathers the facts itself, so that it also helps where none of the box's processes runs any more.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Generator

from appliance.errors import FoyerError
from appliance.health import gather, journal
from appliance.health.checks import findings
from appliance.health.contact import contact
from appliance.health.facts import Contact, Facts
from appliance.health.finding import Finding, exit_code
from appliance.settings import Settings
from appliance.store import DamagedError, Store

_HEADS = {"bad": "WRONG", "warn": "SOON"}


def doctor(settings: Settings, options: argparse.Namespace) -> Generator[str, None, int]:
    """Yields the lines to print; returns the exit code (0 well, 1 will hurt, 2 hurts)."""
    machine = gather.machine(settings, journal.kernel_lines())
    found = findings(Facts(machine, _contact(settings)))
    yield from _json(found) if options.json else _text(found)
    return exit_code(found)


def _contact(settings: Settings) -> Contact | None:
    try:
        store = Store.open(settings.db)
    except DamagedError as error:
        return Contact(database_problem=str(error))
    except (FoyerError, OSError):
        return None
    try:
        return contact(store, settings, thorough=True)
    finally:
        store.close()


def _text(found: list[Finding]) -> Generator[str]:
    if not found:
        yield "Nothing is wrong with this box."
    for finding in found:
        message, hint = finding.sentences(str)
        yield f"{_HEADS[finding.severity]:6} {message}"
        yield f"       {hint}"


def _json(found: list[Finding]) -> Generator[str]:
    plain = []
    for finding in found:
        message, hint = finding.sentences(str)
        plain.append({"severity": finding.severity, "message": message, "hint": hint})
    yield json.dumps(plain, indent=2, ensure_ascii=False)
