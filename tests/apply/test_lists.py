"""Queues that are made to call agents in the order of their list while Asterisk runs and callers wait."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import pytest

from appliance.apply import lists, objects
from appliance.apply.applier import Applier
from appliance.apply.asterisk import Console
from appliance.apply.objects import Waiting
from tests.apply.box import FIRST, Box, LiveAsterisk
from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone
from tests.until import until

NUMBER = FIRST["numbers"][0]["number"]
# Of these names, app_queue's hash makes the order 12, 2, 31; none of the orders here is like it.
CAME, LISTED = ("a31", "a2", "a12"), ("a12", "a31", "a2")
AGENTS = [{"id": name, "name": name, "extension": f"2{name[1:]}"} for name in CAME]


def queue(strategy: str) -> list[dict[str, object]]:
    """The one queue of the site, without a greeting and without anything told meanwhile."""
    return [
        {
            "id": "q1",
            "name": "Đặt bàn",
            "strategy": strategy,
            "agents": list(LISTED),
            "announce_position": False,
            "record": False,
        }
    ]


def members(asterisk: LiveAsterisk) -> list[str]:
    """The agents in the queue, in app_queue's order."""
    lines = asterisk.cli("queue show q1").splitlines()
    return [line.split()[0] for line in lines if "(PJSIP/" in line]


def waiting(asterisk: LiveAsterisk) -> tuple[str, ...]:
    """The channels that wait there, in order."""
    return lists.callers(asterisk.cli("queue show q1"))


@contextmanager
def two_callers(box: Box, asterisk: LiveAsterisk) -> Iterator[tuple[Leg, Leg]]:
    """Agents on duty who cannot be reached, one of them on a break, and two who wait for them."""
    for agent in CAME:
        asterisk.cli(f"queue add member PJSIP/{agent}d to q1 penalty 1 as {agent}")
    asterisk.cli("queue pause member PJSIP/a31d queue q1 reason lunch")
    with Phone(
        "provider", host="127.0.0.2", server=("127.0.0.1", box.settings.sip_port), tone_hz=440
    ) as provider:
        first = provider.call(NUMBER, caller="0901").wait_answer()
        until(lambda: len(waiting(asterisk)) == 1, 20, "the first to wait")
        second = provider.call(NUMBER, caller="0902").wait_answer()
        until(lambda: len(waiting(asterisk)) == 2, 20, "the second to wait")
        yield first, second
        for leg in (first, second):
            leg.hang_up()


def start(box: Box, asterisk: LiveAsterisk) -> Applier:
    """The first revision is live, with a queue in another order."""
    applier = box.applier()
    box.save(agents=AGENTS, queues=queue("rrmemory"))
    applier.prepare()
    asterisk.start()
    assert applier.look() is None
    assert box.desired() == 1
    return applier


@pytest.mark.asterisk
def test_a_queue_calls_in_the_order_of_its_list_at_once_and_who_waits_keeps_the_place(
    box: Box, asterisk: LiveAsterisk
) -> None:
    applier = start(box, asterisk)
    with two_callers(box, asterisk):
        before = waiting(asterisk)
        assert members(asterisk) != list(LISTED)
        number = box.save(queues=queue("linear"))
        assert applier.look() is None
        assert {state for state, _ in box.states(number).values()} == {"live"}
        assert members(asterisk) == list(LISTED)
        assert waiting(asterisk) == before
        assert "lunch" in asterisk.cli("database get Queue/PersistentMembers q1")
        assert "(paused" in asterisk.cli("queue show q1")
        live = (box.settings.config / "live").readlink()
        assert live == (box.settings.config / "good").readlink()
        # It keeps its members in their order from now on: no need to make it anew.
        for strategy in ("ringall", "linear"):
            box.save(queues=queue(strategy))
            assert applier.look() is None
            assert f"in '{strategy}' strategy" in asterisk.cli("queue show q1")
        assert waiting(asterisk) == before and members(asterisk) == list(LISTED)


class Killed(BaseException):
    """Ends foyer-apply where it stands."""


class Dying(Console):
    """The console of one that is killed as soon as the queue is dropped."""

    def load(
        self, files: Collection[str], wanted: objects.Objects, kept: lists.Kept | None = None
    ) -> list[objects.Difference]:
        raise Killed


@pytest.mark.asterisk
def test_killed_in_between_nobody_is_lost(box: Box, asterisk: LiveAsterisk) -> None:
    start(box, asterisk)
    with two_callers(box, asterisk):
        before = waiting(asterisk)
        number = box.save(queues=queue("linear"))
        with pytest.raises(Killed):
            box.applier(console=Dying).look()
        assert "No such queue" in asterisk.cli("queue show q1")
        assert box.applier().look() is None
        assert {state for state, _ in box.states(number).values()} == {"live"}
        assert sorted(waiting(asterisk)) == sorted(before)
        assert sorted(members(asterisk)) == sorted(CAME)


def test_members_come_back_as_they_were_in_the_order_of_the_list() -> None:
    answer = "Value: PJSIP/a2d;1;0;a2;PJSIP/a2d;;0|PJSIP/a1;2;1;a1;PJSIP/a1;lunch;0|odd;rows"
    assert lists.put_in("q1", answer, ("a1", "a2")) == [
        "queue add member PJSIP/a1 to q1 penalty 2 as a1 state_interface PJSIP/a1 paused lunch",
        "queue add member PJSIP/a2d to q1 penalty 1 as a2 state_interface PJSIP/a2d",
    ]
    assert lists.put_in("q1", "Database entry not found.", ("a1",)) == []


def test_only_queues_that_begin_to_go_by_their_list_are_made_anew() -> None:
    def made(strategy: str) -> objects.Queue:
        return objects.Queue(strategy, "unlimited", "5", "20")

    wanted = {"q1": made("linear"), "q2": made("linear"), "q3": made("ringall"), "q4": made("linear")}
    found = {"q1": made("ringall"), "q2": made("linear"), "q3": made("linear")}
    assert lists.becoming(wanted, found) == ["q1"]
    text = "; head\n\n[general]\na = b\n\n[q1]\nstrategy = linear\n\n[q2]\nstrategy = linear\n"
    assert lists.without(text, ["q1"]) == "; head\n\n[general]\na = b\n\n[q2]\nstrategy = linear\n"


def test_who_was_about_to_be_connected_comes_first() -> None:
    lost = [Waiting(name, "foyer-wait", "q1") for name in ("second", "first", "connected")]
    found = lists.in_order(lost, ("first", "second"))
    assert [one.channel for one in found] == ["connected", "first", "second"]
