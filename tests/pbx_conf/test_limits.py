"""Limits of calls out and the guard against fraud, with real calls and no process of ours alive."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator

import pytest

from appliance.store.sitemodel import Site
from tests.asterisk.handing_over import hand_over, redirect, refer
from tests.asterisk.phone import Phone
from tests.pbx_conf.exchange import Exchange, wait_tone
from tests.pbx_conf.places import DOCUMENT, site
from tests.pbx_conf.test_calls_out import FIRST, MOBILE, called, look
from tests.until import until

pytestmark = pytest.mark.asterisk

# A port of its own: other files' providers live beside this one.
PORT = 5071
AMERICAN, OTHER = "+12025550143", "02838221234"
LIMITS = {
    "box_at_once": 3,
    "person_at_once": 2,
    "box_minutes": 60,
    "person_minutes": 1,
    "box_calls": 40,
    "person_calls": 20,
    "longest_minutes": 30,
    "expensive_minutes": 1,
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """One line, three agents."""
    wanted = site(
        queues=[{"id": "q1", "name": "Q", "agents": ["a1"], "record": False, "wrap_up_seconds": 0}],
        agents=[{"id": f"a{n}", "name": f"N{n}", "extension": f"10{n}"} for n in (1, 2, 3)],
        lines=[{**DOCUMENT["lines"][0], "port": PORT}],
        outbound={"countries": ["US"], "limits": LIMITS},
    )
    with Exchange(tmp_path_factory.mktemp("limits"), wanted) as asterisk:
        yield asterisk


@pytest.fixture
def exchange(running: Exchange) -> Iterator[Exchange]:
    """The exchange without calls, and with nothing spent."""
    yield running
    try:
        running.wait_idle()
        assert "0 results found" in running.cli("database show foyer-up")
    finally:
        for family in ("foyer-up", "foyer-spent", "foyer-guard"):
            running.cli(f"database deltree {family}")


@pytest.fixture
def line(exchange: Exchange) -> Iterator[Phone]:
    """The line's provider, who answers."""
    with Phone("line", host=FIRST, port=PORT, server=exchange.server, tone_hz=440, answers=True) as phone:
        look(exchange, "l1", "NOT_INUSE")
        yield phone


def spent(exchange: Exchange, who: str) -> tuple[int, int]:
    """Calls and seconds of today."""
    found = re.search(rf"/foyer-spent/{who}\s+: \d+/(\d+)/(\d+)", exchange.cli("database show foyer-spent"))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def spend(exchange: Exchange, who: str, calls: int, seconds: int) -> None:
    """As if so much was spent today, by calls that are over."""
    until(lambda: "0 results" in exchange.cli("database show foyer-up"), 5, "the calls before to be counted")
    put_spent(exchange, who, calls, seconds)


def put_spent(exchange: Exchange, who: str, calls: int, seconds: int) -> None:
    """As if so much was spent today; calls that are up count on from there."""
    day = re.search(r"/foyer-spent/box\s+: (\d+)/", exchange.cli("database show foyer-spent"))
    assert day, "call once before"
    exchange.cli(f"database put foyer-spent {who} {day[1]}/{calls}/{seconds}")


def refused(exchange: Exchange, phone: Phone, number: str, prompt: str) -> None:
    since = exchange.since()
    assert phone.call(number).wait_end(15).status >= 400
    assert (f"foyer/{prompt}", "vi") in exchange.played(since)


def test_calls_and_seconds_are_counted(exchange: Exchange, line: Phone) -> None:
    with exchange.desk("a1", tone_hz=700) as desk:
        leg = desk.call(MOBILE).wait_answer()
        until(lambda: spent(exchange, "a1")[1] >= 3, 10, "seconds to be counted while the call is up")
        leg.hang_up()
        until(lambda: "0 results" in exchange.cli("database show foyer-up"), 5, "the call to be over")
        assert spent(exchange, "a1") == spent(exchange, "box") and spent(exchange, "a1")[0] == 1
        desk.call("113").wait_answer().hang_up()
        assert spent(exchange, "box")[0] == 1


def test_calls_at_a_time(exchange: Exchange, line: Phone) -> None:
    desks = [exchange.desk(f"a{n}", tone_hz=700) for n in (1, 2, 3)]
    try:
        legs = [desks[0].call(MOBILE).wait_answer(), desks[0].call(OTHER).wait_answer()]
        refused(exchange, desks[0], MOBILE, "limit-now")
        legs.append(desks[1].call(MOBILE).wait_answer())
        refused(exchange, desks[2], MOBILE, "limit-now")
        legs.append(desks[2].call("115").wait_answer())
        for leg in legs:
            leg.hang_up()
    finally:
        for desk in desks:
            desk.close()
    assert len(called(line)) == 4


def test_two_calls_in_the_same_moment_do_not_slip_through(exchange: Exchange, line: Phone) -> None:
    with exchange.desk("a1", tone_hz=700) as desk:
        together = threading.Barrier(6)

        def call() -> None:
            together.wait()
            desk.call(MOBILE)

        threads = [threading.Thread(target=call) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        until(lambda: sum(leg.ended_at is not None for leg in desk.legs) >= 4, 15, "four refusals")
        assert len(called(line)) <= 2
        for leg in desk.legs:
            leg.hang_up()


def test_the_minutes_of_a_day_end_calls_that_are_up(exchange: Exchange, line: Phone) -> None:
    with exchange.desk("a1", tone_hz=700) as desk, exchange.desk("a2", tone_hz=800) as other:
        desk.call(MOBILE).wait_answer().hang_up()
        spend(exchange, "a1", 1, 44)
        one, two = desk.call(MOBILE).wait_answer(), desk.call(OTHER).wait_answer()
        free = other.call(MOBILE).wait_answer()
        one.wait_end(20)
        two.wait_end(20)
        assert free.is_up
        free.hang_up()
        refused(exchange, desk, MOBILE, "limit-day")
        desk.call("113").wait_answer().hang_up()
    # Two calls share the sixteen seconds: were both to have them all, it would be 76.
    assert spent(exchange, "a1")[1] in range(60, 67)


def test_the_calls_of_a_day(exchange: Exchange, line: Phone) -> None:
    with exchange.desk("a1", tone_hz=700) as desk:
        desk.call(MOBILE).wait_answer().hang_up()
        spend(exchange, "a1", 20, 1)
        refused(exchange, desk, MOBILE, "limit-day")
        spend(exchange, "a1", 1, 1)
        spend(exchange, "box", 2, 60 * 60)
        refused(exchange, desk, MOBILE, "limit-day")
        exchange.cli("database put foyer-spent box 20200101/99999/99999")
        desk.call(MOBILE).wait_answer().hang_up()


def test_the_calls_of_a_day_of_the_whole_box(exchange: Exchange, line: Phone) -> None:
    """Spread over the agents, so that none has used up their own."""
    with exchange.desk("a1", tone_hz=700) as desk, exchange.desk("a2", tone_hz=800) as other:
        desk.call(MOBILE).wait_answer().hang_up()
        spend(exchange, "box", 39, 1)
        last = desk.call(MOBILE).wait_answer()
        refused(exchange, other, OTHER, "limit-day")
        refused(exchange, desk, OTHER, "limit-day")
        # Whoever talks goes on: only the number of calls is used up.
        wait_tone(last, 440, 3)
        last.hang_up()
        other.call("113").wait_answer().hang_up()
        assert spent(exchange, "box")[0] == 40 and spent(exchange, "a1")[0] == 2


@pytest.mark.slow
def test_the_longest_call_ends(exchange: Exchange, line: Phone) -> None:
    """A minute, while a quarter of an hour is left of the day for both."""
    limits = {**LIMITS, "longest_minutes": 1, "person_minutes": 15}
    before = exchange.site
    exchange.save(Site.from_dict({**before.to_dict(), "outbound": {"countries": ["US"], "limits": limits}}))
    try:
        with exchange.desk("a1", tone_hz=700) as desk:
            leg = desk.call(MOBILE).wait_answer()
            leg.wait_end(75)
            assert leg.answered_at and leg.ended_at and 55 < leg.ended_at - leg.answered_at < 66
            assert spent(exchange, "a1")[1] in range(58, 66)
            # The next may begin at once.
            desk.call(MOBILE).wait_answer().hang_up()
    finally:
        exchange.save(before)


def test_expensive_minutes_stop_expensive_calls_only(exchange: Exchange, line: Phone) -> None:
    part = int(time.time()) // 600 * 600
    exchange.cli(f"database put foyer-guard {part - 600} 30")
    exchange.cli(f"database put foyer-guard {part - 4200} 99999")
    exchange.cli(f"database put foyer-guard {part} 24")
    with exchange.desk("a1", tone_hz=700) as desk, exchange.desk("a2", tone_hz=800) as other:
        abroad = desk.call(AMERICAN).wait_answer()
        home = other.call(MOBILE).wait_answer()
        abroad.wait_end(15)
        until(lambda: "/foyer-guard/stopped" in exchange.cli("database show foyer-guard"), 5, "the stop")
        assert home.is_up and str(part - 4200) not in exchange.cli("database show foyer-guard")
        home.hang_up()
        refused(exchange, other, AMERICAN, "stopped")
        # It stays stopped when the hour is over.
        for key in (part, part - 600):
            exchange.cli(f"database del foyer-guard {key}")
        refused(exchange, other, AMERICAN, "stopped")
        other.call(MOBILE).wait_answer().hang_up()
        other.call("114").wait_answer().hang_up()
        exchange.cli("database deltree foyer-guard")
        other.call(AMERICAN).wait_answer().hang_up()


def test_a_call_that_is_handed_on_counts_for_who_made_it(exchange: Exchange, line: Phone) -> None:
    with exchange.desk("a1", tone_hz=700) as desk:
        desk.call(MOBILE).wait_answer().hang_up()
        spend(exchange, "a1", 1, 30)
        one = desk.call(MOBILE).wait_answer()
        one.hold()
        other = desk.call(OTHER).wait_answer()
        wait_tone(other, 440, 0.3)
        hand_over(one, other)
        other.wait_end()
        one.end()
        # Nobody of the box is on the call any more; its time is still a1's, who has half a minute left: else
        # it would go on for half an hour.
        for leg in line.legs[-2:]:
            leg.wait_end(30)
        refused(exchange, desk, MOBILE, "limit-day")


def test_a_forwarded_and_a_transferred_call_count_for_the_agent(exchange: Exchange, line: Phone) -> None:
    line.answers = True
    with exchange.desk("a1", tone_hz=700) as desk, exchange.desk("a2", tone_hz=800) as boss:
        leg = boss.call("101")
        redirect(desk, desk.wait_ring(), MOBILE)
        leg.wait_answer()
        until(lambda: spent(exchange, "a1")[1] > 0, 10, "seconds of the one whose phone forwards")
        leg.hang_up()
        assert spent(exchange, "a2") == (0, 0)
        leg = boss.call(MOBILE).wait_answer()
        wait_tone(leg, 440, 0.3)
        refer(leg, f"sip:{OTHER}@127.0.0.1:{exchange.server[1]}")
        until(lambda: len(called(line)) == 3, 10, "the transferred call")
        until(lambda: spent(exchange, "a2")[0] == 2, 10, "both calls to be counted")
        put_spent(exchange, "a2", 2, 60)
        for far in line.legs[-2:]:
            far.wait_end(10)
        leg.end()


def test_a_crash_leaves_nothing_behind(exchange: Exchange, line: Phone) -> None:
    exchange.cli("database put foyer-up foyer-1.1 a1/mobile/1700000000/PJSIP/l1-000000ff")
    with exchange.desk("a1", tone_hz=700) as desk:
        desk.call(MOBILE).wait_answer()
        until(lambda: "foyer-1.1" not in exchange.cli("database show foyer-up"), 5, "the old leg to go")
        desk.legs[-1].hang_up()
        assert spent(exchange, "a1")[1] < 60


def test_nothing_was_complained_of(exchange: Exchange) -> None:
    """The last test: all prompts were found, no file and no step was wrong."""
    # Of legs that must not call.
    known = "Abnormal 'Gosub(foyer-line-leg"
    assert [line for line in exchange.complaints() if known not in line] == []
