"""Which call some rows tell of, and over which line it went out."""

from __future__ import annotations

from typing import Any

from appliance.pbx.identity import Identity, identity_of
from appliance.pbx.rows import Cel

UUID = "ab0006ea-53b9-4aba-bd62-565c0dda5b5e"


def row(kind: str, extra: str, **more: Any) -> Cel:
    fields: dict[str, Any] = dict.fromkeys(Cel.__dataclass_fields__, "")
    return Cel(**{**fields, "kind": kind, "extra": {"extra": extra}, "uniqueid": "1.1", "at": 1, **more})


def test_the_line_is_the_last_that_was_tried() -> None:
    began = row("FOYER_CALL", f"{UUID}^l1^0909123456^out")
    assert identity_of([began]) == Identity(UUID, "l1", "0909123456", "out", "1.1", 1)
    others = [row("FOYER_LINE", "l2"), row("FOYER_LINE", "l3")]
    assert identity_of([began, *others]) == Identity(UUID, "l3", "0909123456", "out", "1.1", 1)


def test_no_call_of_ours_has_no_identity() -> None:
    assert identity_of([]) is None
    assert identity_of([row("FOYER_CALL", "x^l1^1^out"), row("FOYER_LINE", "l2")]) is None
    assert identity_of([row("FOYER_CALL", f"{UUID}^l1^1^up")]) is None
