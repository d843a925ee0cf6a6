"""Real phones of agents: which of them ring first, by the queue's choice; and what a caller who waits is told
of how long it will take.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator

import pytest

from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone
from tests.pbx_conf.exchange import Exchange, wait_tone
from tests.pbx_conf.places import DOCUMENT, site
from tests.until import until

pytestmark = pytest.mark.asterisk

# A port of its own: other files' providers live beside this one.
PORT = 5075
ALL, LISTED, TURNS, SLOW = (f"0281234568{n}" for n in range(4))
AGENTS = ("a1", "a2", "a3")
WAIT_S = 42
"""What the callers before have waited: app_queue tells whole minutes, and rounds."""
CALLERS = 8


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """A queue for each way to ring that can be foretold, and one that tells the wait."""
    plain = {"record": False, "announce_position": False, "wrap_up_seconds": 0, "ring_seconds": 30}
    everybody = {**plain, "agents": list(AGENTS)}
    wanted = site(
        agents=[{"id": one, "name": f"N{one}", "extension": f"10{one[1:]}"} for one in AGENTS],
        lines=[{**DOCUMENT["lines"][0], "port": PORT}],
        queues=[
            {**everybody, "id": "q1", "name": "All", "strategy": "ringall"},
            {**everybody, "id": "q2", "name": "Listed", "strategy": "linear"},
            {**everybody, "id": "q3", "name": "Turns", "strategy": "rrmemory"},
            {**plain, "id": "q4", "name": "Slow", "agents": ["a1"], "announce_wait": True},
        ],
        numbers=[
            {"id": f"n{n}", "number": number, "line_id": "l1", "queue_id": f"q{n}"}
            for n, number in enumerate((ALL, LISTED, TURNS, SLOW), 1)
        ],
    )
    with Exchange(tmp_path_factory.mktemp("ringing"), wanted) as asterisk:
        yield asterisk
        assert asterisk.complaints() == []


@pytest.fixture
def phones(exchange: Exchange) -> Iterator[dict[str, Phone]]:
    """Those of the agents, by their ids."""
    with exchange.desk("a1") as one, exchange.desk("a2") as two, exchange.desk("a3") as three:
        yield {"a1": one, "a2": two, "a3": three}
    exchange.wait_idle()
    forget_refusals(exchange)


@pytest.fixture
def provider(exchange: Exchange) -> Iterator[Phone]:
    """The far end of the line."""
    with Phone("first", host="127.0.0.2", port=PORT, server=exchange.server, tone_hz=440) as phone:
        yield phone


def on_duty(exchange: Exchange, queue: str) -> None:
    """All agents come to work, the first of the list first."""
    for agent in AGENTS:
        exchange.put_in(agent, queue)


def forget_refusals(exchange: Exchange) -> None:
    """Those who have declined are back, as after *91: else their phones would rest for some seconds."""
    for agent in AGENTS:
        exchange.cli(f"dialplan set global FOYER_DECLINED_{agent}d 0")


def rung(phones: dict[str, Phone]) -> tuple[str, Leg]:
    """The one agent whose phone rings, and the call."""

    def ringing() -> list[tuple[str, Leg]]:
        return [(agent, leg) for agent, phone in phones.items() if (leg := phone.ringing())]

    (found,) = until(ringing, 10, "a phone to ring")
    return found


def test_all_at_once(exchange: Exchange, phones: dict[str, Phone], provider: Phone) -> None:
    on_duty(exchange, "q1")
    caller = provider.call(ALL).wait_answer()
    legs = [phone.wait_ring() for phone in phones.values()]
    assert all(leg.ended_at is None for leg in legs)
    legs[1].answer()
    wait_tone(legs[1], 440, 0.5)
    for leg in (legs[0], legs[2]):
        leg.wait_end()
    assert legs[1].is_up
    caller.hang_up()
    legs[1].wait_end()


def test_in_the_order_of_the_list(exchange: Exchange, phones: dict[str, Phone], provider: Phone) -> None:
    on_duty(exchange, "q2")
    for _ in range(2):
        caller = provider.call(LISTED).wait_answer()
        for agent in AGENTS:
            rings, leg = rung(phones)
            assert rings == agent
            if agent != AGENTS[-1]:
                leg.refuse(486)
        leg.answer()
        wait_tone(leg, 440, 0.5)
        caller.hang_up()
        leg.wait_end()
        forget_refusals(exchange)
    # Who talks is passed over, without a ring.
    first = provider.call(LISTED).wait_answer()
    _, talk = rung(phones)
    talk.answer()
    second = provider.call(LISTED).wait_answer()
    rings, leg = rung(phones)
    assert rings == "a2"
    for call in (first, second):
        call.hang_up()
    talk.wait_end()
    leg.wait_end()


def test_by_turns(exchange: Exchange, phones: dict[str, Phone], provider: Phone) -> None:
    on_duty(exchange, "q3")
    answered = []
    for _ in range(4):
        caller = provider.call(TURNS).wait_answer()
        agent, leg = rung(phones)
        leg.answer()
        wait_tone(leg, 440, 0.5)
        caller.hang_up()
        leg.wait_end()
        answered.append(agent)
    assert set(answered[:3]) == set(AGENTS) and answered[3] == answered[0]
    # Who does not take a call has had his turn, too.
    caller = provider.call(TURNS).wait_answer()
    rings, leg = rung(phones)
    assert rings == answered[1]
    leg.refuse(486)
    rings, leg = rung(phones)
    assert rings == answered[2]
    caller.hang_up()
    leg.wait_end()


@pytest.mark.slow
def test_who_waits_is_told_how_long_it_will_take(exchange: Exchange, provider: Phone) -> None:
    exchange.put_in("a1", "q4")
    exchange.cli("queue pause member PJSIP/a1d queue q4")
    with exchange.desk("a1") as desk:
        since = exchange.since()
        began = time.monotonic()
        callers = [provider.call(SLOW, caller=f"090123450{n}").wait_answer() for n in range(CALLERS)]
        until(lambda: f"q4 has {CALLERS} calls" in exchange.cli("queue show q4"), 10, "all to wait")
        until(lambda: time.monotonic() - began > WAIT_S, WAIT_S + 5, "the wait", every_s=0.5)
        assert "queue-holdtime" not in dict(exchange.played(since)), "nobody knows yet"
        exchange.cli("queue unpause member PJSIP/a1d queue q4")
        for caller in callers:
            leg = desk.wait_ring()
            leg.answer()
            until(lambda: exchange.cli("queue show q4").count("in call") == 1, 5, "the talk")
            caller.hang_up()
            leg.wait_end()
        exchange.cli("queue pause member PJSIP/a1d queue q4")
        held = re.search(r"\((\d+)s holdtime", exchange.cli("queue show q4"))
        assert held
        since, called = exchange.since(), time.monotonic()
        last = provider.call(SLOW).wait_answer()
        until(lambda: len(exchange.played(since)) >= 3, 15, "the wait to be told")
        told = [name for name, _ in exchange.played(since)]
        # A busy machine makes them wait longer. What the last has waited so far is taken off.
        rounded = int(held[1]) + 30
        asked = math.ceil(time.monotonic() - called)
        minutes = {(rounded - waited) // 60 for waited in range(asked + 1)}
        may_be = [[f"digits/{n}", "queue-minute" if n == 1 else "queue-minutes"] for n in minutes]
        assert told[0] == "queue-holdtime" and told[1:3] in may_be, (told, held[0])
        last.hang_up()
