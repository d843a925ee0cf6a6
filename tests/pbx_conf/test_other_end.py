"""Another leg comes to the other end of one that stays: both go on hearing, also in different codecs.

Whatever the new one numbers its packets from (RFC 3550 5.1: anything); Debian's Asterisk takes smaller
numbers for late packets of the leg before.
"""

from __future__ import annotations

import pytest

from tests.asterisk.g711 import PCMA, PCMU, Law
from tests.asterisk.handing_over import hand_over
from tests.pbx.replaces import take_over
from tests.pbx_conf.exchange import NUMBER, PLAIN, Exchange, talk, wait_tone

pytestmark = pytest.mark.asterisk


@pytest.mark.parametrize("number", [NUMBER, PLAIN], ids=["recorded", "unrecorded"])
@pytest.mark.parametrize(("line", "phone"), [(PCMU, PCMA), (PCMA, PCMU)], ids=["ulaw-alaw", "alaw-ulaw"])
def test_a_call_is_taken_over_again_and_again(exchange: Exchange, line: Law, phone: Law, number: str) -> None:
    exchange.put_in("a1", "q1" if number == NUMBER else "q2")
    with (
        exchange.desk("a1", tone_hz=700, laws=(phone,), sequence=60000) as desk,
        exchange.provider(tone_hz=440, laws=(line,)) as provider,
    ):
        caller, leg = talk(provider, number, desk)
        for desk.sequence, desk.tone_hz in ((40000, 1000), (20000, 700), (19000, 1000)):
            old, leg = leg, take_over(desk, leg, "resume")
            old.wait_end()
            wait_tone(caller, desk.tone_hz, 0.5)
            wait_tone(leg, 440, 0.5)
        leg.hang_up()
        caller.wait_end()


def test_who_was_asked_first_hears_the_caller(exchange: Exchange) -> None:
    """His phone speaks another codec than the two before him."""
    exchange.put_in("a1")
    with (
        exchange.desk("a1", tone_hz=700, laws=(PCMU,), sequence=60000) as desk,
        exchange.desk("a2", tone_hz=800, laws=(PCMA,), sequence=60000) as other,
        exchange.provider(tone_hz=440, laws=(PCMU,), sequence=100) as provider,
    ):
        caller, leg = talk(provider, NUMBER, desk)
        asking = desk.call("102")
        asked = other.wait_ring()
        asked.answer()
        wait_tone(asked, 700, 0.5)
        hand_over(leg, asking)
        wait_tone(asked, 440, 0.5)
        wait_tone(caller, 800, 0.5)
        asked.hang_up()
        caller.wait_end()
