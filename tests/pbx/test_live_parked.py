"""Parked calls in the live view: told by events, and by the list after a connection."""

from __future__ import annotations

from appliance.pbx.ami_parser import Message
from appliance.pbx.live import LiveState
from tests.pbx.test_live import T, event, folded, listed, written


def parked(ending: str = "ParkedCall", *, at: int = T, duration: str = "0", uniqueid: str = "1") -> Message:
    """Somebody is parked at 10, or leaves that place."""
    caller = {"ParkeeUniqueid": uniqueid, "ParkeeCallerIDNum": "0901", "ParkeeCallerIDName": "<unknown>"}
    place = {"ParkerDialString": "PJSIP/a1d", "ParkingSpace": "10", "ParkingDuration": duration}
    return event(ending, at=at, ParkeeChanVariable="FOYER_CALL=call-1", **caller, **place)


def test_who_is_parked_is_seen_until_fetched() -> None:
    row = {"call": "call-1", "agent": "a1", "since": T, "number": "0901", "name": ""}
    state = folded(parked())
    assert written(state) == {"parked/10": row}
    # Listed later: since then it is the same call; and one that foyer-pbx had never heard of.
    assert "parked/10" not in written(listed(state, parked(at=T + 9_000, duration="9")))
    for end in ("UnParkedCall", "ParkedCallTimeOut", "ParkedCallGiveUp"):
        fresh = listed(LiveState(), parked(at=T + 9_000, duration="9"))
        assert written(fresh)["parked/10"] == row
        assert written(folded(parked(end), state=fresh)) == {"parked/10": None}
    assert written(listed(state))["parked/10"] is None
