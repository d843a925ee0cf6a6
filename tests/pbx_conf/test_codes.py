"""The codes that phones dial, dialled on a real Asterisk with no process of ours alive."""

from __future__ import annotations

import pytest

from tests.pbx_conf.exchange import NUMBER, Exchange, events, wait_tone
from tests.pbx_conf.places import site

pytestmark = pytest.mark.asterisk


def test_a_code_that_does_not_exist_is_no_number(exchange: Exchange) -> None:
    with exchange.desk("a1") as desk:
        assert desk.call("*4711").wait_end().status == 404


@pytest.mark.parametrize("code", ["*8", "**101"])
def test_a_colleagues_call_of_the_queue_is_picked_up(exchange: Exchange, code: str) -> None:
    exchange.put_in("a1")
    with (
        exchange.desk("a1", tone_hz=700) as desk,
        exchange.desk("a2", tone_hz=800) as other,
        exchange.provider(tone_hz=440) as provider,
    ):
        caller = provider.call(NUMBER, caller="0901234567").wait_answer()
        ring = desk.wait_ring()
        taken = other.call(code).wait_answer()
        ring.wait_end()
        wait_tone(taken, 440, 1.0)
        wait_tone(caller, 800, 1.0)
        taken.hang_up()
        caller.wait_end()
    assert any(row["eventtype"] == "PICKUP" for row in events(exchange))


def test_a_call_between_colleagues_is_picked_up(exchange: Exchange) -> None:
    with (
        exchange.desk("a1", tone_hz=700) as one,
        exchange.desk("a2") as two,
        exchange.desk("a3", tone_hz=900) as three,
    ):
        leg = one.call("102")
        two.wait_ring()
        # a3 answers no queue of a2's: only by the number.
        since = exchange.since()
        assert three.call("*8").wait_end(15).status >= 400
        assert ("foyer/nothing-rings", "vi") in exchange.played(since)
        taken = three.call("**102").wait_answer()
        wait_tone(taken, 700, 0.5)
        wait_tone(leg.wait_answer(), 900, 0.5)
        taken.hang_up()
        leg.wait_end()
        # Other tests count on nobody's being there.
        three.register(0)


def test_nothing_rings(exchange: Exchange) -> None:
    with exchange.desk("a1") as desk:
        for code in ("*8", "**102", "**999"):
            since = exchange.since()
            desk.call(code).wait_end(15)
            assert ("foyer/nothing-rings", "vi") in exchange.played(since), code


def test_nothing_was_complained_of(exchange: Exchange) -> None:
    """The last test: all prompts were found, no file and no step was wrong."""
    assert exchange.complaints() == []


@pytest.mark.parametrize(
    ("language", "word"), [("de", "digits/oclock"), ("en", "digits/"), ("ro", "foyer/minutes")]
)
def test_the_time_is_told_in_the_offices_language(
    tmp_path_factory: pytest.TempPathFactory, language: str, word: str
) -> None:
    with (
        Exchange(tmp_path_factory.mktemp("time"), site(language=language)) as exchange,
        exchange.desk("a1") as desk,
    ):
        since = exchange.since()
        desk.call("*60").wait_answer().wait_end(30)
        played = exchange.played(since)
        # Nothing is missing, and nothing said twice.
        assert {spoken for _, spoken in played} == {language}
        assert any(name.startswith(word) for name, _ in played)
        assert sum(name in ("digits/oclock", "foyer/hours") for name, _ in played) == (language != "en")
        known = "not currently supported, defaulting to English"
        assert [line for line in exchange.complaints() if known not in line] == []
