"""What the dialplan says of a call as soon as it comes in or goes out. Pure; for history.py."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from appliance.pbx.rows import Cel

_CALL = "FOYER_CALL"
_LINE = "FOYER_LINE"
_CHANNEL = "FOYER_CHANNEL"
_NUMBER = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Identity:
    """FOYER_CALL's uuid^line^number^direction; `at` is when, in microseconds. `card_channel` is DAHDI's
    number of the channel that it uses, None for calls over no card.
    """

    uuid: str
    line: str | None
    number: str
    direction: str
    uniqueid: str
    at: int
    card_channel: int | None = None


def identity_of(events: Sequence[Cel]) -> Identity | None:
    """The identity of the call that these rows, in order of time, tell of; None if it is no customer's.

    A call out is tried over one line after the other: its line is the last.
    """
    identity = next(filter(None, map(_identity, events)), None)
    if identity is None:
        return None
    lines = [str(row.extra.get("extra", "")) for row in events if row.kind == _LINE]
    found = replace(identity, line=lines[-1]) if lines else identity
    return replace(found, card_channel=_card_channel(found, events))


def _card_channel(identity: Identity, events: Sequence[Cel]) -> int | None:
    """The one that a call came in over, or the last that was tried for one out before somebody answered: of
    its last line. Whom either is handed on to has channels, too.
    """
    channel, legs = None, set[str]()
    for row in events:
        if row.kind == _LINE:
            channel = None
        elif row.kind == _CHANNEL and _NUMBER.fullmatch(text := str(row.extra.get("extra", ""))):
            channel = int(text)
            legs.add(row.uniqueid)
            if identity.direction == "in":
                break
        elif row.kind == "ANSWER" and row.uniqueid in legs:
            break
    return channel if identity.direction == "out" or identity.uniqueid in legs else None


def _identity(row: Cel) -> Identity | None:
    if row.kind != _CALL:
        return None
    uuid, line, number, direction, *_ = (*str(row.extra.get("extra", "")).split("^"), "", "", "")
    if not _UUID.fullmatch(uuid) or direction not in ("in", "out"):
        return None
    return Identity(uuid, line or None, number, direction, row.uniqueid, row.at)
