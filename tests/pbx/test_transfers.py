"""A call that an agent hands on by keys stays one conversation: who talked when."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.store import live
from tests.asterisk import sound
from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone
from tests.pbx.box import CALLER, NUMBER, Box
from tests.pbx_conf.exchange import wait_tone
from tests.until import until

pytestmark = pytest.mark.asterisk


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as path, Box(Path(path)) as box:
        box.start()
        yield box


@pytest.fixture
def phones(box: Box) -> Iterator[tuple[Phone, Phone, Phone]]:
    """Those of a1 and a2, and the world outside. Only a1 takes calls of the queue."""
    with box.desk("a1") as one, box.desk("a2") as two, box.outside() as outside:
        one.register()
        two.register()
        box.agent("a1", "available")
        until(lambda: box.members() == {("PJSIP/a1d", "")}, 5, "the agent in the queue")
        yield one, two, outside
        box.agent("a1", "offline")


def talk(one: Phone, outside: Phone) -> tuple[Leg, Leg]:
    caller = outside.call(NUMBER)
    ring = one.wait_ring()
    ring.answer()
    wait_tone(ring, 440, 0.5)
    return caller, ring


def kinds(box: Box, what: str) -> list[tuple[str, str | None]]:
    """The segments of the newest call, once it is over."""
    done = box.call(lambda one: one.ended is not None, what)
    assert (done.outcome, done.agent_id, done.queue_id) == ("answered", "a2", "q1")
    # On a machine that is busy, the moment between taking off hold and leaving may be told as talk.
    found = box.segments(done)
    told = [one for one in found if one[0] != "talk" or one[2] is None or one[2] > 300]
    return [(kind, agent) for kind, agent, _ in told if kind != "wrap_up"]


def test_at_once(box: Box, phones: tuple[Phone, Phone, Phone]) -> None:
    one, two, outside = phones
    caller, ring = talk(one, outside)
    ring.sound.press("##")
    wait_asked(box, ring)
    ring.sound.press("102#")
    second = two.wait_ring()
    second.answer()
    ring.wait_end()
    box.wait_row("agent", "a2", "the talk", state="talking")
    box.wait_row("agent", "a1", "the end of the first talk", state="idle")
    wait_tone(second, 440, 0.5)
    caller.hang_up()
    second.wait_end()
    assert len(box.calls()) == 1
    assert kinds(box, "the end of the call") == [
        ("greeting", None),
        ("wait", None),
        ("ring", "a1"),
        ("talk", "a1"),
        # While the number is dialled.
        ("hold", "a1"),
        ("ring", "a2"),
        ("talk", "a2"),
    ]


def test_after_asking(box: Box, phones: tuple[Phone, Phone, Phone]) -> None:
    one, two, outside = phones
    caller, ring = talk(one, outside)
    ring.sound.press("*2")
    wait_asked(box, ring)
    ring.sound.press("102#")
    second = two.wait_ring()
    second.answer()
    wait_tone(ring, 600, 0.5)
    ring.hang_up()
    wait_tone(second, 440, 0.5)
    caller.hang_up()
    second.wait_end()
    assert len(box.calls()) == 2
    assert kinds(box, "the end of the call") == [
        ("greeting", None),
        ("wait", None),
        ("ring", "a1"),
        ("talk", "a1"),
        ("hold", "a1"),
        ("ring", "a2"),
        ("talk", "a2"),
    ]


def wait_asked(box: Box, leg: Leg) -> None:
    """Waits until the box asks the agent for the number: the caller is on hold, and heard no more."""
    # Silence alone is also what a busy machine makes of a tone.
    box.wait_row("agent", "a1", "the hold", state="hold")
    leg.wait_heard(lambda heard: sound.tone_seconds(heard, 440) < 0.05, 0.3, 5, "the box")


def test_parked_and_taken(box: Box, phones: tuple[Phone, Phone, Phone]) -> None:
    one, two, outside = phones
    caller, ring = talk(one, outside)
    ring.sound.press("*5")
    ring.wait_end(15)
    parked = box.wait_row("parked", "10", "the parked call", agent="a1")
    assert parked["number"] == CALLER
    # Whoever was not there when it was parked hears of it from the list.
    box.stop()
    with box.store.change() as change:
        live.replace(change, "parked", {})
    box.start()
    again = box.wait_row("parked", "10", "the parked call after a restart", 20, agent="a1")
    assert again["call"] == parked["call"] and abs(again["since"] - parked["since"]) < 3000
    taken = two.call("*510").wait_answer()
    until(lambda: not box.rows()["parked"], 5, "nobody to be parked")
    wait_tone(taken, 440, 0.5)
    box.wait_row("agent", "a2", "the talk", state="talking")
    caller.hang_up()
    taken.wait_end()
    assert len(box.calls()) == 3
    assert kinds(box, "the end of the call") == [
        ("greeting", None),
        ("wait", None),
        ("ring", "a1"),
        ("talk", "a1"),
        ("hold", None),
        ("talk", "a2"),
    ]


def test_by_the_page(box: Box, phones: tuple[Phone, Phone, Phone]) -> None:
    one, two, outside = phones
    assert box.ask("hand_on", agent="a1", number="102").state == "failed"
    caller, ring = talk(one, outside)
    assert box.ask("hand_on", agent="a1", number="19001234").state == "failed"
    assert box.ask("hand_on", agent="a1", number="102;x").state == "failed"
    assert box.ask("hand_on", agent="a1", queue="q9").state == "failed"
    wait_tone(ring, 440, 0.5)
    # Asked first, and back; asked again, and connected.
    assert box.ask("hand_on", agent="a1", number="10 2", ask="1").state == "done"
    second = two.wait_ring()
    second.answer()
    wait_tone(ring, 600, 0.5)
    assert box.ask("take_back", agent="a1").state == "done"
    second.wait_end()
    wait_tone(ring, 440, 0.5)
    assert box.ask("hand_on", agent="a1", number="102", ask="1").state == "done"
    second = two.wait_ring()
    second.answer()
    wait_tone(ring, 600, 0.5)
    ring.hang_up()
    wait_tone(second, 440, 0.5)
    # Whoever has the call now hands it on at once: to the queue, where it rings again.
    assert box.ask("hand_on", agent="a2", queue="q1").state == "done"
    second.wait_end()
    ring = one.wait_ring(20)
    ring.answer()
    wait_tone(ring, 440, 0.5)
    assert box.ask("hand_on", agent="a1", number="102").state == "done"
    ring.wait_end()
    second = two.wait_ring()
    second.answer()
    wait_tone(second, 440, 0.5)
    caller.hang_up()
    second.wait_end()


def test_whoever_is_asked_may_not_answer(box: Box, phones: tuple[Phone, Phone, Phone]) -> None:
    """The agent is with the caller again then, and his page knows."""
    one, two, outside = phones
    caller, ring = talk(one, outside)
    assert "asks" not in box.row("agent", "a1")
    assert box.ask("hand_on", agent="a1", number="102", ask="1").state == "done"
    wait_asks(box, "asking")
    two.wait_ring().refuse(486, "Busy Here")
    wait_asks(box, "unanswered")
    wait_tone(ring, 440, 0.5)
    assert box.ask("hand_on", agent="a1", number="102", ask="1").state == "done"
    wait_asks(box, "asking")
    second = two.wait_ring()
    second.answer()
    wait_tone(ring, 600, 0.5)
    assert "asks" not in box.row("agent", "a2")
    second.hang_up()
    wait_asks(box, "back")
    wait_tone(ring, 440, 0.5)
    assert box.ask("hand_on", agent="a1", number="102", ask="1").state == "done"
    second = two.wait_ring()
    second.answer()
    wait_tone(ring, 600, 0.5)
    assert box.ask("take_back", agent="a1").state == "done"
    wait_asks(box, "back")
    second.wait_end()
    wait_tone(ring, 440, 0.5)
    assert box.ask("hand_on", agent="a1", number="102", ask="1").state == "done"
    second = two.wait_ring()
    second.answer()
    wait_tone(second, 600, 0.5)
    caller.hang_up()
    wait_asks(box, "alone")
    wait_tone(second, 600, 0.5)
    ring.hang_up()
    second.wait_end()


def wait_asks(box: Box, how: str) -> None:
    """Waits until the agent's row says this of his asking."""
    until(lambda: box.row("agent", "a1").get("asks", {}).get("how") == how, 20, f"the row to say {how}")


def test_what_was_said_before_stays_in_the_recording(box: Box, phones: tuple[Phone, Phone, Phone]) -> None:
    """Somebody who was called is recorded at the leg of who called, which goes when he hands them on."""
    one, _, outside = phones
    leg = one.call("0912345678")
    customer = outside.wait_ring(10)
    customer.answer()
    until(lambda: sound.tone_seconds(leg.heard(), 440) > 3, 15, "three seconds of talk")
    assert box.ask("hand_on", agent="a1", queue="q1").state == "done"
    leg.wait_end()
    ring = one.wait_ring(20)
    ring.answer()
    wait_tone(ring, 440, 0.5)
    customer.hang_up()
    ring.wait_end()
    done = box.call(lambda call: call.ended is not None, "the end of the call")
    (file,) = (path for path in box.settings.recordings.rglob("*.wav") if path.stem == done.external_id)

    def loud_ms() -> float:
        loud = sound.tone_level_dbfs(sound.read_wav(file), 440) > -25
        return float(loud.sum()) * sound.WINDOW_MS

    # Asterisk may still have it open.
    until(lambda: loud_ms() > 3000, 5, "three seconds of the customer in the recording")


def test_of_two_calls_the_one_on_the_page_is_handed_on(box: Box, phones: tuple[Phone, Phone, Phone]) -> None:
    one, two, outside = phones
    caller, ring = talk(one, outside)
    (shown,) = (row["call"] for agent, row in box.rows()["agent"].items() if agent == "a1")
    second = one.call("0912345678")
    customer = outside.wait_ring(10)
    customer.answer()
    wait_tone(second, 440, 0.5)
    assert box.ask("hand_on", agent="a1", number="102", call="another").state == "failed"
    assert box.ask("hand_on", agent="a1", number="102", call=shown).state == "done"
    ring.wait_end()
    there = two.wait_ring()
    there.answer()
    wait_tone(there, 440, 0.5)
    wait_tone(second, 440, 0.5)
    second.hang_up()
    customer.wait_end()
    caller.hang_up()
    there.wait_end()


def test_parked_and_taken_by_the_page(box: Box, phones: tuple[Phone, Phone, Phone]) -> None:
    one, two, outside = phones
    box.agent("a2", "offline")
    assert box.ask("fetch_parked", agent="a2", place="10").state == "failed"
    caller, ring = talk(one, outside)
    ring.sound.press("*5")
    ring.wait_end(15)
    ((place, parked),) = until(lambda: list(box.rows()["parked"].items()), 20, "the parked call")
    assert box.ask("fetch_parked", agent="a2", place=place).state == "done"
    taken = two.wait_ring(20)
    assert taken.invite and taken.invite.get("x-foyer-call") == parked["call"]
    assert taken.caller == CALLER
    taken.answer()
    wait_tone(taken, 440, 0.5)
    row = box.wait_row("agent", "a2", "the talk", 20, state="talking")
    assert row["call"] == parked["call"]
    known = len(box.calls())
    caller.hang_up()
    taken.wait_end()
    done = box.call(lambda call: call.ended is not None, "the end of the call", 20)
    assert (done.external_id, done.agent_id, len(box.calls())) == (parked["call"], "a2", known)


def test_who_comes_to_a_parked_place_while_the_phone_rings_stays_there(
    box: Box, phones: tuple[Phone, Phone, Phone]
) -> None:
    one, two, outside = phones
    caller, ring = talk(one, outside)
    ring.sound.press("*5")
    ring.wait_end(15)
    ((place, parked),) = until(lambda: list(box.rows()["parked"].items()), 20, "the parked call")
    box.agent("a2", "offline")
    # All that can be done before the phone rings is: it does so for half a minute.
    second, ring = talk(one, outside)
    assert box.ask("fetch_parked", agent="a2", place=place).state == "done"
    fetching = two.wait_ring(20)
    caller.hang_up()
    until(lambda: not box.rows()["parked"], 20, "the place to be free")
    (channel,) = (
        line.split("!")[0]
        for line in box.asterisk.cli("core show channels concise").splitlines()
        if line.startswith("PJSIP/l1-")
    )
    box.asterisk.cli(f"dialplan set chanvar {channel} PARKINGEXTEN {place}")
    ring.sound.press("*5")
    ring.wait_end(15)
    row = until(lambda: box.rows()["parked"].get(place), 20, "another caller in the same place")
    assert row and row["call"] != parked["call"]
    fetching.answer()
    # He hears that nobody is there, and no customer of whom he knows nothing.
    fetching.wait_end(15)
    assert place in box.rows()["parked"]
    # By keys the place counts, whoever is there.
    taken = two.call(f"*5{place}").wait_answer()
    wait_tone(taken, 440, 0.5)
    second.hang_up()
    taken.wait_end()
