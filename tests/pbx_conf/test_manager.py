"""The three sessions of the manager interface: what they hear, and what they may do."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from appliance.pbx.conf import manager_conf
from appliance.pbx.live import _HANDLERS
from tests.pbx_conf.exchange import Exchange
from tests.pbx_conf.places import site
from tests.until import until

# Events that only answer to a list that was asked for; they pass every filter.
ANSWERS = re.compile(r"QueueEntry|QueueMember|CoreShowChannel|OutboundRegistrationDetail|\w+Complete")


def test_the_live_view_hears_every_event_it_knows() -> None:
    pushed = {event for event in _HANDLERS if not ANSWERS.fullmatch(event)}
    assert pushed <= set(manager_conf.EVENTS)


def test_nothing_that_a_session_asks_for_is_held_back() -> None:
    assert not set(manager_conf.EVENTS) & set(manager_conf.NOBODY_HEARS)


class Session:
    """A session on the wire; reads until nothing comes for a while."""

    def __init__(self, exchange: Exchange, user: str) -> None:
        self.connection = socket.create_connection(("127.0.0.1", exchange.env.ami_port), timeout=0.3)
        self.text = ""
        self.send(f"Action: Login\r\nUsername: {user}\r\nSecret: secret-{user.removeprefix('ami-')}")
        assert "Authentication accepted" in self.text, self.text

    def send(self, action: str) -> str:
        """Sends an action; returns its response, and what comes with it."""
        before = len(self.text)
        self.connection.sendall(f"{action}\r\n\r\n".encode())
        until(lambda: self.read() and "Response: " in self.text[before:], 10, f"an answer to {action!r}")
        self.read()
        return self.text[before:]

    def read(self) -> str:
        """Everything that comes until there is a pause; returns all that came since the login."""
        try:
            while data := self.connection.recv(65536):
                self.text += data.decode("utf-8", "replace")
        except TimeoutError:
            pass
        return self.text


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    quiet = [{"id": "q1", "name": "Một", "agents": ["a1"]}]
    with Exchange(tmp_path_factory.mktemp("exchange"), site(queues=quiet)) as asterisk:
        yield asterisk


@pytest.mark.asterisk
def test_a_queue_call_makes_few_events(exchange: Exchange) -> None:
    listener = Session(exchange, "ami-events")
    exchange.put_in("a1")
    listener.read()
    before = len(listener.text)
    with exchange.desk("a1", answers=True, tone_hz=700) as desk, exchange.provider(tone_hz=440) as provider:
        caller = provider.call("02812345678").wait_answer()
        desk.wait_call()
        until(lambda: "Event: AgentConnect" in listener.read()[before:], 10, "the talk to be told")
        caller.hang_up()
        until(lambda: "0 active channels" in exchange.cli("core show channels"), 5, "the call's end")
    until(lambda: "Event: Hangup" in listener.read()[before:], 10, "the call's end to be told")
    names = re.findall(r"^Event: (\w+)", listener.text[before:], re.MULTILINE)
    assert set(names) <= set(manager_conf.EVENTS)
    assert {"Newchannel", "QueueCallerJoin", "AgentConnect", "Hangup"} <= set(names)
    calls = [name for name in names if name not in ("DeviceStateChange", "QueueMemberStatus")]
    assert len(calls) <= 16, calls
    assert re.search(r"^ChanVariable\(?.*FOYER_CALL=[0-9a-f-]{36}", listener.text, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.asterisk
def test_no_session_is_woken_up_for_what_nobody_asked_for(exchange: Exchange) -> None:
    path = exchange.env.etc / manager_conf.FILE
    before = path.read_text("utf-8")
    path.write_text(before + "\n[ami-everything]\nsecret = secret-everything\nread = all\n", "utf-8")
    try:
        exchange.cli("manager reload")
        listener = Session(exchange, "ami-everything")
        exchange.put_in("a1")
        with (
            exchange.desk("a1", answers=True, tone_hz=700) as desk,
            exchange.provider(tone_hz=440) as provider,
        ):
            caller = provider.call("02812345678").wait_answer()
            desk.wait_call()
            until(lambda: "Event: AgentConnect" in listener.read(), 10, "the talk to be told")
            caller.hang_up()
            until(lambda: "0 active channels" in exchange.cli("core show channels"), 5, "the call's end")
        until(lambda: "Event: Hangup" in listener.read(), 10, "the call's end to be told")
    finally:
        path.write_text(before, "utf-8")
        exchange.cli("manager reload")
    names = set(re.findall(r"^Event: (\w+)", listener.text, re.MULTILINE))
    assert {"Newchannel", "AgentConnect", "Hangup"} <= names
    assert not names & {*manager_conf.NOBODY_HEARS, "VarSet", "RTCPSent", "RTCPReceived"}


@pytest.mark.asterisk
def test_each_session_may_do_only_its_own(exchange: Exchange) -> None:
    listener, actor = Session(exchange, "ami-events"), Session(exchange, "ami-actions")
    for action in ("QueueStatus", "CoreShowChannels", "ParkedCalls", "DeviceStateList"):
        assert "Response: Success" in listener.send(f"Action: {action}")
    for action in ("Action: Originate\r\nChannel: x", "Action: QueuePause\r\nInterface: x\r\nPaused: true"):
        assert "Permission denied" in listener.send(action)
    assert "Added interface" in actor.send("Action: QueueAdd\r\nQueue: q1\r\nInterface: PJSIP/a2d")
    assert "Removed interface" in actor.send("Action: QueueRemove\r\nQueue: q1\r\nInterface: PJSIP/a2d")
    for action in ("Action: Command\r\nCommand: core show version", "Action: ModuleLoad\r\nLoadType: reload"):
        assert "Permission denied" in actor.send(action)
    shell = "Action: Originate\r\nChannel: Local/x\r\nApplication: System\r\nData: id"
    assert "Response: Error" in actor.send(shell)
    for action in ("DBPut\r\nFamily: f\r\nKey: k\r\nVal: v", "Setvar\r\nVariable: DB(f/k)\r\nValue: v"):
        assert "Response: Error" in actor.send(f"Action: {action}")
    assert "\nEvent:" not in actor.read()
    mirror = Session(exchange, "ami-mirror")
    assert "Response: Success" in mirror.send("Action: DBPut\r\nFamily: f\r\nKey: k\r\nVal: v")
    assert "Permission denied" in mirror.send("Action: Originate\r\nChannel: Local/x")
    assert "Permission denied" in mirror.send("Action: Command\r\nCommand: core show version")


@pytest.mark.asterisk
def test_nobody_else_gets_in(exchange: Exchange) -> None:
    with pytest.raises(AssertionError):
        Session(exchange, "admin")
