"""Do not disturb and forwarding, set on real phones and called on a real Asterisk, with no process of ours
alive.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.asterisk.phone import Phone
from tests.pbx_conf.exchange import Exchange, wait_tone
from tests.pbx_conf.places import DOCUMENT, site
from tests.until import Stopwatch, until, within

pytestmark = pytest.mark.asterisk

# A port of its own: other files' providers live beside this one.
PORT = 5072
MOBILE, OTHER, PREMIUM = "0909123456", "0909123457", "19001234"
NUMBER = "02812345678"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """a1 may call what everybody may, but one call at a time; a2 everything, a3 nothing. A number leads to
    a1, and then to a2.
    """
    everything = ["national", "mobile", "international", "elsewhere", "premium", "satellite", "unknown"]
    steps = [
        {"id": "t1", "kind": "person", "agent_id": "a1", "ring_seconds": 10, "next": "t2"},
        {"id": "t2", "kind": "person", "agent_id": "a2", "ring_seconds": 10},
    ]
    wanted = site(
        queues=[],
        agents=[{"id": f"a{n}", "name": f"N{n}", "extension": f"10{n}"} for n in (1, 2, 3)],
        lines=[{**DOCUMENT["lines"][0], "port": PORT}],
        flows=[{"id": "f1", "name": "F", "steps": steps}],
        numbers=[{"id": "n1", "number": NUMBER, "line_id": "l1", "flow_id": "f1"}],
        outbound={
            "permits": [{"agent_id": "a2", "kinds": everything}, {"agent_id": "a3", "kinds": []}],
            "limits": {"person_at_once": 1},
        },
    )
    with Exchange(tmp_path_factory.mktemp("diversions"), wanted) as asterisk:
        yield asterisk


@pytest.fixture
def exchange(running: Exchange) -> Iterator[Exchange]:
    """The exchange without calls and forwards."""
    yield running
    try:
        running.wait_idle()
    finally:
        running.cli("database deltree foyer-divert")


@pytest.fixture
def provider(exchange: Exchange) -> Iterator[Phone]:
    """The far end of the line."""
    with Phone("first", host="127.0.0.2", port=PORT, server=exchange.server, tone_hz=440) as phone:
        yield phone


def dial(phone: Phone, code: str) -> None:
    """Dials a code, and hears it to the end."""
    phone.call(code).wait_answer().wait_end(20)


def called(phone: Phone) -> list[str]:
    """The numbers that came to the provider."""
    return [leg.invite.uri.partition(":")[2].partition("@")[0] for leg in phone.legs if leg.invite]


def test_all_calls_go_to_a_colleague_until_they_no_longer_do(exchange: Exchange) -> None:
    with (
        exchange.desk("a1") as one,
        exchange.desk("a2", tone_hz=800) as two,
        exchange.desk("a3", tone_hz=900) as three,
    ):
        since = exchange.since()
        dial(one, "*72102")
        played = [name for name, _ in exchange.played(since)]
        assert played == ["foyer/forwarded", "digits/1", "digits/0", "digits/2"]
        leg = three.call("101")
        rang = two.wait_ring()
        assert rang.caller == "103" and not one.ringing()
        rang.answer()
        wait_tone(leg.wait_answer(), 800, 0.5)
        wait_tone(rang, 900, 0.5)
        leg.hang_up()
        rang.wait_end()
        dial(one, "*73")
        leg = three.call("101")
        one.wait_ring()
        leg.hang_up()


def test_a_forward_to_the_outside_is_a_call_of_who_forwards(exchange: Exchange, provider: Phone) -> None:
    with exchange.desk("a1") as one, exchange.desk("a3", tone_hz=900) as three:
        # a3 may call nobody outside, a1 may.
        dial(one, f"*72{MOBILE}")
        leg = three.call("101")
        rang = provider.wait_ring()
        assert called(provider) == [MOBILE] and rang.caller == "+842812345678"
        rang.answer()
        wait_tone(leg.wait_answer(), 440, 0.5)
        wait_tone(rang, 900, 0.5)
        # Only one call at a time, and this is it.
        with exchange.desk("a2") as two:
            since = exchange.since()
            assert two.call("101").wait_end(20).status >= 400
            assert "foyer/limit-now" in dict(exchange.played(since, "Local/"))
        leg.hang_up()
        rang.wait_end()
        dial(one, f"*72{PREMIUM}")
        since = exchange.since()
        assert three.call("101").wait_end(20).status >= 400
        assert "foyer/not-allowed" in dict(exchange.played(since, "Local/"))
    assert called(provider) == [MOBILE]


def test_a_caller_goes_on_in_the_flow_if_the_forward_comes_to_nothing(
    exchange: Exchange, provider: Phone
) -> None:
    with exchange.desk("a1") as one, exchange.desk("a2", tone_hz=800) as two:
        dial(one, f"*72{MOBILE}")
        caller = provider.call(NUMBER, caller="0901234567").wait_answer()
        provider.wait_ring().refuse(486)
        rang = two.wait_ring()
        assert rang.caller == "0901234567"
        rang.answer()
        wait_tone(caller, 800, 0.5)
        caller.hang_up()
        rang.wait_end()


def test_while_on_the_phone(exchange: Exchange, provider: Phone) -> None:
    with exchange.desk("a1") as one, exchange.desk("a2") as two, exchange.desk("a3") as three:
        dial(one, f"*74{MOBILE}")
        # Declined counts as well.
        leg = three.call("101")
        one.wait_ring().refuse(486)
        provider.wait_ring()
        leg.hang_up()
        talk = one.call("*43").wait_answer()
        leg = two.call("101")
        until(lambda: called(provider) == [MOBILE, MOBILE], 10, "the forward")
        assert not one.ringing()
        leg.hang_up()
        talk.hang_up()
        dial(one, "*75")
        leg = three.call("101")
        one.wait_ring()
        leg.hang_up()


def test_unanswered(exchange: Exchange, provider: Phone) -> None:
    with exchange.desk("a3") as three:
        with exchange.desk("a1") as one:
            dial(one, f"*76{MOBILE}")
            one.register(0)
        # No phone is there: at once.
        leg = three.call("101")
        provider.wait_ring()
        leg.hang_up()
        with exchange.desk("a1") as one:
            dial(one, "*77")
            leg = three.call("101")
            one.wait_ring()
            leg.hang_up()
    assert called(provider) == [MOBILE]


def test_unanswered_by_a_phone_that_rings(exchange: Exchange, provider: Phone) -> None:
    """Twenty seconds, where the flow alone would go on to a2 after ten."""
    with exchange.desk("a1") as one, exchange.desk("a2") as two:
        dial(one, f"*76{MOBILE}")
        caller = provider.call(NUMBER, caller="0901234567").wait_answer()
        rang, watch = one.wait_ring(), Stopwatch()
        assert not called(provider)
        within(lambda: called(provider) == [MOBILE], 24, "the forward", watch)
        (far,) = [leg for leg in provider.legs if leg.invite]
        assert rang.rang_at and far.rang_at and far.rang_at - rang.rang_at > 18
        # The phone no longer rings, and whom the call went to answers it.
        rang.wait_end(5)
        assert rang.answered_at is None and not two.legs
        far.answer()
        wait_tone(far, 440, 0.5)
        wait_tone(caller, 440, 0.5)
        caller.hang_up()
        far.wait_end()
        # Answered in time, it stays where it is.
        caller = provider.call(NUMBER, caller="0901234567").wait_answer()
        one.wait_ring().answer()
        wait_tone(one.legs[-1], 440, 0.5)
        caller.hang_up()
        dial(one, "*77")
    assert called(provider) == [MOBILE]


def test_do_not_disturb(exchange: Exchange, provider: Phone) -> None:
    with exchange.desk("a1") as one, exchange.desk("a3") as three:
        dial(one, "*78")
        since = exchange.since()
        assert three.call("101").wait_end(20).status >= 400
        assert ("foyer/quiet", "vi") in exchange.played(since) and not one.legs[1:]
        dial(one, f"*74{MOBILE}")
        leg = three.call("101")
        provider.wait_ring()
        leg.hang_up()
        dial(one, "*79")
        leg = three.call("101")
        one.wait_ring()
        leg.hang_up()


def test_forwards_that_go_round_end(exchange: Exchange) -> None:
    with exchange.desk("a1") as one, exchange.desk("a2") as two, exchange.desk("a3") as three:
        dial(one, "*72102")
        dial(two, "*72101")
        since = exchange.since()
        assert three.call("101").wait_end(30).status >= 400
        assert ("foyer/not-there", "vi") in exchange.played(since)
        assert not any(leg.invite for leg in (*one.legs, *two.legs))


@pytest.mark.parametrize("number", ["113", "101", "0" * 25])
def test_where_no_calls_are_sent(exchange: Exchange, number: str) -> None:
    with exchange.desk("a1") as one:
        since = exchange.since()
        dial(one, f"*72{number}")
        assert ("foyer/not-allowed", "vi") in exchange.played(since)
    assert "foyer-divert/" not in exchange.cli("database show foyer-divert")


def test_nothing_was_complained_of(exchange: Exchange) -> None:
    """The last test: all prompts were found, no file and no step was wrong."""
    assert exchange.complaints() == []
