"""An agent asks somebody before he hands his call on: Asterisk moves his leg to another bridge, where that
one's phone rings, and back when nothing comes of it. Pure.

Used by `live.py`; the row says it (`live_rows.py`), so that no page believes in somebody who did not answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from appliance.pbx.live_rows import ASKING, Asking, Leg


def enter(leg: Leg, bridge: str, at: int, legs: Collection[Leg]) -> Iterator[Leg]:
    """A leg of `legs` enters a bridge at `at` (ms): notes that, and yields the agents' legs whose asking
    begins or ends with it.
    """
    left, leg.bridge = leg.bridge, bridge
    if left in ("", bridge):
        return
    for one, asks in _asking(legs):
        # Talking all three together may take the caller to the others, and not them to the caller.
        if one is not leg and (one.bridge, asks.home) == (bridge, left):
            asks.how = "back"
            yield one
    # Who was asked is taken to whom the agent left there: that is no asking of his own.
    is_taken = any(
        one is not leg and (one.bridge, asks.home) == (left, bridge) for one, asks in _asking(legs)
    )
    if leg.agent is None or is_taken:
        return
    if leg.asks is None or leg.asks.how != ASKING:
        if any(not _is_wiring(one, bridge, legs) for one in _in(left, legs)):
            leg.asks = Asking(at, left)
            yield leg
    elif leg.asks.home == bridge:
        leg.asks.how = _result(leg.asks, list(_in(left, legs)))
        yield leg


def listed(leg: Leg, bridge: str) -> None:
    """A leg stands in this bridge, "" for none, whatever was seen of it."""
    leg.bridge = bridge
    if leg.asks is not None and leg.asks.how == ASKING and leg.asks.home == bridge:
        leg.asks.how = "back"


def hang_up(gone: Leg, legs: Collection[Leg]) -> Iterator[Leg]:
    """A leg is no longer one of `legs`: yields the agents' legs for which there is nobody to go back to."""
    for one, asks in _asking(legs):
        if one.bridge == gone.bridge:
            asks.was_refused = not gone.there
        elif asks.home == gone.bridge and not any(_in(gone.bridge, legs)):
            asks.how = "alone"
            yield one


def _asking(legs: Iterable[Leg]) -> Iterator[tuple[Leg, Asking]]:
    return ((one, one.asks) for one in legs if one.asks is not None and one.asks.how == ASKING)


def _in(bridge: str, legs: Iterable[Leg]) -> Iterator[Leg]:
    return (one for one in legs if one.bridge == bridge)


def _is_wiring(leg: Leg, bridge: str, legs: Iterable[Leg]) -> bool:
    """Whether it is one end of Asterisk's own wiring to that bridge: nobody who waits, and soon cut out."""
    name, end = leg.channel[:-1], leg.channel[-2:]
    other = {";1": f"{name}2", ";2": f"{name}1"}.get(end)
    return any(one.channel == other and one.bridge == bridge for one in legs)


def _result(asks: Asking, there: list[Leg]) -> str:
    """What became of it, once the agent is back; `there`: who is where he asked, though maybe about to go."""
    has_answered = any(one.there for one in there) or not (there or asks.was_refused)
    return "back" if has_answered else "unanswered"
