"""Real callers who leave messages: what they hear, what is kept of what they say, and where it lands."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from appliance.pbx.messages import Messages
from appliance.sound.speech import spoken
from appliance.store import Store, conversations, migrate, people, voicemails
from tests.asterisk import sound
from tests.asterisk.g711 import Samples
from tests.pbx_conf.exchange import Exchange
from tests.pbx_conf.places import DOCUMENT, site
from tests.pbx_conf.test_flows import record_of_last
from tests.until import until

pytestmark = pytest.mark.asterisk

FIRST, SECOND = "02812345678", "02812345679"
FOR_Q1, FOR_A1 = "f1", "f2"


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """One number takes messages for a queue, the other for an agent."""
    flows = [
        {"id": FOR_Q1, "name": "Night", "steps": [{"id": "t1", "kind": "message", "for_id": "q1"}]},
        {
            "id": FOR_A1,
            "name": "Hoa",
            "steps": [{"id": "t1", "kind": "message", "for_id": "a1", "max_seconds": 10}],
        },
    ]
    numbers = [
        {"id": "n1", "number": FIRST, "line_id": "l1", "flow_id": FOR_Q1},
        {"id": "n2", "number": SECOND, "line_id": "l1", "flow_id": FOR_A1},
    ]
    agents = [{**DOCUMENT["agents"][0], "takes_messages": True}, DOCUMENT["agents"][1]]
    shown = site(agents=agents, flows=flows, numbers=numbers)
    with Exchange(tmp_path_factory.mktemp("exchange"), shown) as asterisk:
        yield asterisk
        # The one test with a folder that cannot be made.
        assert [line for line in asterisk.complaints() if "create" not in line] == []


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """What a caller says."""
    file = tmp_path_factory.mktemp("speech") / "speech.wav"
    file.write_bytes(spoken("Hello, this is Nam. Please call me back tomorrow morning.", "en"))
    return sound.read_wav(file)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty one."""
    migrate(tmp_path / "foyer.db")
    return Store.open(tmp_path / "foyer.db")


def landed(exchange: Exchange, store: Store) -> str:
    """Puts the newest call into the store, as the feed does, and lets the chore look at it; returns its
    id.
    """
    with store.change() as change:
        call = conversations.upsert_call(change, record_of_last(exchange))
    Messages(store, exchange.env.recordings).tidy(threading.Event())
    return call


def files(exchange: Exchange) -> set[Path]:
    """The files of messages."""
    return set(exchange.env.recordings.glob("*/*/*/*-m.wav"))


def test_a_message_lands_without_its_silence(exchange: Exchange, store: Store, speech: Samples) -> None:
    since = exchange.since()
    with exchange.provider() as provider:
        caller = provider.call(FIRST, caller="0901234567").wait_answer()
        exchange.wait_played(since, "foyer/leave-message")
        exchange.wait_played(since, "beep", 30)
        pause = np.zeros(8000 * 2, dtype=np.int16)
        caller.sound.play(np.concatenate([pause, speech, np.tile(pause, 30)]))
        # Five seconds after the last word it is over.
        exchange.wait_played(since, "foyer/message-taken", 30)
        caller.wait_end()
    record = record_of_last(exchange)
    assert (record.outcome, record.queue_id, record.agent_id) == ("message", "q1", None)
    assert [one.kind for one in record.segments] == ["greeting", "message", "greeting"]
    call = landed(exchange, store)
    with store.read() as db:
        (message,) = voicemails.inbox(db, "a9", ["q1"], is_done=False, limit=9)
        assert voicemails.inbox(db, "a9", [], is_done=False, limit=9) == []
        conversation = conversations.get(db, call)
        assert people.get(db, str(conversation.person_id)).addresses[0].value == "+84901234567"
    assert (message.conversation_id, conversation.outcome, conversation.state) == (call, "message", "closed")
    kept = sound.read_wav(exchange.env.recordings / str(message.path))
    assert abs(sound.seconds(kept) - sound.seconds(speech)) < 1.0
    assert message.duration_ms and abs(message.duration_ms / 1000 - sound.seconds(kept)) < 0.1
    assert sound.likeness(kept, speech) > 0.8
    # Looking again, and building the record again, changes nothing.
    assert landed(exchange, store) == call
    with store.read() as db:
        assert voicemails.inbox(db, None, [], is_done=False, limit=9) == [message]


def test_who_hangs_up_has_left_it_and_its_length_is_limited(
    exchange: Exchange, store: Store, speech: Samples
) -> None:
    since = exchange.since()
    with exchange.provider() as provider:
        caller = provider.call(SECOND, caller="0901234567").wait_answer()
        exchange.wait_played(since, "beep", 30)
        caller.sound.say(600)
        exchange.wait_played(since, "foyer/message-taken", 30)
        caller.hang_up()
    call = landed(exchange, store)
    with store.read() as db:
        (message,) = voicemails.inbox(db, "a1", [], is_done=False, limit=9)
    assert message.conversation_id == call and message.duration_ms
    assert 9_000 < message.duration_ms < 11_500
    since, known = exchange.since(), files(exchange)
    with exchange.provider() as provider:
        caller = provider.call(SECOND, caller="0901234567").wait_answer()
        exchange.wait_played(since, "beep", 30)
        caller.sound.play(speech)
        until(
            lambda: any(file.stat().st_size > 50_000 for file in files(exchange) - known),
            10,
            "some of it to be recorded",
        )
        caller.hang_up()
    landed(exchange, store)
    with store.read() as db:
        assert len(voicemails.inbox(db, "a1", [], is_done=False, limit=9)) == 2


def test_nothing_said_is_no_message(exchange: Exchange, store: Store) -> None:
    since = exchange.since()
    with exchange.provider() as provider:
        caller = provider.call(SECOND, caller="0901234567").wait_answer()
        exchange.wait_played(since, "beep", 30)
        caller.hang_up()
    call = landed(exchange, store)
    with store.read() as db:
        assert voicemails.inbox(db, "a1", [], is_done=False, limit=9) == []
        assert conversations.get(db, call).outcome == "abandoned"
    landed(exchange, store)
    with store.read() as db:
        assert voicemails.unseen(db) == [] and conversations.get(db, call).outcome == "abandoned"


def test_a_colleague_who_is_not_reached_gets_a_message(
    exchange: Exchange, store: Store, speech: Samples
) -> None:
    since = exchange.since()
    with exchange.desk("a1") as one, exchange.desk("a2") as two:
        leg = two.call("101")
        one.wait_ring().refuse(486)
        exchange.wait_played(since, "beep", 30)
        leg.sound.play(speech)
        until(lambda: sound.seconds(leg.heard()) > 0 and len(files(exchange)) > 0, 10, "the file")
        exchange.wait_played(since, "foyer/leave-message")
        leg.sound.play(np.concatenate([speech, np.zeros(8000 * 60, dtype=np.int16)]))
        exchange.wait_played(since, "foyer/message-taken", 30)
        leg.wait_end()
        # The other one takes none.
        since = exchange.since()
        leg = one.call("102")
        two.wait_ring().refuse(486)
        exchange.wait_played(since, "foyer/not-there")
        leg.wait_end(20)
    record = record_of_last(exchange)
    facts = (record.outcome, record.agent_id, record.line_id, record.caller, record.number)
    assert facts == ("message", "a1", None, "102", "101")
    call = landed(exchange, store)
    with store.read() as db:
        (message,) = voicemails.inbox(db, "a1", [], is_done=False, limit=9)
        assert message.conversation_id == call
        # A colleague is no customer.
        conversation = conversations.get(db, call)
        assert (conversation.person_id, conversation.address) == (None, "102")


def test_a_full_disk_is_said(exchange: Exchange) -> None:
    exchange.cli("database put foyer-disk full yes")
    since = exchange.since()
    with exchange.provider() as provider:
        caller = provider.call(FIRST, caller="0901234567").wait_answer()
        exchange.wait_played(since, "foyer/no-messages")
        caller.wait_end(20)
    exchange.cli("database del foyer-disk full")
    assert record_of_last(exchange).outcome == "no_answer"


def test_what_cannot_be_kept_is_not_said_to_be_taken(exchange: Exchange) -> None:
    year = exchange.env.recordings / f"{datetime.datetime.now(datetime.UTC):%Y}"
    kept = year.with_name("kept")
    if year.exists():
        year.rename(kept)
    year.parent.mkdir(parents=True, exist_ok=True)
    year.write_text("in the way")
    since = exchange.since()
    with exchange.provider() as provider:
        caller = provider.call(FIRST, caller="0901234567").wait_answer()
        exchange.wait_played(since, "foyer/no-messages", 40)
        caller.wait_end(20)
    assert "foyer/message-taken" not in dict(exchange.played(since))
    year.unlink()
    if kept.exists():
        kept.rename(year)
