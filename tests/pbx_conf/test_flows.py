"""Real calls through a flow: what is heard and in which language, what a pressed key does, and what the
history of the call tells of it.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appliance.apply.sounds import wanted
from appliance.pbx.conf.inputs import prompt_name
from appliance.pbx.history import build
from appliance.pbx.rows import CEL, parse_cel
from appliance.sound.speech import speak
from appliance.store.conversations import CallRecord
from appliance.store.feeds import RawEvent
from appliance.store.flows import MenuStep, SayStep
from tests.asterisk import sound
from tests.pbx_conf.exchange import Exchange, calls, events, new_call, wait_tone
from tests.pbx_conf.places import DOCUMENT, site
from tests.until import until

pytestmark = pytest.mark.asterisk

# A port of its own: other files' providers live beside this one.
PORT = 5077
NUMBER = DOCUMENT["numbers"][0]["number"]
DAY = {"opens": "00:00", "closes": "24:00"}
MENU_TEXTS = [
    {"language": "vi", "text": "Bán hàng, bấm một. Gặp chị Hoa, bấm hai."},
    {"language": "en", "text": "For sales, press one. For Hoa, press two."},
]

type Record = Callable[[], CallRecord]


def steps() -> list[dict[str, Any]]:
    """Open day and night; a menu with a person, a queue, an internal number and the outside."""
    leads = (("1", "t3"), ("2", "t4"), ("9", "t5"), ("8", "t8"))
    keys = [{"key": key, "next": step} for key, step in leads]
    return [
        {"id": "t1", "kind": "hours", "schedule_id": "s1", "open": "t6", "closed": "t7"},
        {"id": "t6", "kind": "say", "texts": [{"language": "vi", "text": "Xin chào."}], "next": "t2"},
        {
            "id": "t2",
            "kind": "menu",
            "texts": MENU_TEXTS,
            "keys": keys,
            "otherwise": "t7",
            "timeout_seconds": 8,
            "tries": 1,
            "dials_people": True,
        },
        {"id": "t3", "kind": "queue", "queue_id": "q1"},
        {"id": "t4", "kind": "person", "agent_id": "a1", "ring_seconds": 20, "next": "t7"},
        {"id": "t5", "kind": "outside", "number": "0901234567"},
        {"id": "t7", "kind": "end"},
        {"id": "t8", "kind": "flow", "flow_id": "f2"},
    ]


def other_steps() -> list[dict[str, Any]]:
    """A flow that others lead to: it greets, and rings a person."""
    return [
        {"id": "t1", "kind": "say", "texts": [{"language": "vi", "text": "Phòng kỹ thuật."}], "next": "t2"},
        {"id": "t2", "kind": "person", "agent_id": "a2", "ring_seconds": 20},
    ]


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """An exchange whose number leads to the flow."""
    week = [{"day": day, **DAY} for day in range(1, 8)]
    shown = site(
        lines=[{**DOCUMENT["lines"][0], "port": PORT}],
        schedules=[{"id": "s1", "name": "Always", "weekly": week}],
        flows=[
            {"id": "f1", "name": "Main", "steps": steps()},
            {"id": "f2", "name": "Technicians", "steps": other_steps()},
        ],
        numbers=[{**DOCUMENT["numbers"][0], "queue_id": "", "flow_id": "f1"}],
        queues=[{**DOCUMENT["queues"][0], "greeting_text": "", "record": False}],
    )
    with Exchange(tmp_path_factory.mktemp("exchange"), shown) as asterisk:
        for file, text in wanted(shown):
            speak(text.text, text.language, asterisk.env.sounds / file)
        yield asterisk
        assert asterisk.complaints() == []


def menu_path(exchange: Exchange, language: str = "") -> str:
    """The menu's sound without ".wav", as the log calls it; for everybody, or for callers of a language."""
    menu = exchange.site.flows[0].step("t2")
    assert isinstance(menu, MenuStep)
    return str(exchange.env.sounds / language / prompt_name("vi", menu.texts))


def rows_of_last(exchange: Exchange, known: int = 0) -> list[dict[str, str]]:
    """The rows of the newest call, once it has ended: of one that came after so many."""

    def ended() -> list[dict[str, str]]:
        last = new_call(exchange, known)["linkedid"]
        own = [row for row in events(exchange) if row["linkedid"] == last]
        return own if any(row["eventtype"] == "LINKEDID_END" for row in own) else []

    return until(ended, 5, "the end of the call")


def record_of_last(exchange: Exchange, known: int = 0) -> CallRecord:
    """What history makes of that call."""
    parsed = [parse_cel(json.dumps(row)) for row in rows_of_last(exchange, known)]
    kept = [RawEvent(at, CEL, row.linkedid, row.at, row.row) for at, row in enumerate(parsed) if row]
    built = build(kept)
    assert built
    return built


@pytest.fixture
def record(exchange: Exchange) -> Record:
    """What history makes of the call that the test makes."""
    return partial(record_of_last, exchange, len(calls(exchange)))


def kinds(found: CallRecord) -> list[tuple[str, str | None, str | None]]:
    """Its segments: kind, step, what was pressed."""
    return [(one.kind, one.step_id, one.pressed) for one in found.segments]


def test_a_key_leads_to_a_person_who_answers(exchange: Exchange, record: Record) -> None:
    since = exchange.since()
    with exchange.desk("a1", tone_hz=700) as desk, exchange.provider(tone_hz=440) as provider:
        caller = provider.call(NUMBER, caller="0901234567").wait_answer()
        exchange.wait_played(since, menu_path(exchange))
        menu = sound.read_wav(Path(f"{menu_path(exchange)}.wav"))
        until(lambda: sound.likeness(caller.heard(), menu) > 0.9, 10, "the menu to be heard")
        caller.sound.press("2")
        leg = desk.wait_ring()
        assert leg.caller == "0901234567"
        leg.answer()
        wait_tone(leg, 440, 1.0)
        caller.hang_up()
        leg.wait_end()
    found = record()
    assert kinds(found) == [
        ("greeting", None, None),
        ("menu", "t2", "2"),
        ("ring", None, None),
        ("talk", None, None),
    ]
    assert (found.outcome, found.agent_id, found.segments[1].flow_id) == ("answered", "a1", "f1")


def test_a_known_caller_hears_the_menu_in_english_and_waits_in_the_queue(
    exchange: Exchange, record: Record
) -> None:
    exchange.cli("database put foyer-caller 0901234567 en//")
    exchange.put_in("a1")
    exchange.cli("queue pause member PJSIP/a1d queue q1")
    with exchange.desk("a1"), exchange.provider(tone_hz=440) as provider:
        caller = provider.call(NUMBER, caller="0901234567").wait_answer()
        english = sound.read_wav(Path(f"{menu_path(exchange, 'en')}.wav"))
        until(lambda: sound.likeness(caller.heard(), english) > 0.9, 10, "the English menu to be heard")
        caller.sound.press("1")
        until(lambda: "1. PJSIP/l1" in exchange.cli("queue show q1"), 10, "the caller to wait")
        caller.hang_up()
    exchange.cli("database del foyer-caller 0901234567")
    exchange.take_out("a1")
    found = record()
    assert kinds(found)[1:] == [("menu", "t2", "1"), ("wait", None, None)]
    assert (found.outcome, found.queue_id) == ("abandoned", "q1")


def test_an_internal_number_is_dialled_in_the_menu(exchange: Exchange, record: Record) -> None:
    since = exchange.since()
    with exchange.desk("a2") as desk, exchange.provider(tone_hz=440) as provider:
        caller = provider.call(NUMBER).wait_answer()
        exchange.wait_played(since, menu_path(exchange))
        caller.sound.press("102")
        desk.wait_ring()
        caller.hang_up()
    assert ("menu", "t2", "102") in kinds(record())


def test_a_key_leads_outside(exchange: Exchange, record: Record) -> None:
    since = exchange.since()
    with exchange.provider(tone_hz=440, port=PORT) as provider:
        caller = provider.call(NUMBER, caller="0901").wait_answer()
        exchange.wait_played(since, menu_path(exchange))
        caller.sound.press("9")
        outside = provider.wait_ring()
        assert outside.invite and "0901234567@" in outside.invite.start
        outside.answer()
        wait_tone(outside, 440, 0.5)
        caller.hang_up()
        outside.wait_end()
    found = record()
    assert (found.outcome, kinds(found)[1]) == ("answered", ("menu", "t2", "9"))


def test_a_key_leads_into_another_flow(exchange: Exchange, record: Record) -> None:
    since, known = exchange.since(), len(calls(exchange))
    with exchange.desk("a2", tone_hz=800) as desk, exchange.provider(tone_hz=440) as provider:
        caller = provider.call(NUMBER, caller="0901234567").wait_answer()
        exchange.wait_played(since, menu_path(exchange))
        caller.sound.press("8")
        greeting = exchange.site.flows[1].steps[0]
        assert isinstance(greeting, SayStep)
        exchange.wait_played(since, str(exchange.env.sounds / prompt_name("vi", greeting.texts)))
        rang = desk.wait_ring()
        assert rang.caller == "0901234567"
        rang.answer()
        wait_tone(caller, 800, 0.5)
        caller.hang_up()
        rang.wait_end()
    steps_taken = [
        str(json.loads(row["eventextra"])["extra"])
        for row in rows_of_last(exchange, known)
        if row["eventtype"] == "FOYER_STEP"
    ]
    assert steps_taken == [
        "f1^t1^hours",
        "f1^t6^say",
        "f1^t2^menu",
        "f1^t8^flow",
        "f2^t1^say",
        "f2^t2^person",
    ]
    found = record()
    assert (found.outcome, found.agent_id) == ("answered", "a2")


def test_silence_ends_as_the_flow_says(exchange: Exchange, record: Record) -> None:
    with exchange.provider() as provider:
        provider.call(NUMBER).wait_answer().wait_end(20)
    found = record()
    assert kinds(found)[1:] == [("menu", "t2", "")]


def test_closed_by_hand_until_the_end_of_the_day(exchange: Exchange, record: Record) -> None:
    today = datetime.datetime.now(ZoneInfo(exchange.site.time_zone)).date()
    exchange.cli(f"database put foyer-closed s1 {today:%Y%m%d}")
    with exchange.provider() as provider:
        provider.call(NUMBER).wait_end(10)
    exchange.cli("database del foyer-closed s1")
    assert kinds(record()) == []
