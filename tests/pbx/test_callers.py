"""Blocked, preferred and foreign callers on a private real Asterisk: mirrored by foyer-pbx, and treated so
even when every process of ours is dead.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.store import people, people_erasure
from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone
from tests.pbx.box import NUMBER, Box
from tests.until import until

pytestmark = pytest.mark.asterisk

NUISANCE, REGULAR, GUEST = "+84901111111", "+84902222222", "+84903333333"


@pytest.fixture
def box() -> Iterator[Box]:
    """A box whose foyer-pbx runs. A short path: Asterisk cuts the name of a file of call events."""
    with tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as path, Box(Path(path)) as box:
        box.start()
        yield box


def mirrored(box: Box) -> dict[str, str]:
    """What AstDB holds, by number."""
    lines = (line.partition(":") for line in box.asterisk.cli("database show foyer-caller").splitlines())
    return {
        key.strip().removeprefix("/foyer-caller/"): value.strip()
        for key, _, value in lines
        if "/foyer" in key
    }


def treat(
    box: Box, number: str, *, language: str = "", priority: str = "normal", blocked: bool = False
) -> str:
    """Says how somebody's calls are treated; returns the person's id."""
    with box.store.change() as change:
        person = people.person_for(change, "phone", number)
        people.describe(change, person, "", language)
        people.set_priority(change, person, priority)
        people.set_blocked(change, person, blocked)
    return person


def wait_mirrored(box: Box, number: str, value: str) -> None:
    until(lambda: mirrored(box).get(number, "") == value, 5, f"{number} to be mirrored as {value!r}")


def call(outside: Phone, number: str) -> Leg:
    return outside.call(NUMBER, caller=number)


@pytest.mark.parametrize(
    "spelling", ["0901111111", "+84901111111", "84901111111", "0084901111111", "901111111"]
)
def test_a_blocked_caller_is_turned_away_in_every_spelling(box: Box, spelling: str) -> None:
    treat(box, NUISANCE, blocked=True)
    wait_mirrored(box, spelling, "//blocked")
    with box.outside() as outside:
        assert call(outside, spelling).wait_end().status == 486
    record = box.call(lambda one: one.outcome is not None, "the call in the history")
    assert (record.outcome, record.state, record.answered) == ("blocked", "closed", None)
    assert record.address == NUISANCE
    assert record.person_id


@pytest.mark.slow
def test_all_of_it_holds_without_any_process_of_ours(box: Box) -> None:
    """Blocked, preferred and in another language, as mirrored before foyer-pbx died."""
    treat(box, NUISANCE, blocked=True)
    treat(box, REGULAR, priority="high")
    treat(box, GUEST, language="en")
    for number, value in ((NUISANCE, "//blocked"), (REGULAR, "/high/"), (GUEST, "en//")):
        wait_mirrored(box, number, value)
    box.agent("a1", "break", "lunch")
    until(lambda: box.members() == {("PJSIP/a1d", "paused")}, 5, "the agent in the queue")
    box.stop()
    with box.desk("a1") as desk, box.outside() as outside:
        desk.register()
        assert call(outside, "0901111111").wait_end().status == 486
        ordinary = call(outside, "0909999999").wait_answer()
        waits_for(box, 1)
        guest = call(outside, "0903333333").wait_answer()
        waits_for(box, 2)
        regular = call(outside, "0902222222").wait_answer()
        waits_for(box, 3)
        spoken = {number: language_of(box, number) for number in ("0909999999", "0903333333", "0902222222")}
        assert spoken == {"0909999999": "vi", "0903333333": "en", "0902222222": "vi"}
        box.asterisk.cli("queue unpause member PJSIP/a1d queue q1")
        for leg, number in ((regular, "0902222222"), (ordinary, "0909999999"), (guest, "0903333333")):
            ring = desk.wait_ring(15)
            assert ring.caller == number
            ring.answer()
            leg.hang_up()
            ring.wait_end()


def test_what_is_no_number_is_nobody(box: Box) -> None:
    treat(box, NUISANCE, blocked=True)
    wait_mirrored(box, NUISANCE, "//blocked")
    with box.outside() as outside:
        nasty = "%24%7BSHELL(id)%7D0901111111"
        for caller in ("a0901111111", "anonymous", "0901111111*", "9" * 40, nasty):
            leg = call(outside, caller).wait_answer()
            leg.hang_up()


def test_the_mirror_follows_and_survives_a_restart(box: Box) -> None:
    person = treat(box, NUISANCE, language="en", blocked=True)
    wait_mirrored(box, "0901111111", "en//blocked")
    until(lambda: len(mirrored(box)) == 7, 5, "every spelling")
    with box.store.change() as change:
        people.set_blocked(change, person, False)
        other = people.person_for(change, "phone", GUEST)
        people.merge(change, other, person)
    wait_mirrored(box, "0901111111", "en//")
    wait_mirrored(box, "0903333333", "en//")
    with box.store.change() as change:
        people.split(change, other)
    wait_mirrored(box, "0903333333", "")
    # Whatever got lost or in while nobody looked is put right as soon as Asterisk has booted.
    box.asterisk.cli("database deltree foyer-caller")
    box.asterisk.cli("database put foyer-caller 0909999999 //blocked")
    box.asterisk.stop()
    box.asterisk.start()
    wait_mirrored(box, "0901111111", "en//")
    until(lambda: len(mirrored(box)) == 7, 5, "exactly the wanted entries")


def test_who_is_erased_is_forgotten_there_too(box: Box) -> None:
    person = treat(box, NUISANCE, blocked=True)
    wait_mirrored(box, "0901111111", "//blocked")
    with box.store.change() as change:
        people_erasure.erase(change, person, "u1")
    until(lambda: not mirrored(box), 5, "no entry to be left")


@pytest.mark.slow
def test_many_at_once(box: Box) -> None:
    with box.store.change() as change:
        for number in range(300):
            people.set_blocked(change, people.person_for(change, "phone", f"+8490{number:07}"), True)
    until(lambda: len(mirrored(box)) == 7 * 300, 30, "every spelling of three hundred numbers")
    assert box.row("pbx", "state")["up"]


def waits_for(box: Box, count: int) -> None:
    """Waits until so many callers are in the queue."""
    until(
        lambda: f"{count}. PJSIP/l1" in box.asterisk.cli("queue show q1"), 10, f"{count} callers in the queue"
    )


def language_of(box: Box, number: str) -> str:
    """The language in which this caller hears prompts."""
    legs = re.findall(r"PJSIP/l1-[0-9a-f]{8}", box.asterisk.cli("core show channels concise"))
    shown = (box.asterisk.cli(f"core show channel {leg}") for leg in legs)
    text = next(text for text in shown if f"Caller ID: {number}" in text)
    found = re.search(r"Language: (\w+)", text)
    return found[1] if found else ""
