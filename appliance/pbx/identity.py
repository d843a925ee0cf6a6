"""What the dialplan says of a call as soon as it comes in or goes out. Pure; for history.py."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from appliance.pbx.rows import Cel

_CALL = "FOYER_CALL"
_LINE = "FOYER_LINE"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Identity:
    """FOYER_CALL's uuid^line^number^direction; `at` is when, in microseconds."""

    uuid: str
    line: str | None
    number: str
    direction: str
    uniqueid: str
    at: int


def identity_of(events: Sequence[Cel]) -> Identity | None:
    """The identity of the call that these rows, in order of time, tell of; None if it is no customer's.

    A call out is tried over one line after the other: its line is the last.
    """
    identity = next(filter(None, map(_identity, events)), None)
    lines = [str(row.extra.get("extra", "")) for row in events if row.kind == _LINE]
    return replace(identity, line=lines[-1]) if identity and lines else identity


def _identity(row: Cel) -> Identity | None:
    if row.kind != _CALL:
        return None
    uuid, line, number, direction, *_ = (*str(row.extra.get("extra", "")).split("^"), "", "", "")
    if not _UUID.fullmatch(uuid) or direction not in ("in", "out"):
        return None
    return Identity(uuid, line or None, number, direction, row.uniqueid, row.at)
