"""Calls parked by keys, and taken from another phone, on a real Asterisk alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from appliance.apply import objects
from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone
from tests.pbx_conf.exchange import Exchange, talk, wait_tone
from tests.pbx_conf.places import DOCUMENT, site

pytestmark = pytest.mark.asterisk

# A port of its own: other files' providers live beside this one.
PORT = 5076
NUMBER, MOBILE = "02812345678", "0909123456"


class Impatient(Exchange):
    """Parked calls come back soon."""

    def _files(self) -> Mapping[str, str]:
        files = super()._files()
        return {
            **files,
            "res_parking.conf": files["res_parking.conf"].replace("parkingtime = 60", "parkingtime = 15"),
        }


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """a1 answers a queue."""
    wanted = site(
        queues=[{"id": "q1", "name": "Q", "agents": ["a1"], "wrap_up_seconds": 0, "record": False}],
        agents=[{"id": f"a{n}", "name": f"N{n}", "extension": f"10{n}"} for n in (1, 2, 3)],
        lines=[{**DOCUMENT["lines"][0], "port": PORT}],
    )
    with Impatient(tmp_path_factory.mktemp("parking"), wanted) as asterisk:
        yield asterisk


@pytest.fixture
def exchange(running: Exchange) -> Iterator[Exchange]:
    """The exchange without calls; a1 is in the queue."""
    running.put_in("a1")
    yield running
    running.take_all_out()
    running.wait_idle()


@pytest.fixture
def provider(exchange: Exchange) -> Iterator[Phone]:
    """The far end of the line."""
    with Phone("first", host="127.0.0.2", port=PORT, server=exchange.server, tone_hz=440) as phone:
        yield phone


def park(exchange: Exchange, leg: Leg) -> str:
    """Parks whom this leg talks to; returns the place that was said."""
    since = exchange.since()
    leg.sound.press("*5")
    leg.wait_end(15)
    digits = [name for name, _ in exchange.played(since) if name.startswith("digits/")]
    assert len(digits) == 2
    return "".join(name.removeprefix("digits/") for name in digits)


def test_a_call_is_parked_and_taken_from_any_phone(exchange: Exchange, provider: Phone) -> None:
    with exchange.desk("a1", tone_hz=700) as one, exchange.desk("a2", tone_hz=800) as two:
        caller, ring = talk(provider, NUMBER, one)
        place = park(exchange, ring)
        taken = two.call(f"*5{place}").wait_answer()
        wait_tone(taken, 440, 0.5)
        wait_tone(caller, 800, 0.5)
        # And again, by who has it now, into another place.
        other = park(exchange, taken)
        assert other != place
        since = exchange.since()
        two.call(f"*5{place}").wait_answer().wait_end(15)
        assert ("foyer/nobody-parked", "vi") in exchange.played(since)
        taken = one.call(f"*5{other}").wait_answer()
        wait_tone(caller, 700, 0.5)
        taken.hang_up()
        caller.wait_end()


def test_whom_an_agent_called_is_parked(exchange: Exchange, provider: Phone) -> None:
    with exchange.desk("a1", tone_hz=700) as one, exchange.desk("a2", tone_hz=800) as two:
        leg = one.call(MOBILE)
        far = provider.wait_ring()
        far.answer()
        wait_tone(leg.wait_answer(), 440, 0.5)
        # Who was called has no keys.
        far.sound.press("*5")
        wait_tone(far, 700, 3)
        place = park(exchange, leg)
        taken = two.call(f"*5{place}").wait_answer()
        wait_tone(far, 800, 0.5)
        taken.hang_up()
        far.wait_end()


def test_it_comes_back_to_who_parked_it(exchange: Exchange, provider: Phone) -> None:
    with exchange.desk("a1", tone_hz=700) as one:
        caller, ring = talk(provider, NUMBER, one)
        park(exchange, ring)
        back = one.wait_ring(30)
        assert back.caller == "0901234567"
        back.answer()
        wait_tone(back, 440, 0.5)
        wait_tone(caller, 700, 0.5)
        place = park(exchange, back)
        # It comes back again, nobody answers, and the queue that it came from takes it.
        one.wait_ring(30).refuse(486)
        again = one.wait_ring(30)
        again.answer()
        wait_tone(again, 440, 0.5)
        assert place and "foyer/again" in dict(exchange.played(0))
        caller.hang_up()
        again.wait_end()


def test_a_call_that_comes_back_takes_no_keys_along(exchange: Exchange, provider: Phone) -> None:
    with exchange.desk("a1", tone_hz=700) as one:
        caller, ring = talk(provider, NUMBER, one)
        park(exchange, ring)
        back = one.wait_ring(30)
        back.answer()
        wait_tone(back, 440, 0.5)
        since = exchange.since()
        back.sound.press("##")
        exchange.wait_played(since, "foyer/transfer")
        back.sound.press(f"{MOBILE}#")
        far = provider.wait_ring()
        far.answer()
        wait_tone(far, 440, 0.5)
        far.sound.press("*5")
        wait_tone(far, 440, 3)
        caller.hang_up()
        far.wait_end()


def test_nobody_from_outside_takes_a_parked_call(exchange: Exchange, provider: Phone) -> None:
    with exchange.desk("a1", tone_hz=700) as one:
        caller, ring = talk(provider, NUMBER, one)
        place = park(exchange, ring)
        assert provider.call(place).wait_answer().wait_end(20)
        assert provider.call(f"*5{place}").wait_end(20).status == 404
        caller.hang_up()


def test_what_asterisk_makes_for_parking_is_none_of_the_files(exchange: Exchange) -> None:
    shown = objects.shown({command: exchange.cli(command) for command in objects.COMMANDS})
    assert shown.contexts == objects.expected(exchange._files()).contexts


def test_nothing_was_complained_of(exchange: Exchange) -> None:
    """The last test: all prompts were found, no file and no step was wrong."""
    assert exchange.complaints() == []
