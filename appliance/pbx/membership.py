"""Who has to be in which queue, compared with who is: the difference as a list of actions. Pure.

Called by `members.py` after Asterisk booted, on every change of an agent's state or of the live site, and
every few seconds. It looks only at how things are, never at what changed, so that whatever was missed is put
right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from appliance.pbx.ami_parser import Message
from appliance.pbx.ami_wire import Field
from appliance.store.agents import AgentState
from appliance.store.sitemodel import Site

# Reasons and names go into Asterisk as ASCII ids; anything else in the store is a mistake and is left out.
_REASON = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True)
class Member:
    """One agent's phone in one queue. `reason` is the break's code, or `phone`; empty when not paused."""

    queue: str
    interface: str
    agent: str
    paused: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Action:
    """One action for Asterisk's manager interface."""

    name: str
    fields: Mapping[str, Field]


def interface_of(agent: str, device: str) -> str:
    """The phone that rings: `PJSIP/a1` in the browser, `PJSIP/a1d` on the desk."""
    return f"PJSIP/{agent}d" if device == "desk" else f"PJSIP/{agent}"


def wanted(site: Site, states: Mapping[str, AgentState]) -> list[Member]:
    """The members that the queues of this site should have: all agents who are not offline."""
    members: list[Member] = []
    for queue in site.queues:
        for agent in queue.agents:
            state = states.get(agent)
            if state is None or state.state == "offline":
                continue
            is_away = state.state == "break"
            reason = state.reason if is_away and _REASON.fullmatch(state.reason) else ""
            members.append(Member(queue.id, interface_of(agent, state.device), agent, is_away, reason))
    return members


def actual(status: Iterable[Message]) -> tuple[set[str], list[Member]]:
    """The queues and members in the answer to `QueueStatus`."""
    queues: set[str] = set()
    members: list[Member] = []
    for item in status:
        if item.event == "QueueParams":
            queues.add(item.get("Queue"))
        elif item.event == "QueueMember":
            is_paused = item.get("Paused") == "1"
            members.append(
                Member(
                    item.get("Queue"),
                    item.get("Location"),
                    item.get("Name"),
                    is_paused,
                    item.get("PausedReason") if is_paused else "",
                )
            )
    return queues, members


def reconcile(want: Iterable[Member], queues: set[str], have: Iterable[Member]) -> list[Action]:
    """What to ask of Asterisk so that it has exactly the wanted members; empty when all is right.

    Queues that Asterisk does not know (yet) are left out. A phone is taken out before another of the same
    agent is put in, so that no call rings on both.
    """
    wanted_by = {(member.queue, member.interface): member for member in want if member.queue in queues}
    present = {(member.queue, member.interface): member for member in have}
    actions: list[Action] = []
    for place, member in present.items():
        # A member's name cannot be changed in place.
        if place not in wanted_by or wanted_by[place].agent != member.agent:
            actions.append(_remove(member))
    for place, member in wanted_by.items():
        found = present.get(place)
        if found is None or found.agent != member.agent:
            actions += _add(member)
        elif (found.paused, found.reason) != (member.paused, member.reason):
            actions.append(_pause(member))
    return actions


def _remove(member: Member) -> Action:
    return Action("QueueRemove", {"Queue": member.queue, "Interface": member.interface})


def _add(member: Member) -> list[Action]:
    fields = {
        "Queue": member.queue,
        "Interface": member.interface,
        "MemberName": member.agent,
        "Paused": "true" if member.paused else "false",
    }
    # QueueAdd takes no reason; a member who comes in paused never rings in between.
    return [Action("QueueAdd", fields), *([_pause(member)] if member.paused else [])]


def _pause(member: Member) -> Action:
    fields = {
        "Queue": member.queue,
        "Interface": member.interface,
        "Paused": "true" if member.paused else "false",
        **({"Reason": member.reason} if member.reason else {}),
    }
    return Action("QueuePause", fields)
