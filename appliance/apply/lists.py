"""Queues that are to call agents in the order of their list, and have called them in another way before.
Pure; for applier.py and asterisk.py.

app_queue decides once how it keeps the members of a queue, when it makes the queue: in the order in which
they came for the strategy linear, by a hash of their names for the others (apps/app_queue.c, init_queue).
Reading another strategy later does not change that. So such a queue is dropped and made anew at once, gets
its members back, and who waited in it comes back in the same order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from appliance.apply.objects import Queue, Waiting
from appliance.store.site_queues import LINEAR

# Where app_queue keeps the members of each queue (`persistentmembers`), paused ones with the reason.
MEMBERS = "Queue/PersistentMembers"
_VALUE = re.compile(r"^Value: (.*)$", re.MULTILINE)
_CALLER = re.compile(r"^ +\d+\. (\S+) \(wait: ", re.MULTILINE)
_WORD = re.compile(r"[\w/.-]+", re.ASCII)


@dataclass(frozen=True)
class Kept:
    """What is to be known of queues that are dropped: the agents of each in the order of its list, what
    app_queue keeps of its members, and the channels of those who waited, in their order: who was about to be
    connected comes first. `life`: of the Asterisk in which that is so.
    """

    agents: Mapping[str, Sequence[str]] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    waiting: Sequence[str] = ()
    life: Sequence[int] = ()

    def to_text(self) -> str:
        """For the disk, where one who comes after a kill finds it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Kept:
        """Of `to_text`; empty for any other text."""
        try:
            found = json.loads(text)
            return cls(found["agents"], found["members"], found["waiting"], found["life"])
        except (ValueError, KeyError, TypeError):
            return cls()

    def and_(self, other: Kept) -> Kept:
        """Both; those of this one waited first."""
        waiting = list(dict.fromkeys((*self.waiting, *other.waiting)))
        return Kept({**self.agents, **other.agents}, {**self.members, **other.members}, waiting, other.life)


@dataclass(frozen=True)
class Dropped:
    """`kept` is put back as soon as these queues are made again; who waits in `queues` may have lost his. Of
    those in `still`, which had been made again already, only who is in `kept`: others are being connected.
    """

    kept: Kept
    queues: Collection[str]
    still: Collection[str] = ()

    def lost(self, waiting: Iterable[Waiting], listed: Collection[str]) -> list[Waiting]:
        """Who waits in a queue that is gone, of all who wait, in the order in which they came; `listed` are
        the channels that the queues have.
        """
        known = set(self.kept.waiting)
        found = [
            one
            for one in waiting
            if one.queue in self.queues
            and one.channel not in listed
            and (one.queue not in self.still or one.channel in known)
        ]
        return in_order(found, self.kept.waiting)


def of(queues: Mapping[str, Queue]) -> list[str]:
    """Those of the queues that call in the order of their list."""
    return [name for name, queue in queues.items() if queue.strategy == LINEAR]


def becoming(wanted: Mapping[str, Queue], found: Mapping[str, Queue]) -> list[str]:
    """The queues that call in the order of their list from now on, and have not done so until now."""
    return [name for name in of(wanted) if name in found and found[name].strategy != LINEAR]


def without(text: str, queues: Collection[str]) -> str:
    """queues.conf without the sections of these queues."""
    kept = []
    is_kept = True
    for line in text.splitlines(keepends=True):
        if line.startswith("["):
            is_kept = line.strip("[]\n") not in queues
        if is_kept:
            kept.append(line)
    return "".join(kept)


def callers(answer: str) -> tuple[str, ...]:
    """The channels of those who wait, in their order, from `queue show`."""
    return tuple(_CALLER.findall(answer))


def put_in(queue: str, answer: str, agents: Sequence[str]) -> list[str]:
    """The commands that put those in again who are in this queue, in the order of `agents`; from
    `database get` of MEMBERS: `interface;penalty;paused;name;state interface;reason;...` for each.
    """
    found = _VALUE.search(answer)
    rows = [row.split(";") for row in found.group(1).split("|")] if found else []
    ranks = {agent: at for at, agent in enumerate(agents)}
    commands = []
    for row in sorted(rows, key=lambda row: ranks.get(row[3] if len(row) > 3 else "", len(ranks))):
        if len(row) < 6 or not all(_WORD.fullmatch(value) for value in row[:5]):
            continue
        interface, penalty, paused, name, device, reason = row[:6]
        command = (
            f"queue add member {interface} to {queue} penalty {penalty} as {name} state_interface {device}"
        )
        if paused == "1":
            command += f" paused {reason if _WORD.fullmatch(reason) else 'break'}"
        commands.append(command)
    return commands


def place(one: str, order: Sequence[str], there: Sequence[str]) -> int:
    """Where this channel of `order` belongs in a queue where those of `there` stand: behind all who came
    before it, and before who came since.
    """
    sooner = order[: order.index(one)]
    return max((at + 1 for at, other in enumerate(there, 1) if other in sooner), default=1)


def in_order(lost: Collection[Waiting], waiting: Sequence[str]) -> list[Waiting]:
    """Those who lost their queue, in the order in which they waited. Who is not in `waiting` came after that
    was written down.
    """
    places = {channel: at for at, channel in enumerate(waiting)}
    return sorted(lost, key=lambda one: places.get(one.channel, len(places)))
