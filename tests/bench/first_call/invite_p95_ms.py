"""How soon an agent's phone is rung while the box is full of calls."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from appliance.apply.asterisk import CHANNELS
from appliance.webui.assets import STATIC_ROOT
from tests.asterisk.instance import free_port
from tests.bench.exchange import GREETED, PLAIN, PROVIDER, Exchange, busy_site, register
from tests.bench.load import callers, desks
from tests.bench.result import Measure, percentile
from tests.bench.webphones import WebPhones
from tests.until import until

UP, BROWSERS = 60, 20
NEW, PER_SECOND, TALK_S = 100, 5.0, 3.0
DESKS, NEW_DESKS = "127.0.1.1", "127.0.1.2"
JSSIP = STATIC_ROOT / "vendor/jssip.min.js"
BUSY = [f"a{number}" for number in range(1, UP + 1)]
FREE = [f"a{number}" for number in range(UP + 1, UP + 41)]
SETTLED_S = 100.0


def recorded(folder: Path) -> int:
    """How many recordings hold sound."""
    return sum(path.stat().st_size > 10_000 for path in folder.rglob("*.wav"))


def all_up(exchange: Exchange) -> bool:
    """Whether every call of the greeted queue has an agent, and a recording that grows."""
    found = recorded(exchange.env.recordings)
    assert found >= UP, f"{found} recorded calls\n{exchange.cli('queue show q1')}\n{exchange.log_tail(20)}"
    return True


def talking(exchange: Exchange) -> set[str]:
    """The callers of the greeted queue who are connected to an agent now, by their channels."""
    shown = [line.split("!") for line in exchange.cli(CHANNELS).splitlines()]
    # The bridge stands before the last: who waits in the queue has none (main/cli.c).
    return {
        one[0]
        for one in shown
        if len(one) >= 14 and one[5] == "Queue" and one[6].startswith("q1,") and one[-2]
    }


def put_in(exchange: Exchange, agents: Sequence[str], queue: str, place: tuple[str, int]) -> None:
    """The agents' desk phones, all at this address, take calls of the queue."""
    for agent in agents:
        password = exchange.env.secrets.phones[f"{agent}d"]
        register(f"{agent}d", password, exchange.server, *place)
        exchange.put_in(agent, f"{agent}d", queue)


def measure(folder: Path) -> Measure:
    """Calls that stay up first, then new ones for other agents, in a queue without a greeting."""
    exchange = Exchange(folder / "foyer", busy_site(BUSY, FREE))
    words = exchange.env.secrets.phones
    web, ports = {agent: words[agent] for agent in BUSY[:BROWSERS]}, (free_port(), free_port())
    url = f"ws://127.0.0.1:{exchange.env.http_port}/ws"
    with (
        exchange,
        exchange.heard(),
        WebPhones(folder / "web", url, web, JSSIP) as phones,
        ExitStack() as stack,
    ):
        for agents, queue, host, port in (
            (BUSY[BROWSERS:], "q1", DESKS, ports[0]),
            (FREE, "q2", NEW_DESKS, ports[1]),
        ):
            put_in(exchange, agents, queue, (host, port))
        stack.enter_context(desks(folder / "desks", DESKS, ports[0]))
        rung = stack.enter_context(desks(folder / "new-desks", NEW_DESKS, ports[1]))
        for agent in web:
            exchange.put_in(agent, agent, "q1")
        with callers(
            folder / "up",
            PROVIDER,
            exchange.server,
            GREETED,
            prefix="091",
            per_second=4,
            count=UP,
            talk_s=SETTLED_S,
        ):
            until(lambda: phones.talking == BROWSERS, 45, "the browsers to talk", every_s=0.5)
            until(lambda: all_up(exchange), 30, "every call to be recorded", every_s=0.5)
            before = talking(exchange)
            assert len(before) == UP, before
            with callers(
                folder / "new",
                PROVIDER,
                exchange.server,
                PLAIN,
                prefix="092",
                per_second=PER_SECOND,
                count=NEW,
                talk_s=TALK_S,
            ) as new:
                code = new.wait(NEW / PER_SECOND + 40)
            assert phones.talking == BROWSERS and talking(exchange) == before, "calls ended too early"
    sent, received = new.invites(), rung.invites()
    assert code == 0 and len(received) == NEW, f"{len(received)} of {NEW} calls rang: {list(received)[:3]}"
    delays = [(received[caller] - at) * 1000 for caller, at in sent.items()]
    return Measure(
        "first_call.invite_p95_ms",
        round(percentile(delays, 0.95), 1),
        "ms",
        150,
        "lower",
        f"{NEW} calls, {PER_SECOND:g} a second, from the INVITE at the line to the one at a desk phone,"
        f" through a recorded queue without a greeting, with {UP} recorded calls up, {BROWSERS} of them in a"
        f" browser, on the files that a box has; median {percentile(delays, 0.5):.0f} ms",
    )
