"""Queues that are made to call agents in the order of their list while Asterisk runs and callers wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from appliance.apply import lists, objects
from appliance.apply.applier import Applier
from appliance.apply.asterisk import QUEUE_RELOAD, Console
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


@pytest.mark.asterisk
def test_many_members_come_back(box: Box, asterisk: LiveAsterisk) -> None:
    """Their entry in Asterisk's database is long."""
    agents = [{"id": f"a{one}", "name": f"{one}", "extension": f"2{one}"} for one in range(10, 30)]
    listed = [agent["id"] for agent in agents]
    applier = box.applier()
    first = {**queue("rrmemory")[0], "agents": listed}
    box.save(agents=agents, queues=[first])
    applier.prepare()
    asterisk.start()
    assert applier.look() is None
    for agent in listed:
        asterisk.cli(f"queue add member PJSIP/{agent}d to q1 penalty 1 as {agent}")
    box.save(queues=[{**first, "strategy": "linear"}])
    assert applier.look() is None
    assert members(asterisk) == listed


@pytest.mark.asterisk
def test_who_comes_while_others_are_put_back_stands_behind_them(box: Box, asterisk: LiveAsterisk) -> None:
    start(box, asterisk)
    with two_callers(box, asterisk) as (first, _):
        before = waiting(asterisk)

        class Calling(Console):
            """One more calls as soon as the first is to be put back."""

            def ask(self, command: str) -> str:
                if "channel redirect" in command and not waiting(asterisk):
                    third.append(cast(Phone, first.phone).call(NUMBER, caller="0903").wait_answer())
                    until(lambda: len(waiting(asterisk)) == 1, 20, "the third to wait")
                return super().ask(command)

        third: list[Leg] = []
        box.save(queues=queue("linear"))
        assert box.applier(console=Calling).look() is None
        assert third and waiting(asterisk)[:-1] == before
        third[0].hang_up()


class Killed(BaseException):
    """Ends foyer-apply where it stands."""


class Dying(Console):
    """The console of one that is killed as soon as it has given so many commands with these words."""

    words, times = "queue reload", 1

    def ask(self, command: str) -> str:
        answer = super().ask(command)
        if self.words in command:
            self.times -= 1
            if not self.times:
                raise Killed
        return answer


@pytest.mark.asterisk
@pytest.mark.parametrize(
    ("words", "times"),
    [("queue reload", 1), ("queue reload", 2), ("queue add member", 2), ("channel redirect", 1)],
)
def test_killed_in_between_nobody_is_lost(box: Box, asterisk: LiveAsterisk, words: str, times: int) -> None:
    class DyingHere(Dying):
        pass

    DyingHere.words, DyingHere.times = words, times
    start(box, asterisk)
    with two_callers(box, asterisk):
        before = waiting(asterisk)
        number = box.save(queues=queue("linear"))
        with pytest.raises(Killed):
            box.applier(console=DyingHere).look()
        if times == 1 and "reload" in words:
            assert "No such queue" in asterisk.cli("queue show q1")
        assert box.applier().look() is None
        assert {state for state, _ in box.states(number).values()} == {"live"}
        assert waiting(asterisk) == before
        assert members(asterisk) == list(LISTED)
        assert "(paused" in asterisk.cli("queue show q1")
        assert box.applier().look() is None
        assert waiting(asterisk) == before


@pytest.mark.asterisk
def test_the_queues_are_gone_for_two_commands_only(box: Box, asterisk: LiveAsterisk) -> None:
    """Whatever else the revision changes: who calls in between waits until they are there again."""
    asked: list[str] = []

    class Heard(Console):
        def ask(self, command: str) -> str:
            asked.append(command)
            return super().ask(command)

    start(box, asterisk)
    box.save(queues=queue("linear"), country="RO", language="ro", time_zone="Europe/Bucharest")
    assert box.applier(console=Heard).look() is None
    at = asked.index(QUEUE_RELOAD)
    assert asked[at + 1] == QUEUE_RELOAD
    assert asked.index("module reload indications") < at


def test_what_is_kept_is_read_again_from_the_disk() -> None:
    kept = lists.Kept({"q1": ["a2", "a1"]}, {"q1": "Value: x"}, ["PJSIP/l1-1"], [3, 4])
    assert lists.Kept.from_text(kept.to_text()) == kept
    for text in ("", "{", "[]", "{}", '{"agents": {}}'):
        assert lists.Kept.from_text(text) == lists.Kept()


def test_members_come_back_as_they_were_in_the_order_of_the_list() -> None:
    rows = "PJSIP/a2d;1;0;a2;PJSIP/a2d;;0|PJSIP/a1;2;1;a1;PJSIP/a1;lunch;0|odd;rows"
    answer = f"Value: {rows}\n"
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


def test_who_came_after_the_order_was_written_down_comes_last() -> None:
    lost = [Waiting(name, "foyer-wait", "q1") for name in ("new", "second", "there", "connected", "first")]
    dropped = lists.Dropped(lists.Kept(waiting=("connected", "first", "second")), {"q1"})
    found = dropped.lost([*lost, Waiting("other", "foyer-wait", "q2")], ("there",))
    assert [one.channel for one in found] == ["connected", "first", "second", "new"]


def test_where_somebody_belongs_who_is_put_back() -> None:
    order = ("first", "second", "third")
    for there, places in {
        (): (1, 1, 1),
        ("new",): (1, 1, 1),
        ("first", "new"): (1, 2, 2),
        # Who has priority comes first anyway.
        ("new", "first", "second"): (1, 3, 4),
    }.items():
        assert tuple(lists.place(one, order, there) for one in order) == places


def test_who_is_being_connected_by_a_queue_that_is_there_again_is_left_alone() -> None:
    came = [Waiting(name, "foyer-wait", "q1") for name in ("first", "new")]
    dropped = lists.Dropped(lists.Kept(waiting=("first",)), {"q1"}, still={"q1"})
    assert [one.channel for one in dropped.lost(came, ())] == ["first"]
