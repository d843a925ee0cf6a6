"""How the events of Asterisk's manager say names, times, and who is parked. Pure; used by `live.py`."""

from __future__ import annotations

from appliance.pbx.ami_parser import Message
from appliance.pbx.live_rows import Now, Parked
from appliance.pbx.rows import agent_of, microseconds


def given(text: str, nothing: str = "<unknown>") -> str:
    """Asterisk's word for nothing is no name and no number."""
    return "" if text == nothing else text


def time_of(message: Message, at: int) -> int:
    """When the event happened (ms UTC), by its own stamp; `at` where it has none."""
    stamp = microseconds(message.get("Timestamp"))
    return at if stamp is None else stamp // 1000


def seconds(duration: str) -> int:
    """`HH:MM:SS` in seconds; 0 for anything else."""
    parts = duration.split(":")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return 0
    hours, minutes, seconds = (int(part) for part in parts)
    return hours * 3600 + minutes * 60 + seconds


def park(now: Now, message: Message, at: int, listing: int) -> str:
    """Somebody is parked: notes him, and returns the place. In a list, the event says for how long."""
    place, uniqueid = message.get("ParkingSpace"), message.get("ParkeeUniqueid")
    leg, known = now.legs.get(uniqueid), now.parked.get(place)
    call = message.variables("Parkee").get("FOYER_CALL") or (leg.call if leg else "") or uniqueid
    now.parked[place] = Parked(
        call,
        agent_of(message.get("ParkerDialString")) or "",
        known.since if known and known.call == call else at - int(message.get("ParkingDuration") or 0) * 1000,
        given(message.get("ParkeeCallerIDNum")),
        given(message.get("ParkeeCallerIDName")),
        listing,
    )
    return place
