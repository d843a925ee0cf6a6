"""Calls handed on by keys during the call, on a real Asterisk with no process of ours alive."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.asterisk import sound
from tests.asterisk.handing_over import refer
from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone
from tests.pbx.replaces import take_over
from tests.pbx_conf.exchange import Exchange, talk, wait_tone
from tests.pbx_conf.places import DOCUMENT, site
from tests.until import until

pytestmark = pytest.mark.asterisk

# A port of its own: other files' providers live beside this one.
PORT = 5074
NUMBER, MOBILE, PREMIUM = "02812345678", "0909123456", "19001234"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """a1 answers a queue, and may call what everybody may; a3 may call nobody outside."""
    wanted = site(
        queues=[{"id": "q1", "name": "Q", "agents": ["a1"], "record": False, "wrap_up_seconds": 0}],
        agents=[{"id": f"a{n}", "name": f"N{n}", "extension": f"10{n}"} for n in (1, 2, 3)],
        lines=[{**DOCUMENT["lines"][0], "port": PORT}],
        outbound={"limits": {"person_at_once": 1}, "permits": [{"agent_id": "a3", "kinds": []}]},
    )
    with Exchange(tmp_path_factory.mktemp("transfers"), wanted) as asterisk:
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


@pytest.fixture
def one(exchange: Exchange) -> Iterator[Phone]:
    with exchange.desk("a1", tone_hz=700) as phone:
        yield phone


@pytest.fixture
def two(exchange: Exchange) -> Iterator[Phone]:
    with exchange.desk("a2", tone_hz=800) as phone:
        yield phone


def called(phone: Phone) -> list[str]:
    """The numbers that came to the provider."""
    return [leg.invite.uri.partition(":")[2].partition("@")[0] for leg in phone.legs if leg.invite]


def press(exchange: Exchange, leg: Leg, keys: str, number: str) -> None:
    """A code during the call, and the number once it is asked for."""
    since = exchange.since()
    leg.sound.press(keys)
    exchange.wait_played(since, "foyer/transfer")
    leg.sound.press(number)


def test_a_caller_is_handed_on_at_once(exchange: Exchange, provider: Phone, one: Phone, two: Phone) -> None:
    caller, ring = talk(provider, NUMBER, one)
    press(exchange, ring, "##", "102#")
    ring.wait_end()
    second = two.wait_ring()
    assert second.caller == "0901234567"
    second.answer()
    wait_tone(second, 440, 0.5)
    wait_tone(caller, 800, 0.5)
    # Who has the call now hands it on in turn.
    with exchange.desk("a3", tone_hz=900) as three:
        press(exchange, second, "##", "103#")
        third = three.wait_ring()
        third.answer()
        wait_tone(caller, 900, 0.5)
        caller.hang_up()
        third.wait_end()


def test_a_caller_whom_nobody_takes_comes_back(
    exchange: Exchange, provider: Phone, one: Phone, two: Phone
) -> None:
    caller, ring = talk(provider, NUMBER, one)
    # Twice, so that each handing on counts anew.
    for _ in range(2):
        press(exchange, ring, "##", "102#")
        ring.wait_end()
        two.wait_ring().refuse(486)
        ring = one.wait_ring()
        assert ring.caller == "0901234567"
        ring.answer()
        wait_tone(ring, 440, 0.5)
    # By the phone's own means, and who handed on does not answer either.
    refer(ring, f"sip:102@127.0.0.1:{exchange.server[1]}")
    two.wait_ring().refuse(486)
    since = exchange.since()
    one.wait_ring().refuse(486)
    exchange.wait_played(since, "foyer/not-there")
    caller.wait_end(20)
    ring.end()


def test_who_sent_calls_on_and_is_back_is_rung(exchange: Exchange, one: Phone, two: Phone) -> None:
    exchange.cli("database put foyer-divert a3-unanswered 101")
    leg = two.call("103")
    ring = one.wait_ring(30)
    ring.answer()
    wait_tone(leg.wait_answer(), 700, 0.5)
    with exchange.desk("a3", tone_hz=900) as three:
        press(exchange, ring, "##", "103#")
        back = three.wait_ring()
        back.answer()
        wait_tone(leg, 900, 0.5)
        leg.hang_up()
        back.wait_end()
        three.register(0)
    exchange.cli("database deltree foyer-divert")


def test_a_colleague_is_asked_first(exchange: Exchange, provider: Phone, one: Phone, two: Phone) -> None:
    caller, ring = talk(provider, NUMBER, one)
    press(exchange, ring, "*2", "102#")
    second = two.wait_ring()
    second.answer()
    wait_tone(second, 700, 0.5)
    wait_tone(ring, 800, 0.5)
    # Back to the caller, and once more; then it is done by hanging up.
    ring.sound.press("*1")
    second.wait_end()
    wait_tone(ring, 440, 0.5)
    press(exchange, ring, "*2", "102#")
    second = two.wait_ring()
    second.answer()
    wait_tone(ring, 800, 0.5)
    ring.hang_up()
    wait_tone(second, 440, 0.5)
    wait_tone(caller, 800, 0.5)
    second.hang_up()
    caller.wait_end()


def test_all_three_talk_at_once(exchange: Exchange, provider: Phone, one: Phone, two: Phone) -> None:
    caller, ring = talk(provider, NUMBER, one)
    press(exchange, ring, "*2", "102#")
    second = two.wait_ring()
    second.answer()
    wait_tone(ring, 800, 0.5)
    # The music that the caller hears may have this tone in it, but not for long.
    until(lambda: not hears(caller, 800), 5, "the colleague, while asked, not to be heard by the caller")
    assert not hears(second, 440), "while a colleague is asked"
    ring.sound.press("*3")
    legs = {caller: (700, 800), ring: (440, 800), second: (440, 700)}
    for leg, tones in legs.items():
        until(lambda: all(hears(leg, tone) for tone in tones), 10, f"{tones} Hz")  # noqa: B023
    # Who brought them together leaves them.
    ring.hang_up()
    wait_tone(second, 440, 0.5)
    wait_tone(caller, 800, 0.5)
    caller.hang_up()
    second.wait_end()


def hears(leg: Leg, tone_hz: float) -> bool:
    """Whether this tone was there for most of the last half second, beside others."""
    now = time.monotonic()
    heard = leg.heard(now - 0.5, now)
    return sound.audible_tone_seconds(heard, tone_hz) > 0.3


def test_who_was_called_is_handed_on(exchange: Exchange, provider: Phone, one: Phone, two: Phone) -> None:
    leg = one.call(MOBILE)
    far = provider.wait_ring()
    far.answer()
    wait_tone(leg.wait_answer(), 440, 0.5)
    press(exchange, leg, "*2", "102#")
    second = two.wait_ring()
    second.answer()
    wait_tone(leg, 800, 0.5)
    leg.sound.press("*2")
    leg.wait_end()
    wait_tone(second, 440, 0.5)
    far.hang_up()
    second.wait_end()


def test_a_number_outside_goes_by_the_rules_of_who_hands_on(
    exchange: Exchange, provider: Phone, one: Phone
) -> None:
    caller, ring = talk(provider, NUMBER, one)
    since = exchange.since()
    press(exchange, ring, "*2", f"{PREMIUM}#")
    exchange.wait_played(since, "foyer/not-allowed", leg="Local/")
    wait_tone(ring, 440, 0.5)
    press(exchange, ring, "##", f"{MOBILE}#")
    far = provider.wait_ring()
    assert called(provider) == [MOBILE]
    far.answer()
    wait_tone(far, 440, 0.5)
    # One call out at a time, and this is it: the box counts it as a1's.
    until(lambda: "foyer-up" in exchange.cli("database show foyer-up"), 5, "the call to be counted")
    assert ": a1/mobile/" in exchange.cli("database show foyer-up")
    since = exchange.since()
    one.call(MOBILE).wait_end(15)
    assert ("foyer/limit-now", "vi") in exchange.played(since)
    caller.hang_up()
    far.wait_end()


def test_a_caller_comes_back_from_a_number_that_cannot_be_reached(
    exchange: Exchange, provider: Phone, one: Phone
) -> None:
    caller, ring = talk(provider, NUMBER, one)
    since = exchange.since()
    press(exchange, ring, "##", f"{PREMIUM}#")
    ring.wait_end()
    ring = one.wait_ring()
    assert ring.caller == "0901234567"
    ring.answer()
    # Only who may not call there hears so.
    wait_tone(ring, 440, 0.5)
    assert ("foyer/not-allowed", "vi") in exchange.played(since, "PJSIP/a1d")
    assert "foyer/not-allowed" not in dict(exchange.played(since, "PJSIP/l1"))
    # Busy, after the line has shown the office's number.
    provider.refuses = 486
    press(exchange, ring, "##", f"{MOBILE}#")
    ring.wait_end()
    ring = one.wait_ring()
    assert ring.caller == "0901234567"
    ring.answer()
    wait_tone(ring, 440, 0.5)
    # Who handed on does not answer: the caller waits in the queue again.
    refer(ring, f"sip:{PREMIUM}@127.0.0.1:{exchange.server[1]}")
    ring.hang_up()
    since = exchange.since()
    one.wait_ring().refuse(486)
    exchange.wait_played(since, "foyer/again")
    ring = one.wait_ring()
    ring.answer()
    wait_tone(caller, 700, 0.5)
    ring.hang_up()
    caller.wait_end()


def test_who_was_called_comes_back_to_who_called(exchange: Exchange, provider: Phone, one: Phone) -> None:
    leg = one.call(MOBILE)
    far = provider.wait_ring()
    far.answer()
    wait_tone(leg.wait_answer(), 440, 0.5)
    press(exchange, leg, "##", f"{PREMIUM}#")
    leg.wait_end()
    back = one.wait_ring()
    back.answer()
    wait_tone(back, 440, 0.5)
    back.hang_up()
    far.wait_end()


def test_a_reloaded_page_has_the_keys(exchange: Exchange, provider: Phone, one: Phone, two: Phone) -> None:
    caller, ring = talk(provider, NUMBER, one)
    again = take_over(one, ring, "resume")
    wait_tone(again, 440, 0.5)
    press(exchange, again, "##", "102#")
    second = two.wait_ring()
    second.answer()
    wait_tone(caller, 800, 0.5)
    caller.hang_up()
    second.wait_end()
    # And of one who called.
    leg = one.call(MOBILE)
    far = provider.wait_ring()
    far.answer()
    wait_tone(leg.wait_answer(), 440, 0.5)
    again = take_over(one, leg, "resume")
    press(exchange, again, "*2", "102#")
    second = two.wait_ring()
    second.answer()
    wait_tone(again, 800, 0.5)
    again.hang_up()
    wait_tone(second, 440, 0.5)
    second.hang_up()
    far.wait_end()


def test_who_picked_up_a_call_hands_it_on_by_his_own_rules(
    exchange: Exchange, provider: Phone, one: Phone, two: Phone
) -> None:
    with exchange.desk("a3", tone_hz=900) as three:
        for keys, leg_of in (("##", "PJSIP/a3d"), ("*2", "Local/")):
            caller = provider.call(NUMBER, caller="0901234567").wait_answer()
            one.wait_ring()
            taken = three.call("**101").wait_answer()
            wait_tone(taken, 440, 0.5)
            since = exchange.since()
            press(exchange, taken, keys, f"{MOBILE}#")
            if keys == "##":
                taken.wait_end()
                taken = three.wait_ring()
                taken.answer()
            exchange.wait_played(since, "foyer/not-allowed", leg=leg_of)
            wait_tone(taken, 440, 0.5)
            assert called(provider) == []
            caller.hang_up()
            taken.wait_end()


def test_nobody_from_outside_hands_on(exchange: Exchange, provider: Phone, one: Phone, two: Phone) -> None:
    caller, ring = talk(provider, NUMBER, one)
    since = exchange.since()
    # Asterisk waits 1.5 s for a second key of a phone that has keys.
    caller.sound.press("##102#*2102#")
    wait_tone(caller, 700, 4)
    wait_tone(ring, 440, 2)
    press(exchange, ring, "##", "102#")
    second = two.wait_ring()
    second.answer()
    wait_tone(second, 440, 0.5)
    caller.sound.press("##103#*2103#")
    wait_tone(caller, 800, 4)
    assert [name for name, _ in exchange.played(since)].count("foyer/transfer") == 1
    caller.hang_up()
    second.wait_end()
    # Nor whom an agent has called, whoever talks to him since.
    leg = one.call(MOBILE)
    far = provider.wait_ring()
    far.answer()
    wait_tone(leg.wait_answer(), 440, 0.5)
    since = exchange.since()
    far.sound.press("##102#*2102#")
    wait_tone(far, 700, 4)
    assert exchange.played(since) == []
    leg.hang_up()
    far.wait_end()


def test_nothing_was_complained_of(exchange: Exchange) -> None:
    """The last test: all prompts were found, no file and no step was wrong."""
    assert exchange.complaints() == []
