"""Manager events of a busy queue, from a FakeAsterisk to the product's listener, which commits them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.pbx.ami_session import Account
from appliance.pbx.listener import Hands, Listener
from appliance.pbx.live import LISTS
from appliance.store import Store, live
from tests.pbx.fake_asterisk import Action, FakeAsterisk, block
from tests.until import until

STAMP = 1795302612


def far_end(asterisk: FakeAsterisk, action: Action) -> None:
    """Answers as an Asterisk that has just booted, with empty lists."""
    name, action_id = action["Action"][0], f"ActionID: {action['ActionID'][0]}"
    asterisk.send(block("Response: Success", action_id))
    if name == "Login":
        asterisk.send(block("Event: FullyBooted", "Status: Fully Booted"))
    if name in LISTS:
        asterisk.send(block(f"Event: {LISTS[name]}", action_id, "EventList: Complete"))


@dataclass(frozen=True)
class Leg:
    """A channel as manager events name it."""

    channel: str
    uniqueid: str
    number: str
    call: str
    linkedid: str

    def headers(self, state: str, prefix: str = "") -> list[str]:
        """All that stands in every event of a channel, not only what the listener reads."""
        words = {"0": "Down", "5": "Ringing", "6": "Up"}
        return [
            f"{prefix}Channel: {self.channel}",
            f"{prefix}ChannelState: {state}",
            f"{prefix}ChannelStateDesc: {words[state]}",
            f"{prefix}CallerIDNum: {self.number}",
            f"{prefix}CallerIDName: <unknown>",
            f"{prefix}ConnectedLineNum: <unknown>",
            f"{prefix}ConnectedLineName: <unknown>",
            f"{prefix}Language: vi",
            f"{prefix}AccountCode: ",
            f"{prefix}Context: foyer-call",
            f"{prefix}Exten: s",
            f"{prefix}Priority: 12",
            f"{prefix}Uniqueid: {self.uniqueid}",
            f"{prefix}Linkedid: {self.linkedid}",
            f"{'Dest' if prefix else ''}ChanVariable: FOYER_CALL={self.call}",
            f"{'Dest' if prefix else ''}ChanVariable: FOYER_QUEUE=q1",
        ]


def joined(leg: Leg, position: int = 1) -> bytes:
    """The caller enters queue q1."""
    place = ["Queue: q1", f"Position: {position}", f"Count: {position}"]
    return block("Event: QueueCallerJoin", "Privilege: agent,all", *leg.headers("6"), *place)


def left(leg: Leg) -> bytes:
    """The caller leaves queue q1."""
    return block("Event: QueueCallerLeave", *leg.headers("6"), "Queue: q1", "Count: 0", "Position: 1")


def line_leg(number: int) -> Leg:
    """The n-th caller's channel."""
    uniqueid = f"{STAMP}.{number * 2}"
    call = f"00000000-0000-4000-8000-{number:012d}"
    return Leg(f"PJSIP/l1-{number:08x}", uniqueid, f"+8490{number:07d}", call, uniqueid)


def queue_call(number: int, agent: str) -> list[bytes]:
    """The events of one call through the queue, from its first channel to its last hangup."""
    caller = line_leg(number)
    phone = Leg(
        f"PJSIP/{agent}d-{number:08x}", f"{STAMP}.{number * 2 + 1}", "101", caller.call, caller.uniqueid
    )
    both = [*caller.headers("6"), *phone.headers("5", "Dest")]
    of_queue = ["Queue: q1", f"Interface: PJSIP/{agent}d", f"MemberName: {agent}"]
    bridge = [
        "BridgeUniqueid: 1c2f",
        "BridgeType: basic",
        "BridgeTechnology: simple_bridge",
        "BridgeNumChannels: 2",
    ]
    cause = ["Cause: 16", "Cause-txt: Normal Clearing"]
    return [
        block("Event: Newchannel", *caller.headers("0")),
        block("Event: Newstate", *caller.headers("6")),
        joined(caller),
        block("Event: Newchannel", *phone.headers("0")),
        block("Event: AgentCalled", *both, *of_queue),
        block("Event: Newstate", *phone.headers("5")),
        block("Event: DeviceStateChange", f"Device: PJSIP/{agent}d", "State: INUSE"),
        block("Event: Newstate", *phone.headers("6")),
        left(caller),
        block("Event: AgentConnect", *both, *of_queue, "HoldTime: 6", "RingTime: 2"),
        block("Event: BridgeEnter", *caller.headers("6"), *bridge),
        block("Event: BridgeEnter", *phone.headers("6"), *bridge),
        block("Event: Hangup", *phone.headers("6"), *cause),
        block("Event: Hangup", *caller.headers("6"), *cause),
        block("Event: DeviceStateChange", f"Device: PJSIP/{agent}d", "State: NOT_INUSE"),
    ]


@contextmanager
def listening(store: Store, folder: Path) -> Iterator[FakeAsterisk]:
    """A listener that has listed everything, in a thread as in foyer-pbx; yields its far end."""
    secret = folder / "ami-events"
    secret.write_text("x\n")
    stop = threading.Event()
    with FakeAsterisk(far_end) as asterisk:
        hands = Hands(lambda _heard: None, lambda _message: None, lambda _message: None)
        listener = Listener(store, Account(asterisk.port, "ami-events", secret), hands)
        thread = threading.Thread(target=listener.run, args=(stop, lambda: None), name="listen")
        thread.start()
        try:
            until(lambda: is_up(store), 10, "the listener to be up")
            yield asterisk
        finally:
            stop.set()
            thread.join(10)


def is_up(store: Store) -> bool:
    """Whether the live rows say that Asterisk is there."""
    with store.read() as db:
        return bool(live.snapshot(db).rows["pbx"].get("state", {}).get("up"))


def waits(store: Store, call: str) -> bool:
    """Whether the live rows show that caller as waiting."""
    with store.read() as db:
        rows = db.execute("SELECT 1 FROM live WHERE kind = 'caller' AND id = ?", (call,))
        return rows.fetchone() is not None
