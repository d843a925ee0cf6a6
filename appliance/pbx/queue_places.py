"""Where callers stand in Asterisk's queues, and where somebody belongs who asked earlier. Pure; for
callbacks.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from appliance.pbx.ami_parser import Message
from appliance.pbx.rows import OTHER_HALF

# include/asterisk/devicestate.h: AST_DEVICE_INVALID, AST_DEVICE_UNAVAILABLE.
_GONE = ("4", "5")


def leg_of(call: str, placed_at: int) -> str:
    """Asterisk's unique id for the leg of a try: its call's id and its time (ms UTC), as its ids look."""
    return f"foyer-back-{placed_at // 1000}.{int(call[:8], 16)}"


@dataclass
class Line:
    """One queue: the priority of each caller and since when he waits (ms UTC), in their order; and whether
    anybody is on duty.
    """

    waiting: list[tuple[int, int]] = field(default_factory=list)
    has_agents: bool = False

    def take(self, priority: int, asked: int) -> int:
        """Puts somebody in who has waited since then; returns the place, 1 for the first."""
        own = (-priority, asked)
        behind = (at for at, (other, since) in enumerate(self.waiting) if (-other, since) > own)
        at = next(behind, len(self.waiting))
        self.waiting.insert(at, (priority, asked))
        return at + 1


def lines(status: Iterable[Message], asked: Mapping[str, int], now: int) -> dict[str, Line]:
    """The queues in the answer to `QueueStatus`. `asked` says since when those wait for whom a leg of the box
    stands there, by the leg's id (`leg_of`).
    """
    found: dict[str, Line] = {}
    for item in status:
        line = found.setdefault(item.get("Queue"), Line()) if item.get("Queue") else Line()
        if item.event == "QueueMember" and item.get("Status") not in _GONE:
            line.has_agents = True
        elif item.event == "QueueEntry":
            since = now - int(item.get("Wait") or 0) * 1000
            began = asked.get(item.get("Uniqueid").removesuffix(OTHER_HALF), since)
            line.waiting.append((int(item.get("Priority") or 0), began))
    return found
