"""Conference rooms and announcements, dialled on a real Asterisk with no process of ours alive."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.asterisk import sound
from tests.asterisk.handing_over import refer
from tests.asterisk.phone import Phone
from tests.pbx_conf.exchange import Exchange, wait_tone
from tests.pbx_conf.places import DOCUMENT, site

pytestmark = pytest.mark.asterisk

# A port of its own: other files' providers live beside this one.
PORT = 5078
NUMBER = "02812345678"
# Of a tone in a room: mixing takes what is there each 20 ms, so that whatever comes late is missing.
MIXED = 0.5


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """An open room, 600, one with a PIN, 601, one that was given none yet, 602, and an announcement, 700. A
    number leads to a1.
    """
    steps = [{"id": "t1", "kind": "person", "agent_id": "a1", "ring_seconds": 10}]
    wanted = site(
        queues=[],
        agents=[{"id": f"a{n}", "name": f"N{n}", "extension": f"10{n}"} for n in (1, 2, 3)],
        lines=[{**DOCUMENT["lines"][0], "port": PORT}],
        flows=[{"id": "f1", "name": "F", "steps": steps}],
        numbers=[{"id": "n1", "number": NUMBER, "line_id": "l1", "flow_id": "f1"}],
        rooms=[
            {"id": "r1", "name": "Open", "extension": "600"},
            {"id": "r2", "name": "Closed", "extension": "601", "locked": True},
            {"id": "r3", "name": "Without a PIN", "extension": "602", "locked": True},
        ],
        pagings=[{"id": "g1", "name": "All", "extension": "700", "agents": ["a1", "a2", "a3"]}],
    )
    with Exchange(tmp_path_factory.mktemp("inside"), wanted) as asterisk:
        yield asterisk


@pytest.fixture
def exchange(running: Exchange) -> Iterator[Exchange]:
    """The exchange without calls and wishes."""
    yield running
    try:
        running.wait_idle()
    finally:
        running.cli("database deltree foyer-divert")


def test_three_talk_in_a_room_and_a_caller_is_let_in(exchange: Exchange) -> None:
    outside = Phone("first", host="127.0.0.2", port=PORT, server=exchange.server, tone_hz=440)
    with (
        outside,
        exchange.desk("a1", tone_hz=700) as one,
        exchange.desk("a2", tone_hz=900) as two,
        exchange.desk("a3") as three,
    ):
        since = exchange.since()
        first = one.call("600").wait_answer()
        exchange.wait_played(since, "foyer/room-alone")
        second = two.call("600").wait_answer()
        wait_tone(first, 900, 0.5, MIXED)
        wait_tone(second, 700, 0.5, MIXED)
        # Somebody without a voice of his own hears the one who speaks.
        second.sound.say(0)
        third = three.call("600").wait_answer()
        wait_tone(third, 700, 0.5, MIXED)
        third.hang_up()
        first.hang_up()
        # Handed on by the phone's own means.
        caller = outside.call(NUMBER, caller="0901234567")
        ring = one.wait_ring()
        ring.answer()
        wait_tone(ring, 440, 0.5)
        refer(ring, f"sip:600@127.0.0.1:{exchange.server[1]}")
        wait_tone(second, 440, 0.5, MIXED)
        caller.hang_up()
        ring.end()
        second.hang_up()


def test_a_pin_is_asked_for(exchange: Exchange) -> None:
    with exchange.desk("a1", tone_hz=700) as one, exchange.desk("a2", tone_hz=900) as two:
        for phone in (one, two):
            since = exchange.since()
            leg = phone.call("601").wait_answer()
            exchange.wait_played(since, "foyer/room-pin")
            leg.sound.press("1234#")
            exchange.wait_played(since, "foyer/room-wrong")
            leg.sound.press("4711#")
        wait_tone(one.legs[-1], 900, 0.5, MIXED)
        for phone in (one, two):
            phone.legs[-1].hang_up()


def test_a_room_without_its_pin_is_shut(exchange: Exchange) -> None:
    with exchange.desk("a1") as one:
        since = exchange.since()
        one.call("602").wait_end(20)
        assert ("foyer/not-allowed", "vi") in exchange.played(since)


def test_nobody_from_outside_dials_a_room_or_an_announcement(exchange: Exchange) -> None:
    with Phone("first", host="127.0.0.2", port=PORT, server=exchange.server) as outside:
        for number in ("600", "700"):
            since = exchange.since()
            outside.call(number).wait_answer().wait_end(20)
            assert ("foyer/unknown-number", "vi") in exchange.played(since)


def test_idle_phones_are_spoken_to(exchange: Exchange) -> None:
    with (
        exchange.desk("a1", tone_hz=700) as one,
        exchange.desk("a2", tone_hz=900, answers=True) as two,
        exchange.desk("a3") as three,
    ):
        # a3 is on the phone.
        busy = three.call("*43").wait_answer()
        leg = one.call("700").wait_answer()
        heard = two.wait_call()
        assert heard.invite and "answer-after=0" in heard.invite.get("call-info")
        assert "alert-autoanswer" in heard.invite.get("alert-info")
        wait_tone(heard, 700, 0.5)
        # One way only.
        leg.wait_heard(lambda heard: sound.tone_seconds(heard, 900) < 0.05, 1, 5, "nothing")
        leg.hang_up()
        heard.wait_end()
        assert not any(other.invite for other in (*one.legs, *three.legs))
        # Who does not want to be disturbed is not, and then nobody is left.
        two.answers = False
        two.call("*78").wait_end(20)
        since = exchange.since()
        one.call("700").wait_end(20)
        assert ("foyer/page-nobody", "vi") in exchange.played(since)
        busy.hang_up()


def test_a_forward_or_a_transfer_does_not_speak_to_everybody(exchange: Exchange) -> None:
    with exchange.desk("a1", tone_hz=700) as one, exchange.desk("a2", answers=True) as two:
        one.call("*72700").wait_end(20)
        outside = Phone("first", host="127.0.0.2", port=PORT, server=exchange.server, tone_hz=440)
        with outside:
            outside.call(NUMBER, caller="0901234567").wait_end(30)
        assert not any(leg.invite for leg in two.legs)


def test_nothing_was_complained_of(exchange: Exchange) -> None:
    """The last test: all prompts were found, no file and no step was wrong."""
    assert exchange.complaints() == []
