"""What a waiting caller hears is the music of the queue, measured."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from tests.asterisk import sound
from tests.pbx_conf.exchange import Exchange, wait_tone
from tests.pbx_conf.places import site

pytestmark = pytest.mark.asterisk

OWN, OFFICES, CALM = "02812345678", "02812345670", "02812345671"
FIRST_HZ, SECOND_HZ, OFFICE_HZ = 523, 659, 880
PIECE_S = 3.0
TONES = ((FIRST_HZ, SECOND_HZ), (OFFICE_HZ,))


def name_of(tone_hz: int) -> str:
    """The name of the sound that holds this tone."""
    return hashlib.sha256(str(tone_hz).encode()).hexdigest()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """A queue with a set of two pieces, one that plays what the office plays, and one with the box's own."""
    plain = {"agents": ["a1"], "record": False, "announce_position": False}
    own, office = ([{"name": str(hz), "sound": name_of(hz)} for hz in tones] for tones in TONES)
    shown = site(
        music=[
            {"id": "m1", "name": "Spring", "pieces": own},
            {"id": "m2", "name": "Office", "pieces": office, "shuffle": True},
        ],
        hold_music="m2",
        queues=[
            {**plain, "id": "q1", "name": "Đặt bàn", "music": "m1"},
            {**plain, "id": "q2", "name": "Giao hàng"},
            {**plain, "id": "q3", "name": "Khác", "music": "calm"},
        ],
        numbers=[
            {"id": f"n{at}", "number": number, "line_id": "l1", "queue_id": f"q{at}"}
            for at, number in enumerate((OWN, OFFICES, CALM), 1)
        ],
    )
    with Exchange(tmp_path_factory.mktemp("exchange"), shown) as asterisk:
        asterisk.env.sounds.mkdir(parents=True, exist_ok=True)
        for hz in (FIRST_HZ, SECOND_HZ, OFFICE_HZ):
            sound.write_wav(asterisk.env.sounds / f"{name_of(hz)}.wav", sound.tone(hz, PIECE_S))
        yield asterisk


@pytest.fixture
def exchange(running: Exchange) -> Iterator[Exchange]:
    """The exchange without calls and members."""
    yield running
    running.empty()


def test_a_caller_hears_the_set_of_the_queue_in_its_order(exchange: Exchange) -> None:
    exchange.put_in("a1", "q1")
    exchange.cli("queue pause member PJSIP/a1d queue q1")
    with exchange.desk("a1"), exchange.provider(tone_hz=440) as provider:
        caller = provider.call(OWN).wait_answer()
        for tone_hz in (FIRST_HZ, SECOND_HZ, FIRST_HZ):
            wait_tone(caller, tone_hz, 1.0)
        caller.hang_up()


def test_a_queue_without_a_choice_plays_what_the_office_plays(exchange: Exchange) -> None:
    exchange.put_in("a1", "q2")
    exchange.cli("queue pause member PJSIP/a1d queue q2")
    with exchange.desk("a1"), exchange.provider(tone_hz=440) as provider:
        caller = provider.call(OFFICES).wait_answer()
        wait_tone(caller, OFFICE_HZ, 1.5)
        caller.hang_up()


def test_the_music_of_the_box_is_still_there(exchange: Exchange) -> None:
    exchange.put_in("a1", "q3")
    exchange.cli("queue pause member PJSIP/a1d queue q3")
    with exchange.desk("a1"), exchange.provider(tone_hz=440) as provider:
        caller = provider.call(CALM).wait_answer()
        # Music, and no silence; which piece it begins with is chance.
        caller.wait_heard(lambda heard: not sound.silences(heard, 1500), 3.0, 12, "the calm music")
        caller.hang_up()
