"""Real calls out: who may call whom, over which line, and that there is no way around it."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator

import pytest

from tests.asterisk.handing_over import hand_over, redirect, refer
from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone
from tests.pbx_conf.exchange import Exchange, events, wait_tone
from tests.pbx_conf.places import DOCUMENT, site
from tests.until import NeverHappened, until

pytestmark = pytest.mark.asterisk

# A port of its own: other files' providers live beside this one.
PORT = 5073
FIRST, SECOND = "127.0.0.2", "127.0.0.3"
NUMBER = "02812345678"
MOBILE, PREMIUM, AMERICAN, CUBAN = "0909123456", "19001234", "+12025550143", "+5352345678"
LINE = DOCUMENT["lines"][0]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """Two lines; a1 may call what everybody may, a2 everything, a3 nothing."""
    everything = ["national", "mobile", "international", "elsewhere", "premium", "satellite", "unknown"]
    wanted = site(
        queues=[{"id": "q1", "name": "Q", "agents": ["a1"], "record": False, "wrap_up_seconds": 0}],
        agents=[{"id": f"a{n}", "name": f"N{n}", "extension": f"10{n}"} for n in (1, 2, 3)],
        lines=[
            {**LINE, "port": PORT},
            {
                **LINE,
                "id": "l2",
                "host": SECOND,
                "port": PORT,
                "caller_number": "02812345679",
                "number_format": "plus",
            },
        ],
        outbound={
            "countries": ["US"],
            "permits": [{"agent_id": "a2", "kinds": everything}, {"agent_id": "a3", "kinds": []}],
        },
    )
    with Exchange(tmp_path_factory.mktemp("calls-out"), wanted) as asterisk:
        yield asterisk


@pytest.fixture
def exchange(running: Exchange) -> Iterator[Exchange]:
    """The exchange without calls."""
    yield running
    running.wait_idle()


@pytest.fixture
def first(exchange: Exchange) -> Iterator[Phone]:
    """The provider of the first line."""
    with Phone("first", host=FIRST, port=PORT, server=exchange.server, tone_hz=440) as phone:
        look(exchange, "l1", "NOT_INUSE")
        yield phone


@pytest.fixture
def second(exchange: Exchange) -> Iterator[Phone]:
    """The provider of the second line."""
    with Phone("second", host=SECOND, port=PORT, server=exchange.server, tone_hz=550) as phone:
        look(exchange, "l2", "NOT_INUSE")
        yield phone


def look(exchange: Exchange, line: str, state: str) -> None:
    """Makes Asterisk look now whether the provider is there."""
    word = {"NOT_INUSE": "Avail", "UNAVAILABLE": "Unavail"}[state]

    def is_seen() -> bool:
        return f" {word} " in exchange.cli(f"pjsip show aor {line}")

    for _ in range(3):
        exchange.cli(f"pjsip qualify {line}")
        # One question at a time: the answer to an older one would count as well.
        with contextlib.suppress(NeverHappened):
            until(is_seen, 10, f"{line} to be {state}", every_s=0.2)
            return
    raise NeverHappened(f"{line} is not {state}")


def called(phone: Phone) -> list[str]:
    """The numbers that came to a provider."""
    return [leg.invite.uri.partition(":")[2].partition("@")[0] for leg in phone.legs if leg.invite]


def test_who_may_call_what(exchange: Exchange, first: Phone) -> None:
    with exchange.desk("a1") as desk, exchange.desk("a2") as boss, exchange.desk("a3") as apprentice:
        for phone, number in (
            (desk, PREMIUM),
            (desk, "+84" + PREMIUM),
            (desk, CUBAN),
            (desk, "+88216123456"),
            (desk, "1080"),
            (apprentice, MOBILE),
            (apprentice, AMERICAN),
        ):
            since = exchange.since()
            assert phone.call(number).wait_end(15).status >= 400
            assert ("foyer/not-allowed", "vi") in exchange.played(since), number
        assert called(first) == []
        for phone, number, sent in (
            (desk, "+84909123456", MOBILE),
            (desk, "909123456", MOBILE),
            (desk, AMERICAN, "0012025550143"),
            (boss, "+84" + PREMIUM, PREMIUM),
            (boss, CUBAN, "005352345678"),
            (boss, "1080", "1080"),
            (apprentice, "113", "113"),
        ):
            leg = phone.call(number)
            rang = first.wait_ring()
            assert called(first)[-1] == sent
            assert rang.caller == "+842812345678"
            leg.hang_up()
            rang.wait_end()


def test_colleagues_can_always_be_called(exchange: Exchange) -> None:
    with exchange.desk("a3") as apprentice, exchange.desk("a1", answers=True):
        apprentice.call("101").wait_answer().hang_up()


def test_a_phone_that_forwards_its_calls_makes_a_call_out_of_its_agent(
    exchange: Exchange, first: Phone
) -> None:
    with exchange.desk("a2") as boss, exchange.desk("a1") as desk:
        # The boss may call premium numbers; the colleague whose phone forwards to one may not.
        leg = boss.call("101")
        since = exchange.since()
        redirect(desk, desk.wait_ring(), PREMIUM)
        leg.wait_end(15)
        assert "foyer/not-allowed" in dict(exchange.played(since, "Local/")) and called(first) == []
        leg = boss.call("101")
        redirect(desk, desk.wait_ring(), MOBILE)
        assert first.wait_ring().invite and called(first) == [MOBILE]
        leg.hang_up()


def test_a_caller_is_not_forwarded_to_what_the_agent_may_not_call(exchange: Exchange, first: Phone) -> None:
    exchange.put_in("a1")
    try:
        with exchange.desk("a1") as desk:
            caller = first.call(NUMBER, caller="0901234567").wait_answer()
            since = exchange.since()
            redirect(desk, desk.wait_ring(), CUBAN)
            until(lambda: "foyer/not-allowed" in dict(exchange.played(since, "Local/")), 10, "the refusal")
            caller.hang_up()
            assert called(first) == []
    finally:
        exchange.take_out("a1")


def test_a_provider_that_sends_a_call_elsewhere_is_not_followed(
    exchange: Exchange, first: Phone, second: Phone
) -> None:
    with exchange.desk("a1") as desk:
        leg = desk.call(MOBILE)
        redirect(first, first.wait_ring(), PREMIUM)
        leg.wait_end()
    assert called(first) == [MOBILE] and called(second) == []


def test_a_provider_that_falls_silent_costs_seconds(exchange: Exchange, first: Phone, second: Phone) -> None:
    def asked() -> list[str]:
        """To which numbers an INVITE came to the silent provider, each time that it was sent."""
        return re.findall(r" came\nINVITE sip:(\d+)@", "\n".join(first.trace))

    with exchange.desk("a1") as desk:
        # Nobody answers there, and the box does not know it yet.
        first.is_silent = True
        leg = desk.call(MOBILE)
        # By the timers of RFC 3261 the box would ask for 32 s before it takes the next line.
        second.wait_ring(30)
        # At 0, 125, 375 ... 7,875 ms, and then no more.
        assert set(asked()) == {MOBILE} and len(asked()) <= 7
        leg.hang_up()
        look(exchange, "l1", "UNAVAILABLE")
        before = len(asked())
        leg = desk.call(MOBILE)
        until(lambda: len(called(second)) == 2, 30, "the second call")
        assert len(asked()) == before, "the next call waited for the silent provider as well"
        leg.hang_up()


def comes_back(exchange: Exchange, desk: Phone, since: int) -> Leg:
    """Who was handed on to where he may not be called is at the phone again, whose owner hears why."""
    back = desk.wait_ring()
    back.answer()
    wait_tone(back, 440, 0.5)
    assert "foyer/not-allowed" in dict(exchange.played(since, f"PJSIP/{desk.user}"))
    return back


def test_a_transfer_goes_by_the_rules_of_who_transfers(exchange: Exchange, first: Phone) -> None:
    exchange.put_in("a1")
    try:
        with exchange.desk("a1", tone_hz=700) as desk:
            for number, is_allowed in ((PREMIUM, False), (MOBILE, True)):
                caller = first.call(NUMBER, caller="0901234567").wait_answer()
                ring = desk.wait_ring()
                ring.answer()
                wait_tone(ring, 440, 0.5)
                since = exchange.since()
                refer(ring, f"sip:{number}@127.0.0.1:{exchange.server[1]}")
                if is_allowed:
                    first.wait_ring()
                else:
                    comes_back(exchange, desk, since)
                caller.hang_up()
                ring.end()
            assert called(first) == [MOBILE]
    finally:
        exchange.take_out("a1")


def test_whom_an_agent_called_is_not_transferred_to_what_he_may_not_call(
    exchange: Exchange, first: Phone
) -> None:
    with exchange.desk("a1", tone_hz=700) as desk:
        leg = desk.call(MOBILE)
        first.wait_ring().answer()
        leg.wait_answer()
        wait_tone(leg, 440, 0.5)
        since = exchange.since()
        refer(leg, f"sip:{CUBAN}@127.0.0.1:{exchange.server[1]}")
        comes_back(exchange, desk, since).hang_up()
        first.legs[-1].wait_end(15)
        leg.end()
    assert called(first) == [MOBILE]


def test_two_parties_outside_are_connected_by_an_agent(exchange: Exchange, first: Phone) -> None:
    with exchange.desk("a1", tone_hz=700) as desk:
        one = desk.call(MOBILE)
        first.wait_ring().answer()
        one.wait_answer()
        one.hold()
        other = desk.call("02838221234")
        first.wait_ring().answer()
        other.wait_answer()
        wait_tone(other, 440, 0.5)
        hand_over(one, other)
        other.wait_end()
        here, there = first.legs
        wait_tone(here, 440, 0.5)
        there.hang_up()
        here.wait_end()
        one.end()


def test_the_next_line_is_taken_if_one_refuses(exchange: Exchange, first: Phone, second: Phone) -> None:
    first.refuses = 503
    with exchange.desk("a1", tone_hz=700) as desk:
        leg = desk.call(MOBILE)
        rang = second.wait_ring()
        assert called(first) == [MOBILE] and called(second) == ["+84909123456"]
        assert rang.caller == "+842812345679"
        rang.answer()
        leg.wait_answer()
        wait_tone(leg, 550, 0.5)
        leg.hang_up()
        rang.wait_end()
    marks = [json.loads(e["eventextra"])["extra"] for e in events(exchange) if "FOYER" in e["eventtype"]]
    assert marks[-2].endswith(f"^l1^{MOBILE}^out") and marks[-1] == "l2"


def test_a_line_whose_provider_is_away_comes_last(exchange: Exchange, second: Phone) -> None:
    look(exchange, "l1", "UNAVAILABLE")
    with exchange.desk("a1") as desk:
        leg = desk.call(MOBILE)
        rang = second.wait_ring(3)
        rang.refuse(486)
        assert leg.wait_end().status == 486
    marks = [json.loads(e["eventextra"])["extra"] for e in events(exchange) if "FOYER" in e["eventtype"]]
    assert marks[-1].endswith(f"^l2^{MOBILE}^out")


@pytest.mark.parametrize("status", [486, 404])
def test_what_says_something_of_the_number_is_the_end(
    exchange: Exchange, first: Phone, second: Phone, status: int
) -> None:
    first.refuses = status
    with exchange.desk("a1") as desk:
        assert desk.call(MOBILE).wait_end().status == status
    assert called(second) == []


def test_a_line_that_rang_has_taken_the_call(exchange: Exchange, first: Phone, second: Phone) -> None:
    with exchange.desk("a1") as desk:
        leg = desk.call(MOBILE)
        first.wait_ring().refuse(503, "Service Unavailable")
        leg.wait_end()
    assert called(second) == []


def test_no_line_at_all_is_told(exchange: Exchange, first: Phone, second: Phone) -> None:
    first.refuses = second.refuses = 503
    with exchange.desk("a1") as desk:
        since = exchange.since()
        assert desk.call(MOBILE).wait_end(15).status == 503
        assert ("foyer/no-line", "vi") in exchange.played(since)
    assert (called(first), called(second)) == ([MOBILE], ["+84909123456"])


@pytest.mark.parametrize("status", [404, 486, 503])
def test_help_is_called_over_every_line(exchange: Exchange, first: Phone, second: Phone, status: int) -> None:
    first.refuses = status
    with exchange.desk("a3") as desk:
        leg = desk.call("115")
        rang = second.wait_ring()
        assert (called(first), called(second)) == (["115"], ["115"])
        leg.hang_up()
        rang.wait_end()


def test_nothing_was_complained_of(exchange: Exchange) -> None:
    """The last test: all prompts were found, no file and no step was wrong."""
    assert exchange.complaints() == []
