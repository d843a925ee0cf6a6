"""The little stories that record_samples.py plays: one function each, named after its sample."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from appliance.pbx.ami import Ami
from tests.asterisk.handing_over import hand_over, refer
from tests.asterisk.instance import PrivateAsterisk
from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone
from tests.pbx.private_pbx import Ports
from tests.pbx.replaces import take_over
from tests.until import until


@dataclass
class Stage:
    """What a story plays on."""

    asterisk: PrivateAsterisk
    ports: Ports
    actions: Ami
    a1: Phone
    a2: Phone
    caller: Phone

    def member(self, agent: str, present: bool = True) -> None:
        """Puts an agent's desk phone into the queue or takes it out."""
        fields = {"Queue": "q1", "Interface": f"PJSIP/{agent}d"}
        if present:
            self.actions.ask("QueueAdd", {**fields, "MemberName": agent})
        else:
            self.actions.ask("QueueRemove", fields)

    def talk(self, phone: Phone, seconds: float = 0.0) -> tuple[Leg, Leg]:
        """A call that comes in and is answered by this phone; the caller's leg and the agent's."""
        call = self.caller.call("100")
        ring = phone.wait_ring(15)
        time.sleep(0.4)
        ring.answer()
        call.wait_answer()
        time.sleep(seconds)
        return call, ring


def answered(stage: Stage) -> None:
    """Greeting, queue, agent a1, two holds, the caller hangs up."""
    call, ring = stage.talk(stage.a1, 1.0)
    for _ in range(2):
        ring.hold()
        time.sleep(0.7)
        ring.resume()
        time.sleep(0.5)
    call.hang_up()
    ring.wait_end()


def hung_up_on_hold(stage: Stage) -> None:
    """The caller hangs up while on hold."""
    call, ring = stage.talk(stage.a1, 0.5)
    ring.hold()
    time.sleep(0.7)
    call.hang_up()
    ring.wait_end()


def agent_hangs_up(stage: Stage) -> None:
    """The agent ends the call first; the dialplan goes on and hangs up."""
    call, ring = stage.talk(stage.a1, 1.0)
    ring.hang_up()
    call.wait_end()


def abandoned(stage: Stage) -> None:
    """The caller gives up while a1 rings."""
    call = stage.caller.call("100")
    stage.a1.wait_ring(15)
    time.sleep(0.8)
    call.hang_up()


def in_greeting(stage: Stage) -> None:
    """The caller gives up in the greeting."""
    call = stage.caller.call("100").wait_answer()
    time.sleep(0.35)
    call.hang_up()


def nobody(stage: Stage) -> None:
    """Nobody is in the queue; it gives up after 2 seconds."""
    stage.member("a1", False)
    stage.caller.call("short").wait_end(20)
    stage.member("a1")


def second_agent(stage: Stage) -> None:
    """a1 lets it ring, a2 answers."""
    stage.member("a2")
    first, second = stage.a1, stage.a2
    call = stage.caller.call("100")
    until(lambda: first.ringing() or second.ringing(), 15, "a ring")
    other = second if first.ringing() else first
    ring = other.wait_ring(15)
    ring.answer()
    time.sleep(1.0)
    call.hang_up()
    stage.member("a2", False)


def rejected(stage: Stage) -> None:
    """a1 turns the call down, then answers it."""
    call = stage.caller.call("100")
    stage.a1.wait_ring(15).refuse(486)
    ring = stage.a1.wait_ring(15)
    time.sleep(0.3)
    ring.answer()
    time.sleep(0.5)
    call.hang_up()


def unreachable(stage: Stage) -> None:
    """a1's phone is in the queue and is gone; the caller gives up."""
    stage.a1.register(0)
    call = stage.caller.call("100").wait_answer()
    time.sleep(2.9)
    call.hang_up()
    stage.a1.register()


def blind_transfer(stage: Stage) -> None:
    """a1 hands the caller to a2 without a word."""
    call, ring = stage.talk(stage.a1, 0.7)
    refer(ring, f"sip:102@127.0.0.1:{stage.ports.sip}")
    second = stage.a2.wait_ring()
    time.sleep(0.3)
    second.answer()
    time.sleep(1.0)
    call.hang_up()
    second.wait_end()


def attended_transfer(stage: Stage) -> None:
    """a1 puts the caller on hold, asks a2, then hands the caller over."""
    call, ring = stage.talk(stage.a1, 0.7)
    ring.hold()
    asking = stage.a1.call("102")
    second = stage.a2.wait_ring()
    time.sleep(0.3)
    second.answer()
    asking.wait_answer()
    time.sleep(1.0)
    hand_over(ring, asking)
    asking.wait_end()
    time.sleep(1.0)
    call.hang_up()
    second.wait_end()


def two_at_once(stage: Stage) -> None:
    """Two callers, two agents."""
    stage.member("a2")
    calls = [stage.caller.call("100"), stage.caller.call("100")]
    rings = [stage.a1.wait_ring(15), stage.a2.wait_ring(15)]
    for ring in rings:
        ring.answer()
    time.sleep(1.0)
    calls[0].hang_up()
    time.sleep(0.5)
    calls[1].hang_up()
    stage.member("a2", False)


def phone_break(stage: Stage) -> None:
    """a1 takes a break with the phone's code and comes back; an AMI pause must not count."""
    stage.a1.call("*90").wait_end()
    time.sleep(1.1)
    stage.a1.call("*91").wait_end()
    pause = {"Interface": "PJSIP/a1d", "Paused": "true", "Reason": "lunch"}
    stage.actions.ask("QueuePause", pause)
    stage.actions.ask("QueuePause", {**pause, "Paused": "false"})


def between_phones(stage: Stage) -> None:
    """a1 calls a2; no call of a customer."""
    leg = stage.a1.call("102")
    stage.a2.wait_ring().answer()
    leg.wait_answer()
    time.sleep(0.5)
    leg.hang_up()


def going_out(stage: Stage) -> None:
    """a1 calls a customer, who answers; a hold."""
    leg = stage.a1.call("0907654321")
    ring = stage.caller.wait_ring()
    time.sleep(0.5)
    ring.answer()
    leg.wait_answer()
    time.sleep(0.5)
    leg.hold()
    time.sleep(0.5)
    leg.resume()
    time.sleep(0.5)
    ring.hang_up()
    leg.wait_end()


def going_out_unanswered(stage: Stage) -> None:
    """a1 calls three customers: one is busy, one lets it ring, one rings until a1 gives up."""
    leg = stage.a1.call("0907654321")
    stage.caller.wait_ring().refuse(486)
    leg.wait_end()
    leg = stage.a1.call("0907654322")
    stage.caller.wait_ring()
    leg.wait_end()
    leg = stage.a1.call("0907654323")
    stage.caller.wait_ring()
    time.sleep(0.5)
    leg.hang_up()


def back_in_the_queue(stage: Stage) -> None:
    """a1's phone hangs up; the dialplan puts the caller back into the queue, where a2 answers."""
    call = stage.caller.call("again")
    first = stage.a1.wait_ring(15)
    first.answer()
    call.wait_answer()
    time.sleep(0.7)
    stage.member("a2")
    stage.member("a1", False)
    first.hang_up()
    try:
        ring = stage.a2.wait_ring(15)
    except BaseException:
        print(stage.asterisk.log_tail(30))
        raise
    time.sleep(0.3)
    ring.answer()
    time.sleep(0.7)
    call.hang_up()
    stage.member("a2", False)
    stage.member("a1")


def page_reload(stage: Stage) -> None:
    """a1's page is reloaded in mid-call: a new leg takes the old one's place."""
    call, ring = stage.talk(stage.a1, 0.7)
    new = take_over(stage.a1, ring, "101")
    ring.wait_end()
    time.sleep(0.7)
    call.hang_up()
    new.wait_end()


def picked_up(stage: Stage) -> None:
    """It rings at a1's, and a2 takes the call."""
    call = stage.caller.call("100")
    stage.a1.wait_ring(15)
    time.sleep(0.4)
    taken = stage.a2.call("take").wait_answer()
    time.sleep(1.0)
    taken.hang_up()
    call.wait_end()


STORIES: tuple[Callable[[Stage], None], ...] = (
    answered,
    hung_up_on_hold,
    agent_hangs_up,
    abandoned,
    in_greeting,
    nobody,
    second_agent,
    rejected,
    unreachable,
    blind_transfer,
    attended_transfer,
    two_at_once,
    phone_break,
    between_phones,
    going_out,
    going_out_unanswered,
    back_in_the_queue,
    page_reload,
    picked_up,
)
