"""The one result type of every check: for the pages, for `foyer doctor`, and for whoever reads its JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["warn", "bad"]


class Term(str):
    """A value that is itself a msgid, such as the name of a part of the box."""

    __slots__ = ()


@dataclass(frozen=True)
class Finding:
    """Something that is wrong: in words (`message`, a msgid with placeholders), and what to do (`hint`).

    "bad": calls, records or the box itself suffer now. "warn": they will, if nobody does anything.
    """

    severity: Severity
    message: str
    hint: str
    values: tuple[tuple[str, str | int], ...] = ()

    def sentences(self, gettext: Callable[[str], str]) -> tuple[str, str]:
        """Message and hint in the words of `gettext`."""
        values = {name: gettext(value) if isinstance(value, Term) else value for name, value in self.values}
        return gettext(self.message).format_map(values), gettext(self.hint).format_map(values)


def bad(message: str, hint: str, **values: str | int) -> Finding:
    """Something that hurts now."""
    return Finding("bad", message, hint, tuple(values.items()))


def warn(message: str, hint: str, **values: str | int) -> Finding:
    """Something that will hurt."""
    return Finding("warn", message, hint, tuple(values.items()))


def exit_code(findings: list[Finding]) -> int:
    """0: nothing is wrong; 1: something will be; 2: something is."""
    if any(finding.severity == "bad" for finding in findings):
        return 2
    return 1 if findings else 0
