"""Who heard whom when, as a call's legs tell it."""

from __future__ import annotations

from appliance.pbx.legs import Span, without


def test_who_takes_a_call_off_hold_to_hand_it_on_has_not_talked_again() -> None:
    """However long a busy machine takes between the two."""
    talk, hold = Span("a1", 0, 5_200_000), Span("a1", 2_000_000, 5_000_000)
    assert without(talk, [hold]) == ([Span("a1", 0, 2_000_000)], [Span("a1", 2_000_000, 5_200_000)])
    longer = Span("a1", 0, 5_400_000)
    left, held = without(longer, [hold])
    assert left[1:] == [Span("a1", 5_000_000, 5_400_000)] and held == [hold]
