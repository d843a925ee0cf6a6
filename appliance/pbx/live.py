"""What goes on in Asterisk now, folded from its manager events. Pure: events in, changed `live` rows out.

Used by `listener.py`; the rows are described in `live_rows.py`. After a connection everything is listed anew.
The answers come in the same stream as the events and are folded like them; what a complete list did not name,
and no event since it was asked for, is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.pbx import asking, live_events
from appliance.pbx.ami_parser import Message
from appliance.pbx.live_events import given, seconds, time_of
from appliance.pbx.live_rows import Caller, Key, Known, Leg, Now, Place, Row, line_of
from appliance.pbx.rows import agent_of, device_of

LISTS = {
    "CoreShowChannels": "CoreShowChannelsComplete",
    "QueueStatus": "QueueStatusComplete",
    "ParkedCalls": "ParkedCallsComplete",
    "DeviceStateList": "DeviceStateListComplete",
    "PJSIPShowRegistrationsOutbound": "OutboundRegistrationDetailComplete",
}
"""The actions that list everything, and the event that ends each list. Channels come first: only they name
the call that a caller in a queue belongs to."""

_GONE = ("UNAVAILABLE", "INVALID", "UNKNOWN", "")
# ChannelState of main/channel.c.
_DOWN, _DIALING, _RINGING, _UP = "0", "4", "5", "6"

LINE_REFUSALS = frozenset(
    map(str, (401, 402, 403, 407, 415, 488, 500, 501, 502, 503, 504, 505, 513, 580, 606))
)
"""SIP statuses of a call out (RFC 3261, 21) that speak of the line; others speak of who was called."""


@dataclass
class LiveState:
    """Everything that is known now. `fold` an event, then take the `changes`, and `confirm` them once
    committed.
    """

    now: Now = field(default_factory=Now)
    _listing: int = 0
    _awaited: set[str] = field(default_factory=set)
    _dirty: dict[Key, None] = field(default_factory=dict)
    _confirmed: dict[Key, Row] = field(default_factory=dict)

    def fold(self, message: Message, at: int) -> None:
        """Takes in one event; `at` (ms) stands in where Asterisk gave no time. Unknown events change
        nothing.
        """
        handler = _HANDLERS.get(message.event)
        if handler is not None:
            handler(self, message, time_of(message, at))

    def begin_listing(self) -> tuple[str, ...]:
        """Everything is about to be listed anew: returns the actions to ask, whose answers are then to be
        folded.
        """
        self._listing += 1
        self._awaited = set(LISTS.values())
        return tuple(LISTS)

    @property
    def is_complete(self) -> bool:
        """Whether every list asked for has come."""
        return not self._awaited

    def complete(self, end: str) -> None:
        """A list has ended, with the event `end` (one of `LISTS`) or because it is empty: the rest is
        gone.
        """
        self._awaited.discard(end)
        if end == LISTS["QueueStatus"]:
            for queue, callers in self.now.callers.items():
                for caller in [caller for caller in callers if caller.seen < self._listing]:
                    self._leave(queue, caller)
            self._sweep(self.now.places)
        elif end == LISTS["CoreShowChannels"]:
            self._sweep(self.now.legs)
            for leg in self.now.legs.values():
                if leg.agent is not None and not leg.call:
                    self._adopt(leg)
        elif end == LISTS["ParkedCalls"]:
            for place in [place for place, one in self.now.parked.items() if one.seen < self._listing]:
                self._free(place)
        elif end == LISTS["DeviceStateList"]:
            self._sweep(self.now.devices)
        elif end == LISTS["PJSIPShowRegistrationsOutbound"]:
            self._sweep(self.now.registrations)

    def set_up(self, is_up: bool, since: int) -> None:
        """Whether Asterisk can be heard, and since when (ms)."""
        if self.now.state.get("up") is not is_up:
            self.now.state = {"up": is_up, "since": since}
            self._touch("pbx", "state")

    @property
    def has_calls(self) -> bool:
        """Whether any call of a line or an agent is up."""
        return bool(self.now.legs)

    @property
    def dirty(self) -> int:
        """How many rows may have to be written."""
        return len(self._dirty)

    def changes(self, limit: int = 200) -> dict[Key, Row | None]:
        """At most `limit` rows that differ from what was last confirmed; None for a row that is gone."""
        changed: dict[Key, Row | None] = {}
        for key in list(self._dirty):
            if len(changed) >= limit:
                break
            row = self.now.row(key)
            if row == self._confirmed.get(key):
                del self._dirty[key]
            else:
                changed[key] = row
        return changed

    def confirm(self, changes: Mapping[Key, Row | None]) -> None:
        """These changes are in the database."""
        for key, row in changes.items():
            self._dirty.pop(key, None)
            if row is None:
                self._confirmed.pop(key, None)
            else:
                self._confirmed[key] = row

    def everything(self) -> dict[str, dict[str, Row]]:
        """All rows by kind and id: what the table must hold, whatever it held before."""
        return self.now.everything()

    def confirm_everything(self, rows: Mapping[str, Mapping[str, Row]]) -> None:
        """The table holds these rows, of `everything`, and no others."""
        self._dirty.clear()
        self._confirmed = {(kind, name): row for kind, by_id in rows.items() for name, row in by_id.items()}

    # The events

    def _on_join(self, message: Message, at: int) -> None:
        queue, uniqueid = message.get("Queue"), message.get("Uniqueid")
        callers = self.now.callers.setdefault(queue, [])
        known = next((caller for caller in callers if caller.uniqueid == uniqueid), None)
        if known is not None:
            known.seen = self._listing
            callers.remove(known)
        nothing = "<unknown>"
        if message.event == "QueueEntry":
            # Only the list says how long somebody has waited, in whole seconds; and it has a word of its own.
            at -= int(message.get("Wait") or 0) * 1000
            nothing = "unknown"
        leg = self.now.legs.get(uniqueid)
        caller = known or Caller(
            message.variables().get("FOYER_CALL") or (leg.call if leg else "") or uniqueid,
            uniqueid,
            at,
            given(message.get("CallerIDNum"), nothing),
            given(message.get("CallerIDName"), nothing),
            self._listing,
        )
        callers.insert(max(0, int(message.get("Position") or len(callers) + 1) - 1), caller)
        self._touch_queue(queue)

    def _on_leave(self, message: Message, _at: int) -> None:
        queue, uniqueid = message.get("Queue"), message.get("Uniqueid")
        for caller in [caller for caller in self.now.callers.get(queue, ()) if caller.uniqueid == uniqueid]:
            self._leave(queue, caller)

    def _leave(self, queue: str, caller: Caller) -> None:
        self._touch_queue(queue)
        self.now.callers[queue].remove(caller)

    def _on_channel(self, message: Message, at: int) -> None:
        channel, uniqueid = message.get("Channel"), message.get("Uniqueid")
        leg = self.now.legs.get(uniqueid)
        if leg is None:
            leg = self.now.legs[uniqueid] = Leg(agent_of(channel), line_of(channel), self._listing, channel)
            leg.is_out = message.get("ChannelState") == _DOWN
            if leg.line is not None and message.event == "Newchannel" and not leg.is_out:
                self.now.came[leg.line] = at
        leg.seen = self._listing
        leg.linkedid = message.get("Linkedid")
        leg.own_number = given(message.get("CallerIDNum")) or leg.own_number
        leg.own_name = given(message.get("CallerIDName")) or leg.own_name
        if message.event == "CoreShowChannel":
            asking.listed(leg, message.get("BridgeId"))
            at -= seconds(message.get("Duration")) * 1000
        before = leg.state
        channel_state = message.get("ChannelState")
        if channel_state == _RINGING:
            _begin(leg, "ringing", at)
        elif channel_state == _DIALING and leg.agent is not None:
            _begin(leg, "calling", at)
        elif channel_state in (_DIALING, _UP) and leg.state != "hold":
            _begin(leg, "talking", at)
        _tell(
            leg,
            message,
            "",
            given(message.get("ConnectedLineNum")),
            given(message.get("ConnectedLineName")),
        )
        self._touch_leg(leg)
        if leg.state != before or message.event == "Newchannel":
            self._touch_others(leg)

    def _on_bridge(self, message: Message, at: int) -> None:
        leg, legs = self.now.legs.get(message.get("Uniqueid")), self.now.legs.values()
        if leg is None:
            return
        for one in asking.enter(leg, message.get("BridgeUniqueid"), at, legs):
            self._touch_leg(one)
        for one in legs:
            # Who takes a colleague's call counts as another call until the caller comes to the bridge, too.
            is_here = one is leg or (one.bridge == leg.bridge != "")
            if is_here and one.agent is not None and not one.call:
                one.linkedid = message.get("Linkedid")
                self._adopt(one)

    def _adopt(self, leg: Leg) -> None:
        """A reloaded page takes its call back with a new leg, which no variable ties to the call: Asterisk's
        own id does, once the leg is in the call.
        """
        for other in self.now.legs.values():
            if not other.call or other.linkedid != leg.linkedid:
                continue
            leg.call, leg.queue = other.call, leg.queue or other.queue
            if other.agent is None:
                leg.number, leg.name = other.own_number, other.own_name
            elif other.agent == leg.agent:
                leg.since = other.since
        self._touch_leg(leg)

    def _on_hangup(self, message: Message, _at: int) -> None:
        leg = self.now.legs.pop(message.get("Uniqueid"), None)
        if leg is not None:
            self._judge(leg, message)
            for one in (leg, *asking.hang_up(leg, self.now.legs.values())):
                self._touch_leg(one)
            self._touch_others(leg)

    def _judge(self, leg: Leg, message: Message) -> None:
        """What the end of a call out says of its line: somebody answered, or the provider refused it for a
        reason that is the line's and not that of whoever was called.
        """
        if leg.line is None or not leg.is_out:
            return
        status = message.get("TechCause")
        if leg.there:
            self.now.refusals.pop(leg.line, None)
        elif message.get("ChannelState") == _DOWN and status in LINE_REFUSALS:
            self.now.refusals[leg.line] = int(status)

    def _on_agent_call(self, message: Message, at: int) -> None:
        """A queue rings an agent, or has connected one: the other side, which is named here first, is the
        caller.
        """
        leg = self.now.legs.get(message.get("DestUniqueid"))
        if leg is None:
            return
        if message.event == "AgentCalled" and not leg.state:
            _begin(leg, "ringing", at)
        leg.queue = message.get("Queue")
        _tell(leg, message, "", given(message.get("CallerIDNum")), given(message.get("CallerIDName")))
        self._touch_leg(leg)

    def _on_hold(self, message: Message, at: int) -> None:
        leg = self.now.legs.get(message.get("Uniqueid"))
        if leg is not None and leg.state in ("talking", "hold"):
            _begin(leg, "hold" if message.event == "Hold" else "talking", at)
            self._touch_leg(leg)

    def _on_device(self, message: Message, _at: int) -> None:
        device = message.get("Device")
        agent, line = agent_of(device), line_of(device)
        if agent is not None or line is not None:
            name = device.removeprefix("PJSIP/")
            self.now.devices[name] = Known(message.get("State") not in _GONE, self._listing)
            self._touch_name(name)

    def _on_registration(self, message: Message, _at: int) -> None:
        name = message.get("ObjectName")
        self.now.registrations[name] = Known(message.get("Status") == "Registered", self._listing)
        self._touch_name(name)

    def _on_member(self, message: Message, _at: int) -> None:
        interface = message.get("Interface") or message.get("Location")
        agent = agent_of(interface)
        if agent is None:
            return
        key = (message.get("Queue"), device_of(interface) or "", agent)
        if message.event == "QueueMemberRemoved":
            self.now.places.pop(key, None)
        else:
            reason = message.get("PausedReason") if message.get("Paused") == "1" else None
            self.now.places[key] = Place(reason, self._listing)
        self._touch("agent", agent)

    def _on_parked(self, message: Message, at: int) -> None:
        """Told when somebody is parked, when another takes that place over, and in the list."""
        self._touch("parked", live_events.park(self.now, message, at, self._listing))

    def _on_unparked(self, message: Message, _at: int) -> None:
        self._free(message.get("ParkingSpace"))

    def _free(self, place: str) -> None:
        self.now.parked.pop(place, None)
        self._touch("parked", place)

    def _on_end(self, message: Message, _at: int) -> None:
        self.complete(message.event)

    # What has to be looked at again

    def _touch(self, kind: str, name: str) -> None:
        self._dirty[kind, name] = None

    def _touch_leg(self, leg: Leg) -> None:
        if leg.agent is not None:
            self._touch("agent", leg.agent)
        if leg.line is not None:
            self._touch("line", leg.line)

    def _touch_others(self, leg: Leg) -> None:
        """Who calls, or talks, depends on whether the other side is there."""
        for other in self.now.legs.values():
            if other.agent is not None and other.linkedid == leg.linkedid:
                self._touch("agent", other.agent)

    def _touch_name(self, name: str) -> None:
        agent, line = agent_of(name), line_of(name)
        if agent is not None:
            self._touch("agent", agent)
        if line is not None:
            self._touch("line", line)

    def _touch_queue(self, queue: str) -> None:
        for caller in self.now.callers[queue]:
            self._touch("caller", caller.call)

    def _sweep[K](self, known: dict[K, Any]) -> None:
        for key in [key for key, item in known.items() if item.seen < self._listing]:
            item = known.pop(key)
            if isinstance(item, Leg):
                self._touch_leg(item)
            elif isinstance(key, tuple):
                self._touch("agent", key[2])
            else:
                self._touch_name(str(key))


def _begin(leg: Leg, state: str, at: int) -> None:
    if leg.state != state:
        leg.state, leg.since = state, at
    if state == "talking":
        leg.there = leg.there or at


def _tell(leg: Leg, message: Message, prefix: str, number: str, name: str) -> None:
    """Adds what this event says of the call; what it leaves out stays as it was."""
    variables = message.variables(prefix)
    leg.call = variables.get("FOYER_CALL") or leg.call
    leg.queue = leg.queue or variables.get("FOYER_QUEUE", "")
    leg.number = number or leg.number
    leg.name = name or leg.name


_HANDLERS: Mapping[str, Callable[[LiveState, Message, int], None]] = {
    "QueueCallerJoin": LiveState._on_join,
    "QueueEntry": LiveState._on_join,
    "QueueCallerLeave": LiveState._on_leave,
    "Newchannel": LiveState._on_channel,
    "Newstate": LiveState._on_channel,
    "NewConnectedLine": LiveState._on_channel,
    "CoreShowChannel": LiveState._on_channel,
    "BridgeEnter": LiveState._on_bridge,
    "Hangup": LiveState._on_hangup,
    "AgentCalled": LiveState._on_agent_call,
    "AgentConnect": LiveState._on_agent_call,
    "Hold": LiveState._on_hold,
    "Unhold": LiveState._on_hold,
    "ParkedCall": LiveState._on_parked,
    "ParkedCallSwap": LiveState._on_parked,
    "ParkedCallGiveUp": LiveState._on_unparked,
    "ParkedCallTimeOut": LiveState._on_unparked,
    "UnParkedCall": LiveState._on_unparked,
    "DeviceStateChange": LiveState._on_device,
    "OutboundRegistrationDetail": LiveState._on_registration,
    "QueueMember": LiveState._on_member,
    "QueueMemberAdded": LiveState._on_member,
    "QueueMemberRemoved": LiveState._on_member,
    "QueueMemberStatus": LiveState._on_member,
    "QueueMemberPause": LiveState._on_member,
    **dict.fromkeys(LISTS.values(), LiveState._on_end),
}
