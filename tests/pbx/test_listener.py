"""The listener on a far end that dies, hangs, lies and comes back: what the live view says then."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from appliance.pbx.ami_parser import Message
from appliance.pbx.ami_session import Account
from appliance.pbx.listener import HEARD, LISTING_TIMEOUT_S, Hands, Listener
from appliance.pbx.live import LISTS
from appliance.store import Store, events, feeds, live, now_ms
from tests.pbx.fake_asterisk import Action, FakeAsterisk, block
from tests.until import until, within


@dataclass
class Far:
    """What the far end does and knows: callers by unique id; `silent` actions are not answered."""

    callers: list[str] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    boots_late: bool = False

    def __call__(self, asterisk: FakeAsterisk, action: Action) -> None:
        name, action_id = action["Action"][0], f"ActionID: {action['ActionID'][0]}"
        if name in self.silent:
            return
        if name in self.refused:
            asterisk.send(block("Response: Error", action_id, "Message: No such thing"))
            return
        asterisk.send(block("Response: Success", action_id))
        if name == "Login" and not self.boots_late:
            asterisk.send(block("Event: FullyBooted", "Status: Fully Booted"))
        if name in LISTS:
            if name == "QueueStatus":
                for position, caller in enumerate(self.callers, 1):
                    asterisk.send(joined(caller, position, "QueueEntry", action_id))
            asterisk.send(block(f"Event: {LISTS[name]}", action_id, "EventList: Complete"))


def joined(caller: str, position: int, name: str = "QueueCallerJoin", *more: str) -> bytes:
    """Somebody in queue q1."""
    headers = (
        "Queue: q1",
        f"Position: {position}",
        f"Uniqueid: 1.{caller}",
        f"ChanVariable: FOYER_CALL={caller}",
    )
    return block(f"Event: {name}", *headers, f"CallerIDNum: {caller}", *more)


@dataclass
class Scene:
    """A listener and its far end."""

    far: Far
    asterisk: FakeAsterisk
    store: Store
    account: Account
    booted: list[int] = field(default_factory=list)
    holds: list[Message] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts listening, as a new process does."""
        hands = Hands(self.booted.append, self.holds.append, lambda _message: None)
        listener = Listener(self.store, self.account, hands)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=listener.run, args=(self.stop, lambda: None), name="listen")
        self.thread.start()

    def end(self) -> None:
        """Stops listening; the thread must end by itself."""
        self.stop.set()
        if self.thread is not None:
            self.thread.join(60)
            assert not self.thread.is_alive()

    def state(self) -> dict[str, Any]:
        """The row pbx/state."""
        with self.store.read() as db:
            return live.snapshot(db).rows["pbx"].get("state", {})

    def callers(self) -> list[str]:
        """Who waits, in order."""
        with self.store.read() as db:
            rows = live.snapshot(db).rows["caller"]
        return sorted(rows, key=lambda name: int(rows[name]["position"]))

    def is_up(self) -> bool:
        """Whether the live view says that Asterisk is there."""
        return bool(self.state().get("up"))


@pytest.fixture
def scene(store: Store, tmp_path: Path) -> Iterator[Scene]:
    """A listener about to start."""
    secret = tmp_path / "secret"
    secret.write_text("x\n")
    far = Far()
    with FakeAsterisk(far) as asterisk:
        scene = Scene(far, asterisk, store, Account(asterisk.port, "ami-events", secret))
        yield scene
        scene.end()


def test_what_goes_on_is_seen_soon(scene: Scene) -> None:
    scene.far.callers = ["c1"]
    scene.start()
    until(scene.is_up, 5, "Asterisk up")
    assert scene.callers() == ["c1"]
    assert scene.booted == [0]
    scene.asterisk.send(joined("c2", 2))
    # Committed when nothing came for 5 ms.
    within(lambda: scene.callers() == ["c1", "c2"], 0.25, "the second caller")


def test_a_flood_is_committed_while_it_comes(scene: Scene) -> None:
    scene.start()
    until(scene.is_up, 5, "Asterisk up")
    flood = b"".join(joined(f"c{n % 7}", 1) for n in range(20_000))
    with scene.store.read() as db:
        before = events.latest_id(db)
    sender = threading.Thread(target=scene.asterisk.send, args=(flood,))
    sender.start()
    until(lambda: len(scene.callers()) == 7, 5, "rows before the end of the flood", every_s=0.002)
    sender.join()
    scene.asterisk.send(joined("last", 1))
    until(lambda: "last" in scene.callers(), 10, "the last caller")
    with scene.store.read() as db:
        # Many events, few commits, and only changed rows in them.
        assert events.latest_id(db) - before < 2000


def test_the_connection_is_cut_and_comes_back(scene: Scene) -> None:
    scene.far.callers = ["c1", "c2"]
    begun = now_ms()
    scene.start()
    until(scene.is_up, 5, "Asterisk up")
    cut = now_ms()
    scene.asterisk.drop()
    until(lambda: scene.state().get("up") is False, 1, "the outage")
    assert cut - 5 <= scene.state()["since"] <= now_ms()
    scene.far.callers = ["c2", "c3"]
    until(scene.is_up, 5, "Asterisk up again")
    assert scene.callers() == ["c2", "c3"]
    # It is told when Asterisk was last heard before.
    assert scene.booted[0] == 0
    assert begun <= scene.booted[1] <= now_ms()


@pytest.mark.slow
def test_asterisk_hangs(scene: Scene) -> None:
    scene.start()
    until(scene.is_up, 5, "Asterisk up")
    scene.far.silent = {"Ping"}
    within(lambda: scene.state().get("up") is False, 5, "the outage")
    scene.far.silent = set()
    until(scene.is_up, 5, "Asterisk up again")


def test_asterisk_is_not_there_yet(store: Store, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    with FakeAsterisk() as gone:
        port = gone.port
    scene = Scene(Far(), gone, store, Account(port, "ami-events", tmp_path / "secret"))
    scene.start()
    until(lambda: scene.state().get("up") is False, 5, "the outage")
    since = scene.state()["since"]
    time.sleep(1.2)
    assert scene.state()["since"] == since
    scene.end()
    # A new process does not make the outage younger.
    scene.start()
    time.sleep(0.7)
    assert scene.state() == {"up": False, "since": since}
    scene.end()


def test_asterisk_is_still_booting(scene: Scene) -> None:
    scene.far.boots_late = True
    scene.start()
    until(lambda: scene.asterisk.actions, 5, "the login")
    time.sleep(0.5)
    assert not scene.is_up()
    assert [action["Action"][0] for action in scene.asterisk.actions if action["Action"][0] != "Ping"] == [
        "Login"
    ]
    scene.asterisk.send(block("Event: FullyBooted", "Status: Fully Booted"))
    until(scene.is_up, 5, "Asterisk up")


@pytest.mark.slow
def test_a_list_that_never_ends_is_asked_for_again(scene: Scene) -> None:
    scene.far.silent = {"QueueStatus"}
    scene.start()
    until(lambda: scene.asterisk.connections >= 2, LISTING_TIMEOUT_S + 5, "another connection")
    assert not scene.is_up()
    scene.far.silent = set()
    until(scene.is_up, 10, "Asterisk up")


def test_lists_that_are_refused_are_empty(scene: Scene) -> None:
    scene.far.refused = {"PJSIPShowRegistrationsOutbound"}
    scene.start()
    until(scene.is_up, 5, "Asterisk up")


def test_no_password_yet(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "secret").unlink()
    scene.start()
    until(lambda: scene.state().get("up") is False, 5, "the outage")
    (tmp_path / "secret").write_text("x")
    until(scene.is_up, 5, "Asterisk up")


def test_what_another_process_left_is_put_right(scene: Scene) -> None:
    with scene.store.change() as change:
        live.put(change, "caller", "ghost", {"queue": "q1", "position": 1})
        live.put(change, "pbx", "state", {"up": True, "since": 1})
        feeds.advance(change, HEARD, 0, 0)
    with scene.store.read() as db:
        heard = feeds.heard(db, HEARD)
    scene.far.callers = ["c1"]
    scene.start()
    until(lambda: scene.callers() == ["c1"], 5, "the ghost gone")
    assert scene.booted == [heard]
    scene.end()
    assert scene.state()["up"] is False


def test_holds_are_handed_on_and_a_line_that_registers_is_looked_at(scene: Scene) -> None:
    scene.start()
    until(scene.is_up, 5, "Asterisk up")
    scene.asterisk.send(
        block("Event: Hold", "Channel: PJSIP/a1-1") + block("Event: Unhold", "Channel: PJSIP/a1-1")
    )
    until(lambda: [message.event for message in scene.holds] == ["Hold", "Unhold"], 5, "both")
    # A page is reloaded while it holds: its old leg goes without an Unhold.
    leg = ("Channel: PJSIP/a1-2", "Uniqueid: 1.2")
    steps = (("Newstate", "ChannelState: 6"), ("Hold",), ("Hangup",))
    scene.asterisk.send(b"".join(block(f"Event: {step[0]}", *leg, *step[1:]) for step in steps))
    until(
        lambda: [message.event for message in scene.holds[2:]] == ["Hold", "Hangup"], 5, "the end of the hold"
    )
    scene.asterisk.send(block("Event: Registry", "Status: Registered"))

    def asked() -> bool:
        names = [action["Action"][0] for action in scene.asterisk.actions]
        return names.count("PJSIPShowRegistrationsOutbound") == 2

    until(asked, 5, "another look at the registrations")


def test_a_broken_event_ends_the_thread_loudly(scene: Scene) -> None:
    scene.start()
    until(scene.is_up, 5, "Asterisk up")
    failures: list[threading.ExceptHookArgs] = []
    hook, threading.excepthook = threading.excepthook, failures.append
    try:
        scene.asterisk.send(block("Event: QueueCallerJoin", "Queue: q1", "Position: not a number"))
        assert scene.thread is not None
        scene.thread.join(60)
    finally:
        threading.excepthook = hook
    (failure,) = failures
    assert isinstance(failure.exc_value, ExceptionGroup)
