"""Orders to ring an agent's phone that Asterisk has taken and not begun yet: until then its list of channels
says nothing, and a second click would ring the phone a second time.

`actions.py` gives the orders; the listener's thread says which channels have come (`came`).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from appliance.pbx.ami_parser import Message
from appliance.pbx.rows import agent_of

LONGEST_S = 4.0
"""After so long nobody waits for it any more: Asterisk could not begin it, or could not be heard."""


class Orders:
    """One for each agent."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._given: dict[str, float] = {}

    def give(self, agent_id: str) -> None:
        """His phone is about to be rung: to be said before Asterisk is asked, which may be quick."""
        self._given[agent_id] = self._clock()

    def drop(self, agent_id: str) -> None:
        """Nothing will come of it, or it has begun."""
        self._given.pop(agent_id, None)

    def is_open(self, agent_id: str) -> bool:
        """Whether a channel to his phone is still to come."""
        given = self._given.get(agent_id)
        return given is not None and self._clock() - given < LONGEST_S

    def came(self, message: Message) -> None:
        """A channel is there (`Newchannel`)."""
        agent_id = agent_of(message.get("Channel"))
        if agent_id is not None:
            self.drop(agent_id)
