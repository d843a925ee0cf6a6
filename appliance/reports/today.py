"""The figures of a day so far, per queue: calls, answered, abandoned, service level, average wait. From
segments only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlite_utils import Database

# A call's own row and its first moment of waiting and of talking, in the queue that it was in last.
_CALLS = """
SELECT conversation.queue_id, conversation.state, conversation.outcome,
       (SELECT min(started) FROM segment WHERE conversation_id = conversation.id AND kind = 'wait') AS
       waited_from, (SELECT min(started) FROM segment WHERE conversation_id = conversation.id AND kind =
       'talk') AS talked_from
FROM conversation
WHERE started >= ? AND started < ? AND channel = 'voice' AND direction = 'in' AND queue_id IS NOT NULL
"""


@dataclass(frozen=True)
class Figures:
    """`in_time` are the calls answered within the queue's target; `waited_ms` is the sum of the answered
    calls' waits.

    A call that is still waiting is one of `calls` and nothing else.
    """

    calls: int = 0
    answered: int = 0
    abandoned: int = 0
    unserved: int = 0
    in_time: int = 0
    waited_ms: int = 0

    @property
    def service_level(self) -> float | None:
        """The share, 0 to 1, of all calls that came to an end that were answered in time; None before the
        first.
        """
        ended = self.answered + self.abandoned + self.unserved
        return self.in_time / ended if ended else None

    @property
    def average_wait_ms(self) -> int | None:
        """How long those who were answered waited, on average; None before the first."""
        return self.waited_ms // self.answered if self.answered else None

    def __add__(self, other: Figures) -> Figures:
        names = self.__dataclass_fields__
        return replace(self, **{name: getattr(self, name) + getattr(other, name) for name in names})


def by_queue(db: Database, since: int, until: int, targets_s: Mapping[str, int]) -> dict[str, Figures]:
    """The figures of each queue that had a call between two moments (ms UTC, `until` excluded).

    `targets_s`: in how many seconds a queue's calls should be answered. Abandoned: the caller hung up while
    waiting. Unserved: told that nobody is there, cut off, or waited longer than the queue allows.
    """
    found: dict[str, Figures] = {}
    for queue_id, state, outcome, waited_from, talked_from in db.execute(_CALLS, (since, until)):
        figures = Figures(calls=1)
        if talked_from is not None:
            waited_ms = max(0, talked_from - (talked_from if waited_from is None else waited_from))
            in_time = waited_ms <= targets_s.get(queue_id, 0) * 1000
            figures = replace(figures, answered=1, in_time=int(in_time), waited_ms=waited_ms)
        elif outcome == "abandoned":
            figures = replace(figures, abandoned=1)
        elif state != "open":
            figures = replace(figures, unserved=1)
        found[queue_id] = found.get(queue_id, Figures()) + figures
    return found


def total(figures: Mapping[str, Figures]) -> Figures:
    """All queues together."""
    return sum(figures.values(), Figures())
