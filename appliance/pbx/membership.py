"""Who has to be in which queue, compared with who is: the difference as a list of actions. Pure.

Called by `members.py` after Asterisk booted, on every change of an agent's state or of the live site, and
every few seconds. It looks only at how things are, never at what changed, so that whatever was missed is put
right.

Wrap-up is app_queue's: for a queue's `wrapuptime` after a member's last call it gives him no other. It has no
way to end that sooner, but it keeps the time with the member: one who is taken out and put in anew is free.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from appliance.pbx.ami_parser import Message
from appliance.pbx.ami_wire import Field
from appliance.store.agents import AgentState, spared_until
from appliance.store.site_queues import AT_ONCE
from appliance.store.sitemodel import Site

# Reasons and names go into Asterisk as ASCII ids; anything else in the store is a mistake and is left out.
_REASON = re.compile(r"[A-Za-z0-9_-]{1,40}")
# include/asterisk/devicestate.h: UNKNOWN, NOT_INUSE, INVALID, UNAVAILABLE.
_IDLE = ("0", "1", "4", "5")


@dataclass(frozen=True)
class Member:
    """One agent's phone in one queue. `reason` is the break's code, or `phone`; empty when not paused."""

    queue: str
    interface: str
    agent: str
    paused: bool = False
    reason: str = ""
    penalty: int = AT_ONCE
    """How soon he is called, see site_queues.AT_ONCE."""
    last_call: int = 0
    """When the last call from any queue ended, in s UTC; 0 if there was none, or one goes on."""
    is_idle: bool = True
    """Whether his phone neither rings nor talks."""


@dataclass(frozen=True)
class Action:
    """One action for Asterisk's manager interface."""

    name: str
    fields: Mapping[str, Field]


def interface_of(agent: str, device: str) -> str:
    """The phone that rings: `PJSIP/a1` in the browser, `PJSIP/a1d` on the desk."""
    return f"PJSIP/{agent}d" if device == "desk" else f"PJSIP/{agent}"


def wanted(site: Site, states: Mapping[str, AgentState], now: int) -> list[Member]:
    """The members that the queues of this site should have at the moment `now` (ms): all agents who are not
    offline. Who has just declined a call is paused for a while: app_queue would ring the same phone again.
    """
    members: list[Member] = []
    for queue in site.queues:
        for agent in queue.agents:
            state = states.get(agent)
            if state is None or state.state == "offline":
                continue
            is_away = state.state == "break" or now < spared_until(site, state, now)
            reason = state.reason if is_away and _REASON.fullmatch(state.reason) else ""
            interface = interface_of(agent, state.device)
            members.append(Member(queue.id, interface, agent, is_away, reason, queue.level(agent)))
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
                    int(item.get("Penalty") or AT_ONCE),
                    int(item.get("LastCall") or 0) if item.get("InCall") == "0" else 0,
                    item.get("Status") in _IDLE,
                )
            )
    return queues, members


def resting(site: Site, have: Iterable[Member], now_s: int) -> dict[str, int]:
    """The agents to whom app_queue may give no call because of their last one, and when that ended (s UTC).

    A call that came from one queue counts in all of them, with that queue's time: the longest is looked at.
    """
    longest_s = max((queue.wrap_up_seconds for queue in site.queues), default=0)
    return {member.agent: member.last_call for member in have if now_s - member.last_call < longest_s}


def reconcile(
    want: Iterable[Member],
    queues: set[str],
    have: Iterable[Member],
    ready: Collection[str] = (),
    anew: Collection[tuple[str, str]] = (),
) -> list[Action]:
    """What to ask of Asterisk so that it has exactly the wanted members; empty when all is right.

    Queues that Asterisk does not know (yet) are left out. A phone is taken out before another of the same
    agent is put in, so that no call rings on both. `ready` are agents whose wrap-up is over, although
    app_queue may think otherwise; `anew` are queue and phone of those whose place is wrong (list_order.py).
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
        elif place in anew or (found.last_call and found.agent in ready):
            actions += [_remove(found), *_add(member)]
        else:
            if (found.paused, found.reason) != (member.paused, member.reason):
                actions.append(_pause(member))
            if found.penalty != member.penalty:
                place_fields = {"Queue": member.queue, "Interface": member.interface}
                actions.append(Action("QueuePenalty", {**place_fields, "Penalty": str(member.penalty)}))
    return actions


def _remove(member: Member) -> Action:
    return Action("QueueRemove", {"Queue": member.queue, "Interface": member.interface})


def _add(member: Member) -> list[Action]:
    fields = {
        "Queue": member.queue,
        "Interface": member.interface,
        "MemberName": member.agent,
        "Paused": "true" if member.paused else "false",
        "Penalty": str(member.penalty),
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
