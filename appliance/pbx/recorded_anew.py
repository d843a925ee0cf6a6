"""Begins the recording of somebody who was called back anew when another leg comes to the agent's end: a page
that was reloaded, or the next agent.

Used by `callbacks.py`. Any other leg that is recorded does so itself, at once (dialplan/foyer-call.conf,
foyer-other-end, which says why). The box's own half that is recorded here has no news of its far end, so that
foyer-pbx looks: what the agent says is missing for a second at most, and not for the rest of the call.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable

from appliance.errors import RejectedError
from appliance.pbx.ami import Ami
from appliance.pbx.ami_parser import Message
from appliance.pbx.ami_session import ActionSession
from appliance.pbx.queue_places import leg_of
from appliance.pbx.rows import OTHER_HALF
from appliance.store.callbacks import Callback

GAP_S = 0.06
"""For some frames to go by without a recording, as in foyer-other-end."""


class AgentEnds:
    """Who was last seen at the agent's end of each call back. `session` may begin a recording (foyer-pbx's
    other one may not).
    """

    def __init__(self, session: ActionSession) -> None:
        self._session = session
        self._seen: dict[str, str] = {}

    def follow(self, known: Iterable[Callback], channels: Iterable[Message]) -> None:
        """Looks at all that are `known`; `channels` are those that are up. Who is seen for the first time may
        have come while nobody looked. Raises `DeviceGone` or `TransientError`.
        """
        up = {item.get("Uniqueid"): item for item in channels}
        legs = [leg_of(one.try_uuid, one.placed_at) for one in known if one.try_uuid and one.placed_at]
        seen = {leg: who for leg in legs if (who := _agent_end(leg, up) or self._seen.get(leg, ""))}
        changed = [leg for leg, who in seen.items() if leg in up and self._seen.get(leg) != who]
        if not changed:
            self._seen = seen
            return
        ami = self._session.ami()
        # One after the other: each misses its own moment and not those of the others.
        for leg in changed:
            _begin_anew(ami, up[leg].get("Channel"))
            self._seen[leg] = seen[leg]
        self._seen = seen


def _agent_end(leg: str, up: dict[str, Message]) -> str:
    """The unique id of whoever is connected with the half that waited in the queue; "" for nobody."""
    half = up.get(f"{leg}{OTHER_HALF}")
    room = half.get("BridgeId") if half else ""
    there = (name for name, one in up.items() if one is not half and one.get("BridgeId") == room)
    return next(there, "") if room else ""


def _begin_anew(ami: Ami, channel: str) -> None:
    file = _stop(ami, channel)
    if not file:
        return
    time.sleep(GAP_S)
    with contextlib.suppress(RejectedError):  # it has gone meanwhile
        ami.ask("MixMonitor", {"Channel": channel, "File": file, "Options": "ab"})


def _stop(ami: Ami, channel: str) -> str:
    """Ends a recording that is to go on, and returns its file; "" if none is."""
    try:
        if ami.ask("Getvar", {"Channel": channel, "Variable": "FOYER_RECORD_AGAIN"}).get("Value") != "yes":
            return ""
        file = ami.ask("Getvar", {"Channel": channel, "Variable": "MIXMONITOR_FILENAME"}).get("Value")
    except RejectedError:
        return ""  # it has gone meanwhile
    # Where the last try came no further, there is none to stop.
    with contextlib.suppress(RejectedError):
        ami.ask("StopMixMonitor", {"Channel": channel})
    return file
