"""foyer-pbx on a private real Asterisk that runs the rendered files: live view, members, history, requests,
outages.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.store import agents, now_ms, requests
from tests.pbx.box import ASKED_S, CALLER, NUMBER, Box
from tests.pbx.replaces import take_over
from tests.until import Stopwatch, until, within

pytestmark = pytest.mark.asterisk


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: Asterisk cuts the name of a file of call events after 79 characters."""
    with tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as path:
        yield Path(path)


@pytest.fixture
def box(folder: Path) -> Iterator[Box]:
    """A box whose foyer-pbx runs."""
    with Box(folder) as box:
        box.start()
        yield box


def test_a_call_is_seen_live_and_stands_in_the_store(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        desk.register()
        box.wait_row("agent", "a1", "the desk phone in the live view", desk=True)
        box.agent("a1", "available")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "the agent in the queue")
        before = time.time_ns() // 1_000_000
        leg = outside.call(NUMBER)
        ring = desk.wait_ring()
        waiting = until(lambda: list(box.rows()["caller"].items()), 2, "the caller in the live view")
        ((call, row),) = waiting
        assert (row["queue"], row["position"], row["number"]) == ("q1", 1, CALLER)
        assert before + GREETING_MS - 100 <= row["since"] <= time.time_ns() // 1_000_000
        agent = box.wait_row("agent", "a1", "a ring", state="ringing")
        assert (agent["call"], agent["queue"], agent["number"]) == (call, "q1", CALLER)
        assert agent["queues"] == {"q1": None}
        ring.answer()
        leg.wait_answer()
        box.wait_row("agent", "a1", "the talk in the live view", 2, state="talking")
        until(lambda: not box.rows()["caller"], 2, "nobody waiting")
        assert box.row("line", "l1")["calls"] == 1
        time.sleep(0.6)
        held = Stopwatch()
        ring.hold()
        box.wait_row("agent", "a1", "the hold in the live view", 2, state="hold")
        time.sleep(0.6)
        ring.resume()
        held_ms = held.wall_s * 1000
        box.wait_row("agent", "a1", "the talk again", 2, state="talking")
        open_call = box.call(lambda one: one.answered is not None, "the call in the store")
        assert (open_call.external_id, open_call.state) == (call, "open")
        time.sleep(0.6)
        leg.hang_up()
        ring.wait_end()
        box.wait_row("agent", "a1", "the end in the live view", 2, state="idle")
        done = box.call(lambda one: one.state == "wrap_up", "the end of the call in the store")
    assert (done.outcome, done.agent_id, done.queue_id, done.line_id) == ("answered", "a1", "q1", "l1")
    assert done.address == "+84901234567"
    segments = box.segments(done)
    assert [kind for kind, _, _ in segments] == ["greeting", "wait", "ring", "talk", "hold", "talk"]
    hold = segments[4][2]
    assert hold is not None
    assert 550 <= hold <= held_ms + 50
    assert sum(length or 0 for kind, _, length in segments if kind in ("talk", "hold")) == pytest.approx(
        (done.ended or 0) - (done.answered or 0), abs=200
    )


GREETING_MS = 1000


@pytest.mark.slow
def test_breaks_from_the_page_and_from_the_phone(box: Box) -> None:
    with box.desk("a1") as desk:
        desk.register()
        box.agent("a1", "break", "lunch")
        until(lambda: box.members() == {("PJSIP/a1d", "paused")}, 5, "the break in the queue")
        until(
            lambda: box.row("agent", "a1").get("queues") == {"q1": "lunch"}, 2, "the break in the live view"
        )
        box.agent("a1", "available")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "the agent back")

        def state() -> agents.AgentState:
            with box.store.read() as db:
                return agents.current_of(db, "a1")

        desk.call("*90").wait_end()
        until(
            lambda: (state().state, state().reason, state().by) == ("break", "phone", "phone"), 5, "the break"
        )
        until(
            lambda: box.row("agent", "a1").get("queues") == {"q1": "phone"}, 2, "the break in the live view"
        )
        desk.call("*91").wait_end()
        until(lambda: state().state == "available", 5, "the agent back")
        assert state().device == "desk"
        # Both sides agree, and go on doing so.
        time.sleep(1)
        assert box.members() == {("PJSIP/a1d", "")}
        box.agent("a1", "available", device="browser")
        until(lambda: box.members() == {("PJSIP/a1", "")}, 5, "the other phone")
        box.agent("a1", "offline")
        until(lambda: not box.members(), 5, "nobody")


def test_asterisk_killed_with_a_call_up(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        desk.register()
        box.agent("a1", "available")
        box.agent("a2", "break", "lunch")
        until(lambda: len(box.members()) == 2, 5, "both agents in the queue")
        call = outside.call(NUMBER)
        desk.wait_ring().answer()
        call.wait_answer()
        box.call(lambda one: one.answered is not None, "the talk in the store")
        time.sleep(1.5)
        killed = now_ms()
        box.asterisk.kill()
        within(lambda: box.row("pbx", "state")["up"] is False, 2, "the outage in the live view")
        seen = box.row("pbx", "state")["since"]
        time.sleep(1)
        box.asterisk.start()
        box.wait_row("pbx", "state", "the end of the outage in the live view", 10, up=True)
        box.wait_row("agent", "a1", "the agent free again", 10, state="idle")
        until(lambda: box.members() == {("PJSIP/a1d", ""), ("PJSIP/a2d", "paused")}, 10, "the members")
        cut = box.call(
            # Which call was cut is known a row before when it was.
            lambda one: one.outcome == "cut" and killed - 1000 <= (one.ended or 0) <= seen + 1000,
            "the cut call closed at the time of the outage",
            10,
        )
    assert box.segments(cut)[-1][0] == "talk"
    talk = box.segments(cut)[-1][2]
    assert talk is not None
    assert talk > 1400
    assert len(box.calls()) == 1


@pytest.mark.slow
def test_a_reloaded_page_keeps_its_call(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        desk.register()
        box.agent("a1", "available")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "the agent in the queue")
        call = outside.call(NUMBER)
        ring = desk.wait_ring()
        ring.answer()
        call.wait_answer()
        before = box.wait_row("agent", "a1", "the talk", state="talking")
        time.sleep(0.5)
        ring.hold()
        box.wait_row("agent", "a1", "the hold", state="hold")
        time.sleep(0.5)
        take_over(desk, ring, "101")
        ring.wait_end()
        # The new leg belongs to the same call, and holds nobody.
        box.wait_row("agent", "a1", "the talk again", state="talking", call=before["call"], number=CALLER)
        time.sleep(0.5)
        call.hang_up()
        done = box.call(lambda one: one.ended is not None, "the end of the call")
    assert len(box.calls()) == 1
    kinds = [kind for kind, _, _ in box.segments(done)]
    assert kinds == ["greeting", "wait", "ring", "talk", "hold", "talk"]


class Process:
    """foyer-pbx as the process that it is."""

    def __init__(self, box: Box) -> None:
        settings = box.settings
        environment = {
            **os.environ,
            "FOYER_DATA": str(settings.data),
            "FOYER_AMI_PORT": str(settings.ami_port),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "appliance.pbx"], env=environment, stderr=subprocess.PIPE, text=True
        )

    def end(self, how: signal.Signals) -> tuple[int, str]:
        """Its exit code and what it logged."""
        self.process.send_signal(how)
        _, log = self.process.communicate(timeout=60)
        return self.process.returncode, log


@pytest.mark.slow
def test_the_process_is_killed_and_comes_back(folder: Path) -> None:
    with Box(folder) as box, box.desk("a1") as desk, box.outside() as outside:
        process = Process(box)
        box.wait_row("pbx", "state", "foyer-pbx to hear Asterisk", 10, up=True)
        desk.register()
        box.agent("a1", "available")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "the agent in the queue")
        call = outside.call(NUMBER)
        ring = desk.wait_ring()
        assert process.end(signal.SIGKILL)[0] == -signal.SIGKILL
        ring.answer()
        call.wait_answer()
        time.sleep(0.5)
        process = Process(box)
        box.call(lambda one: one.answered is not None, "the talk in the store", 10)
        process.end(signal.SIGKILL)
        call.hang_up()
        process = Process(box)
        done = box.call(lambda one: one.ended is not None, "the end of the call", 10)
        box.wait_row("agent", "a1", "the agent idle", 10, state="idle")
        code, log = process.end(signal.SIGTERM)
        assert code == 0, log
        assert "Traceback" not in log
        assert box.row("pbx", "state")["up"] is False
        assert done.outcome == "answered"
        assert len(box.calls()) == 1


@pytest.mark.slow
def test_foyer_pbx_gone_during_a_call(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        desk.register()
        box.agent("a1", "available")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "the agent in the queue")
        leg = outside.call(NUMBER)
        desk.wait_ring()
        box.stop()
        ring = desk.wait_ring()
        ring.answer()
        leg.wait_answer()
        box.start()
        row = box.wait_row("agent", "a1", "the talk", state="talking")
        call = box.call(lambda one: one.answered is not None, "the talk in the store")
        assert (row["call"], row["queue"], row["number"]) == (call.external_id, "q1", CALLER)
        box.stop()
        time.sleep(0.5)
        leg.hang_up()
        ring.wait_end()
        box.start()
        done = box.call(lambda one: one.ended is not None, "the end of the call")
    assert (done.outcome, done.agent_id) == ("answered", "a1")
    assert [kind for kind, _, _ in box.segments(done)] == ["greeting", "wait", "ring", "talk"]
    assert len(box.calls()) == 1


@pytest.mark.slow
def test_a_caller_waits_while_foyer_pbx_is_gone(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        desk.register()
        box.agent("a1", "available")
        box.agent("a2", "available")
        until(lambda: len(box.members()) == 2, 5, "the agents in the queue")
        first = outside.call(NUMBER)
        desk.wait_ring().answer()
        first.wait_answer()
        box.wait_row("agent", "a1", "the first talk", state="talking")
        until(lambda: not box.rows()["caller"], 5, "the first caller to have left the queue")
        second = outside.call(NUMBER).wait_answer()
        until(lambda: box.rows()["caller"], 5, "a waiting caller")
        ((call, before),) = box.rows()["caller"].items()
        box.stop()
        box.start()
        until(lambda: box.rows()["caller"].get(call), 5, "the same caller")
        after = box.rows()["caller"][call]
        # Asterisk says how long somebody has waited in whole seconds.
        assert abs(after.pop("since") - before.pop("since")) < 3000
        assert after == before
        second.hang_up()
        until(lambda: not box.rows()["caller"], 5, "nobody waiting")


def test_requests(box: Box) -> None:
    with box.desk("a1") as desk, box.outside() as outside:
        desk.register()
        box.agent("a1", "available")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "the agent in the queue")

        asked = box.ask("test_call")
        assert (asked.state, asked.result["number"]) == ("done", "+842812345678")
        ring = desk.wait_ring(15)
        ring.answer()
        call = box.call(lambda one: one.answered is not None, "the test call in the store")
        assert (call.address, call.line_id) == (asked.result["caller"], "l1")
        ended = box.ask("hangup", call=call.external_id)
        assert ended.state == "done"
        ring.wait_end()
        box.call(lambda one: one.outcome == "answered", "the end of the test call")
        assert box.ask("hangup", call=call.external_id).result["error"] == "This call is over."
        # The product waits for a second, not for ever.
        until(lambda: box.ask("recorded").result == {"all": True}, 5, "all of it to be read")

        box.wait_row("agent", "a1", "a free phone", state="idle")
        wanted = str(uuid.uuid4())
        asked = box.ask("originate", agent="a1", number="0907 654-321", call=wanted)
        assert asked.state == "done", asked.result
        own = desk.wait_ring()
        box.wait_row("agent", "a1", "the ring", state="ringing")
        assert own.invite is not None
        headers = [own.invite.get(name) for name in ("x-foyer-call", "x-foyer-own")]
        assert headers == [wanted, "1"]
        busy = box.ask("originate", agent="a1", number="115", call=wanted)
        assert "on the phone already" in busy.result["error"]
        own.answer()
        far = outside.wait_ring()
        box.wait_row("agent", "a1", "the ringing at the other side", state="calling", call=wanted)
        far.answer()
        box.wait_row("agent", "a1", "the talk", state="talking", call=wanted)
        call = box.call(lambda one: one.direction == "out" and one.answered is not None, "the call going out")
        assert (call.address, call.agent_id, call.line_id) == ("+84907654321", "a1", "l1")
        assert call.external_id == wanted
        far.hang_up()
        box.call(lambda one: one.outcome == "answered", "the end of the call that went out")
        assert len(box.calls()) == 2


def test_two_orders_in_a_moment_ring_the_phone_once(box: Box) -> None:
    """Also a phone that does not say that it rings, and is not live as ringing."""
    with box.desk("a1") as desk:
        desk.register()
        box.agent("a1", "available")
        box.wait_row("agent", "a1", "the desk phone", desk=True)
        desk.is_silent = True
        args = {"agent": "a1", "number": "0907654321", "call": str(uuid.uuid4())}
        with box.store.change() as change:
            asked = [requests.ask(change, "pbx", "originate", args, "u1", ASKED_S) for _ in range(2)]
        first, second = (requests.wait(box.store, one, ASKED_S) for one in asked)
        assert (first.state, second.state) == ("done", "failed"), second.result
        assert "on the phone already" in second.result["error"]
        until(lambda: "PJSIP/a1d-" in box.asterisk.cli("core show channels"), 10, "the call to the phone")
        assert "on the phone already" in box.ask("originate", **args).result["error"]


def test_a_phone_that_has_declined_is_rung_again_at_once(box: Box) -> None:
    with box.desk("a1") as desk:
        desk.register()
        box.agent("a1", "available")
        box.wait_row("agent", "a1", "the desk phone", desk=True)
        for _ in range(2):
            asked = box.ask("originate", agent="a1", number="0907654321", call=str(uuid.uuid4()))
            assert asked.state == "done", asked.result
            desk.wait_ring().refuse()
            until(lambda: "PJSIP/a1d-" not in box.asterisk.cli("core show channels"), 10, "its end")
            box.wait_row("agent", "a1", "a free phone", state="idle")


@pytest.mark.parametrize(
    ("kind", "args", "error"),
    [
        ("shell", {}, "cannot do this"),
        ("test_call", {"number": "1\r\nAction: Command"}, "not one of this box"),
        ("originate", {"agent": "a9", "number": "1"}, "no such agent"),
        ("originate", {"agent": "a1", "number": "1,s,System(x)"}, "not a number"),
        ("originate", {"agent": "a1", "number": "1", "call": "x,FOYER_LINE=l2"}, "not a call"),
        ("hangup", {"call": "all"}, "not a call"),
    ],
)
def test_requests_that_make_no_sense(folder: Path, kind: str, args: dict[str, str], error: str) -> None:
    box = Box(folder)
    box.start(is_up=False)
    try:
        asked = box.ask(kind, **args)
        assert asked.state == "failed"
        assert error in asked.result["error"]
    finally:
        box.stop()
        box.store.close()


def test_a_request_while_asterisk_is_gone(folder: Path) -> None:
    box = Box(folder)
    box.start(is_up=False)
    try:
        asked = box.ask("test_call")
        assert asked.state == "failed"
        assert "does not answer" in asked.result["error"]
        assert box.row("pbx", "state")["up"] is False
    finally:
        box.stop()
        box.store.close()
