"""Which call some rows tell of, and over which line it went out."""

from __future__ import annotations

from typing import Any

import pytest

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


@pytest.mark.parametrize(
    ("events", "wanted"),
    [
        # Over any card, or none.
        ([("FOYER_CHANNEL", "33", "1.2")], 33),
        ([("FOYER_CHANNEL", "x", "1.2")], None),
        # The next port, the next line over a card, and the next one, which is over none.
        ([("FOYER_CHANNEL", "33", "1.2"), ("FOYER_LINE", "l1", "1.1"), ("FOYER_CHANNEL", "34", "1.3")], 34),
        ([("FOYER_CHANNEL", "33", "1.2"), ("FOYER_LINE", "l2", "1.1")], None),
        # Whom the box calls once that one has answered is not whom the agent called.
        ([("FOYER_CHANNEL", "33", "1.2"), ("ANSWER", "", "1.2"), ("FOYER_CHANNEL", "34", "1.3")], 33),
    ],
)
def test_the_channel_of_a_call_out(events: list[tuple[str, str, str]], wanted: int | None) -> None:
    began = row("FOYER_CALL", f"{UUID}^l1^0909123456^out")
    told = [row(kind, extra, uniqueid=leg) for kind, extra, leg in events]
    identity = identity_of([began, *told])
    assert identity and identity.card_channel == wanted


@pytest.mark.parametrize(("leg", "wanted"), [("1.1", 3), ("1.2", None)])
def test_the_channel_of_a_call_in(leg: str, wanted: int | None) -> None:
    """That of the caller, and of nobody to whom he is handed on."""
    began = row("FOYER_CALL", f"{UUID}^l1^02812345678^in")
    other = row("FOYER_CHANNEL", "34", uniqueid="1.3")
    identity = identity_of([row("FOYER_CHANNEL", "3", uniqueid=leg), began, other])
    assert identity and identity.card_channel == wanted


def test_no_call_of_ours_has_no_identity() -> None:
    assert identity_of([]) is None
    assert identity_of([row("FOYER_CALL", "x^l1^1^out"), row("FOYER_LINE", "l2")]) is None
    assert identity_of([row("FOYER_CALL", f"{UUID}^l1^1^up")]) is None
