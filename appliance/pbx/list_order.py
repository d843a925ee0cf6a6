"""Queues that ring "in the order of the list": app_queue goes by who came into the queue first, so members.py
puts those in anew who stand before somebody whom the list has before them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from appliance.pbx.membership import Member
from appliance.store.site_queues import LINEAR
from appliance.store.sitemodel import Site

type Phones = tuple[str, ...]
"""The phones that are in a queue, in the order of its list."""


class ListOrder:
    """Says who has to be put in anew. Once only for the same members, if that was of no use: whatever keeps
    them in another order, nobody is taken out and put in for ever. A queue that has rung in another way is
    made anew by foyer-apply when it begins to ring in this one (apply/lists.py).
    """

    def __init__(self) -> None:
        self._tried: dict[str, Phones] = {}

    def anew(
        self, site: Site, want: Iterable[Member], have: Collection[Member], at_rest: Collection[str]
    ) -> set[tuple[str, str]]:
        """Queue and phone of each. Nobody of a queue while one of them has a call or a wrap-up (`at_rest`),
        which app_queue would forget.
        """
        found: set[tuple[str, str]] = set()
        by_queue: dict[str, list[str]] = {}
        for member in want:
            by_queue.setdefault(member.queue, []).append(member.interface)
        for queue in site.queues:
            listed = by_queue.get(queue.id, []) if queue.strategy == LINEAR else []
            there = [one for one in have if one.queue == queue.id and one.interface in listed]
            late = _late(there, listed)
            if not late:
                self._tried.pop(queue.id, None)
            elif all(one.is_idle and one.agent not in at_rest for one in late):
                phones = tuple(one for one in listed if any(one == other.interface for other in there))
                if self._tried.get(queue.id) != phones:
                    found |= {(queue.id, one.interface) for one in late}
                    self._tried[queue.id] = phones
        return found


def _late(there: list[Member], listed: list[str]) -> list[Member]:
    """Those who are there and have to go behind others who are, or are still to come."""
    right = 0
    while right < len(there) and there[right].interface == listed[right]:
        right += 1
    return there[right:]
