"""Whether a recording has all that was said: read from where the call went and when recordings began."""

from __future__ import annotations

import pytest

from appliance.pbx.kept_files import is_part
from appliance.pbx.legs import Span, Stay
from appliance.pbx.rows import Cel

UNRECORDED = "FOYER_UNRECORDED"


@pytest.mark.parametrize(
    ("begins", "marks", "talks", "wanted"),
    [
        ((1,), (), (2,), False),
        # Handed on to a queue that records nothing: nobody answered there, or somebody did.
        ((1,), (5,), (2,), False),
        ((1,), (5,), (2, 6), True),
        # There first, then recorded, without and with a talk before.
        ((7,), (5,), (8,), False),
        ((7,), (5,), (6, 8), True),
        # There twice.
        ((1, 7), (5, 9), (2, 8, 10), True),
    ],
)
def test_what_a_recording_lacks(
    begins: tuple[int, ...], marks: tuple[int, ...], talks: tuple[int, ...], wanted: bool
) -> None:
    apps = [Stay("queue", "q1", 0), *(Stay("mixmonitor", "", at) for at in begins)]
    events = [event("ANSWER", 0), *(event(UNRECORDED, at) for at in marks)]
    assert is_part(apps, events, [Span("a1", at, None) for at in talks]) is wanted


def event(kind: str, at: int) -> Cel:
    """A row of CEL about the call's leg."""
    return Cel(at, kind, "PJSIP/l1-1", "1.1", "", "", "", "", "", {})
