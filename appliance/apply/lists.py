"""Queues that are to call agents in the order of their list, and have called them in another way before.
Pure; for applier.py and asterisk.py.

app_queue decides once how it keeps the members of a queue, when it makes the queue: in the order in which
they came for the strategy linear, by a hash of their names for the others (apps/app_queue.c, init_queue).
Reading another strategy later does not change that. So such a queue is dropped and made anew at once, gets
its members back, and who waited in it comes back in the same order.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from appliance.apply.objects import Queue, Waiting
from appliance.store.site_queues import LINEAR

# Where app_queue keeps the members of each queue (`persistentmembers`), paused ones with the reason.
MEMBERS = "Queue/PersistentMembers"
_VALUE = re.compile(r"^Value: (.*)$", re.MULTILINE)
_CALLER = re.compile(r"^ +\d+\. (\S+) \(wait: ", re.MULTILINE)
_WORD = re.compile(r"[\w/.-]+", re.ASCII)


@dataclass(frozen=True)
class Kept:
    """What is to be known of queues that were dropped: the agents of each in the order of its list, and the
    channels of those who waited, in their order.
    """

    agents: Mapping[str, Sequence[str]] = field(default_factory=dict)
    waiting: tuple[str, ...] = ()


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


def in_order(lost: Collection[Waiting], waiting: Sequence[str]) -> list[Waiting]:
    """Those who lost their queue, in the order in which they waited. Who is not in `waiting` was just about
    to be connected and comes first.
    """
    places = {channel: at for at, channel in enumerate(waiting)}
    return sorted(lost, key=lambda one: places.get(one.channel, -1))
