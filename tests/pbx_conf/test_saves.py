"""Settings that change under a call: whoever is in the part that goes, goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from appliance.apply import objects
from appliance.apply.lists import without
from appliance.apply.objects import Waiting
from appliance.apply.sounds import wanted
from appliance.sound.speech import speak
from appliance.store.sitemodel import Site
from tests.pbx_conf.exchange import Exchange
from tests.pbx_conf.places import site
from tests.until import until

pytestmark = pytest.mark.asterisk

NUMBER = "02812345678"
LONG = "Xin quý khách vui lòng chờ trong giây lát, chúng tôi sẽ trả lời ngay khi có thể. " * 3
PLAIN = {"name": "Đặt bàn", "agents": ["a1"], "announce_position": False}


def office(leads: str, *queues: dict[str, Any], steps: list[dict[str, Any]] | None = None) -> Site:
    """A site whose number leads there; with a flow if there are steps."""
    flows = [{"id": "f1", "name": "Main", "steps": steps}] if steps else []
    where = {"flow_id": leads, "queue_id": ""} if leads[0] == "f" else {"queue_id": leads}
    return site(
        queues=[{**PLAIN, **queue} for queue in queues],
        flows=flows,
        numbers=[{"id": "n1", "number": NUMBER, "line_id": "l1", **where}],
    )


Q1, Q2 = {"id": "q1"}, {"id": "q2", "name": "Giao hàng"}
GREETED = {**Q1, "greeting_text": LONG}
TO_Q1 = {"id": "t2", "kind": "queue", "queue_id": "q1"}
MENU = {
    "id": "t1",
    "kind": "menu",
    "texts": [{"language": "vi", "text": "Bấm một."}],
    "keys": [{"key": "1", "next": "t2"}],
    "otherwise": "t2",
    "timeout_seconds": 3,
    "tries": 1,
}
ASKS_FOR_HOA = [
    {"id": "t1", "kind": "person", "agent_id": "a1", "ring_seconds": 60, "next": "t3"},
    {"id": "t3", "kind": "end"},
]
SAYS = {"id": "t4", "kind": "say", "texts": [{"language": "vi", "text": "Xin chào."}], "next": "t2"}


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """Every phone of an agent is there; nobody is on duty but on a break."""
    with Exchange(tmp_path_factory.mktemp("exchange"), office("q1", Q1)) as asterisk:
        yield asterisk
        assert [line for line in asterisk.complaints() if "was not found" not in line] == []


def say(exchange: Exchange, shown: Site) -> None:
    """Speaks what the site says; that takes a while."""
    for file, text in wanted(shown):
        if not (exchange.env.sounds / file).exists():
            speak(text.text, text.language, exchange.env.sounds / file)


def save(exchange: Exchange, shown: Site) -> None:
    """Makes the site live, with its sounds; an agent is in all of its queues, on a break."""
    say(exchange, shown)
    exchange.save(shown)
    for queue in shown.queues:
        exchange.put_in("a1", queue.id)
        exchange.cli(f"queue pause member PJSIP/a1d queue {queue.id}")


def wait_in(exchange: Exchange, queue: str) -> None:
    """Until a caller waits in that queue."""
    until(lambda: "1. PJSIP/l1" in exchange.cli(f"queue show {queue}"), 20, f"the caller in {queue}")


def test_who_waits_in_a_queue_that_goes_waits_in_the_one_that_takes_its_place(exchange: Exchange) -> None:
    with exchange.desk("a1"), exchange.provider(tone_hz=440) as provider:
        save(exchange, office("q2", Q1, Q2))
        caller = provider.call(NUMBER).wait_answer()
        wait_in(exchange, "q2")
        save(exchange, office("q1", Q1))
        wait_in(exchange, "q1")
        caller.hang_up()


def test_who_hears_the_greeting_while_it_is_cleared_waits_and_is_recorded(exchange: Exchange) -> None:
    with exchange.desk("a1"), exchange.provider(tone_hz=440) as provider:
        save(exchange, office("q1", GREETED))
        since = exchange.since()
        caller = provider.call(NUMBER).wait_answer()
        exchange.wait_played(since, str(exchange.greeting("q1").with_suffix("")))
        save(exchange, office("q1", Q1))
        wait_in(exchange, "q1")
        assert "MIXMONITOR_FILENAME" in exchange.cli(f"core show channel {exchange.last_leg()}")
        caller.hang_up()


def test_who_hears_the_greeting_of_a_queue_that_goes_goes_on(exchange: Exchange) -> None:
    with exchange.desk("a1"), exchange.provider(tone_hz=440) as provider:
        save(exchange, office("q1", GREETED))
        since = exchange.since()
        caller = provider.call(NUMBER).wait_answer()
        exchange.wait_played(since, str(exchange.greeting("q1").with_suffix("")))
        save(exchange, office("q2", Q2))
        wait_in(exchange, "q2")
        caller.hang_up()


def test_who_comes_while_a_queue_is_made_anew_waits_in_it(exchange: Exchange) -> None:
    with exchange.desk("a1"), exchange.provider(tone_hz=440) as provider:
        save(exchange, office("q1", Q1))
        file = exchange.etc / "queues.conf"
        whole = file.read_text("utf-8")
        file.write_text(without(whole, ["q1"]), "utf-8")
        exchange.cli("queue reload all")
        caller = provider.call(NUMBER).wait_answer()
        until(lambda: "!Wait!" in exchange.cli("core show channels concise"), 20, "the caller to look again")
        file.write_text(whole, "utf-8")
        exchange.cli("queue reload all")
        exchange.put_in("a1", "q1")
        exchange.cli("queue pause member PJSIP/a1d queue q1")
        wait_in(exchange, "q1")
        caller.hang_up()


@pytest.mark.parametrize(
    "after",
    [office("q1", Q1), office("f1", Q1, steps=[SAYS, TO_Q1])],
    ids=["the flow goes", "its steps go"],
)
@pytest.mark.parametrize("steps", [[MENU, TO_Q1], ASKS_FOR_HOA], ids=["in a menu", "while a person rings"])
def test_who_is_in_a_step_that_goes_goes_on(
    exchange: Exchange, after: Site, steps: list[dict[str, Any]]
) -> None:
    with exchange.desk("a1") as desk, exchange.provider(tone_hz=440) as provider:
        save(exchange, office("f1", Q1, steps=steps))
        say(exchange, after)
        caller = provider.call(NUMBER).wait_answer()
        if steps is ASKS_FOR_HOA:
            desk.wait_ring()
        else:
            until(lambda: "!Read!" in exchange.cli("core show channels concise"), 10, "the menu")
        save(exchange, after)
        if steps is ASKS_FOR_HOA:
            desk.wait_ring().refuse()
        wait_in(exchange, "q1")
        caller.hang_up()


def test_who_waits_is_told_from_who_talks() -> None:
    line = "PJSIP/l1-{}!foyer-wait!s!9!Up!Queue!{},cCt!0901!!!3!7!{}!1795352.{}"
    rows = [line.format(1, "q1", "", 1), line.format(2, "q2", "", 2), line.format(3, "q2", "9f-77", 3)]
    rows.append("PJSIP/l1-4!foyer-menu!s!2!Up!Read!FOYER_PRESSED,x!0901!!!3!7!!1795352.4")
    answer = "\n".join(rows)
    first = [Waiting("PJSIP/l1-1", "foyer-wait", "q1"), Waiting("PJSIP/l1-2", "foyer-wait", "q2")]
    assert objects.waiting(answer) == first
    talks_or_gone = [name for name in "12345" if objects.is_talking_or_gone(answer, f"PJSIP/l1-{name}")]
    assert talks_or_gone == ["3", "5"]
