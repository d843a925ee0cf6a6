"""Real calls through queues: who is called when, what agents and callers hear, and where a call goes on that
a queue does not take or no longer keeps.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from appliance.apply.sounds import wanted
from appliance.pbx.conf.inputs import prompt_name, sound_name
from appliance.sound.speech import speak
from appliance.store.flows import SayStep, Text
from tests.pbx_conf.exchange import Exchange, wait_tone
from tests.pbx_conf.places import DOCUMENT, site
from tests.until import until, within

pytestmark = pytest.mark.asterisk

HELPED, BUSY, VIP, LATE = "02812345678", "02812345670", "02812345671", "02812345672"
RESERVED = "02812345673"
HELP_S = 5
RESERVED_QUEUE = {
    "id": "q5",
    "name": "Tiệc",
    "agents": ["a1", "a2"],
    "record": False,
    "reserves": ["a2"],
    "reserves_after_seconds": 3600,
    "announce_position": True,
    "announce_every_seconds": 15,
    "message_id": "p1",
    "message_every_seconds": 15,
}
NAME, MESSAGE = "Đặt bàn", "Xin quý khách vui lòng chờ."


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """Five queues: one in which a2 only helps out, one with room for two callers, one that is impatient, one
    that is closed today, and one in which a2 is the last to be called.
    """
    today = datetime.datetime.now(ZoneInfo(DOCUMENT["time_zone"])).isoweekday()
    other_day = {"day": (today + 2) % 7 + 1, "opens": "08:00", "closes": "17:00"}
    plain = {"agents": ["a1"], "record": False, "announce_position": False}
    texts = [{"language": "vi", "text": "Hiện không có ai."}]
    shown = site(
        prompts=[{"id": "p1", "name": "Patience", "voices": [{"language": "vi", "text": MESSAGE}]}],
        schedules=[{"id": "s1", "name": "Another day", "weekly": [other_day]}],
        flows=[
            {
                "id": "f1",
                "name": "Sorry",
                "steps": [
                    {"id": "t1", "kind": "say", "texts": texts, "next": "t2"},
                    {"id": "t2", "kind": "end"},
                ],
            }
        ],
        queues=[
            {
                **plain,
                "id": "q1",
                "name": NAME,
                "agents": ["a1", "a2"],
                "helpers": ["a2"],
                "helpers_after_seconds": HELP_S,
                "tells_agent": True,
                "wrap_up_seconds": 0,
            },
            {
                **plain,
                "id": "q2",
                "name": "Đông",
                "max_callers": 2,
                "when_full": "q4",
                "when_empty": "f1",
                "message_id": "p1",
                "message_every_seconds": 15,
            },
            {**plain, "id": "q3", "name": "Vội", "max_wait_seconds": 10, "when_late": "q4"},
            {**plain, "id": "q4", "name": "Nghỉ", "schedule_id": "s1", "when_closed": "f1"},
            RESERVED_QUEUE,
        ],
        numbers=[
            {"id": "n1", "number": HELPED, "line_id": "l1", "queue_id": "q1"},
            {"id": "n2", "number": BUSY, "line_id": "l1", "queue_id": "q2"},
            {"id": "n3", "number": VIP, "line_id": "l1", "queue_id": "q2", "priority": "high"},
            {"id": "n4", "number": LATE, "line_id": "l1", "queue_id": "q3"},
            {"id": "n5", "number": RESERVED, "line_id": "l1", "queue_id": "q5"},
        ],
    )
    with Exchange(tmp_path_factory.mktemp("exchange"), shown) as asterisk:
        for file, text in wanted(shown):
            speak(text.text, text.language, asterisk.env.sounds / file)
        yield asterisk
        assert asterisk.complaints() == []


@pytest.fixture
def exchange(running: Exchange) -> Iterator[Exchange]:
    """The exchange without calls and members."""
    yield running
    running.empty()


def sorry(exchange: Exchange) -> str:
    """What the flow says, as the log calls it."""
    step = exchange.site.flows[0].step("t1")
    assert isinstance(step, SayStep)
    return str(exchange.env.sounds / prompt_name("vi", step.texts))


def waiting(exchange: Exchange, queue: str) -> list[str]:
    """The priorities of those who wait there, in order."""
    lines = exchange.cli(f"queue show {queue}").splitlines()
    return [line.partition("prio: ")[2].rstrip(")") for line in lines if "prio: " in line]


def test_who_helps_out_is_called_after_a_while_and_told_the_queue(exchange: Exchange) -> None:
    exchange.put_in("a1")
    exchange.put_in("a2")
    exchange.cli("queue pause member PJSIP/a1d queue q1")
    since = exchange.since()
    with (
        exchange.desk("a1"),
        exchange.desk("a2", tone_hz=700) as helper,
        exchange.provider(tone_hz=440) as provider,
    ):
        caller = provider.call(HELPED, caller="0901234567").wait_answer()
        leg = within(helper.ringing, HELP_S + 5, "the helper's phone to ring")
        assert leg and caller.answered_at and leg.rang_at
        assert leg.rang_at - caller.answered_at > HELP_S - 1.5
        leg.answer()
        wait_tone(caller, 700, 1.0)
        told = [name for name, _ in exchange.played(since, "PJSIP/a2d")]
        digits = [f"digits/{digit}" for digit in HELPED[-4:]]
        assert told == [str(exchange.env.sounds / sound_name("vi", NAME)), *digits]
        caller.hang_up()
        leg.wait_end()


@pytest.mark.slow
def test_who_waits_hears_the_place_and_the_message_while_a_reserve_is_free(exchange: Exchange) -> None:
    exchange.put_in("a1", "q5")
    exchange.put_in("a2", "q5")
    exchange.cli("queue pause member PJSIP/a1d queue q5")
    since = exchange.since()
    with exchange.desk("a1"), exchange.desk("a2"), exchange.provider(tone_hz=440) as provider:
        caller = provider.call(RESERVED).wait_answer()
        exchange.wait_played(since, "queue-youarenext")
        exchange.wait_played(since, str(exchange.env.sounds / prompt_name("vi", (Text("vi", MESSAGE),))), 25)
        caller.hang_up()


@pytest.mark.slow
def test_callers_of_a_better_number_come_first_and_a_full_queue_sends_others_on(exchange: Exchange) -> None:
    exchange.put_in("a1", "q2")
    exchange.cli("queue pause member PJSIP/a1d queue q2")
    since = exchange.since()
    with exchange.desk("a1"), exchange.provider(tone_hz=440) as provider:
        first = provider.call(BUSY, caller="0901").wait_answer()
        until(lambda: waiting(exchange, "q2") == ["0"], 5, "the first to wait")
        second = provider.call(VIP, caller="0902").wait_answer()
        until(lambda: waiting(exchange, "q2") == ["5", "0"], 5, "the second to come first")
        third = provider.call(BUSY, caller="0903").wait_answer()
        exchange.wait_played(since, sorry(exchange))
        third.wait_end(10)
        assert "|q2|NONE|FULL|" in (exchange.env.log / "queue_log").read_text("utf-8")
        exchange.wait_played(since, str(exchange.env.sounds / prompt_name("vi", (Text("vi", MESSAGE),))), 20)
        first.hang_up()
        second.hang_up()


@pytest.mark.slow
def test_too_long_a_wait_and_closed_hours_lead_on(exchange: Exchange) -> None:
    exchange.put_in("a1", "q3")
    exchange.cli("queue pause member PJSIP/a1d queue q3")
    since = exchange.since()
    with exchange.desk("a1"), exchange.provider(tone_hz=440) as provider:
        caller = provider.call(LATE).wait_answer()
        exchange.wait_played(since, sorry(exchange))
        caller.wait_end(10)


def test_a_queue_without_agents_leads_on(exchange: Exchange) -> None:
    since = exchange.since()
    with exchange.provider(tone_hz=440) as provider:
        caller = provider.call(BUSY).wait_answer()
        exchange.wait_played(since, sorry(exchange))
        caller.wait_end(10)
