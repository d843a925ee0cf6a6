"""Holds that nobody told: Asterisk tells of a hold when it begins or ends, to the manager interface alone,
and writes it down nowhere. After each connection the agents' legs are asked whether they hold somebody now.

Used by `listener.py`, which takes the answers for events. What began or ended while nobody listened is then
known from this moment on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from appliance.pbx.ami import Ami
from appliance.pbx.ami_parser import Message, message_of
from appliance.pbx.ami_wire import Reply
from appliance.pbx.live_rows import Leg

# chan_pjsip: whether this phone restricted its sound (a hold), as its last offer said.
_IS_ON_HOLD = "CHANNEL(rtp,hold,audio)"


class Holds:
    """Asks without waiting; `answers` are there a moment later."""

    def __init__(self, ami: Ami) -> None:
        self._ami = ami
        self._asked: dict[str, tuple[Leg, Reply]] = {}

    def ask(self, legs: Mapping[str, Leg]) -> None:
        """Asks for each agent's leg, of `legs` by unique id, that talks as far as one knows; answers that are
        still to come are forgotten. Raises `DeviceGone` when the connection is lost.
        """
        self._asked = {
            uniqueid: (leg, self._ami.submit("Getvar", {"Channel": leg.channel, "Variable": _IS_ON_HOLD}))
            for uniqueid, leg in legs.items()
            if leg.agent is not None and leg.state in ("talking", "hold")
        }

    def answers(self) -> Iterator[Message]:
        """The answers that came since, as the events `Hold` and `Unhold`; a leg that is gone gives none."""
        for uniqueid, (leg, reply) in list(self._asked.items()):
            if not reply.is_done():
                continue
            del self._asked[uniqueid]
            value = reply.wait(0).get("Value")
            if value in ("0", "1"):
                yield message_of(
                    (
                        ("Event", "Hold" if value == "1" else "Unhold"),
                        ("Channel", leg.channel),
                        ("Uniqueid", uniqueid),
                        ("Linkedid", leg.linkedid),
                        ("Timestamp", f"{time.time():.6f}"),
                    )
                )
