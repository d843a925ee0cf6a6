"""A queue that rings in the order of its list, whoever came to work first, on a private real Asterisk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.pbx.list_order import ListOrder
from appliance.pbx.membership import Member
from appliance.store.site_queues import Queue
from appliance.store.sitemodel import Site
from tests.pbx.box import NUMBER, Box
from tests.until import until

AGENTS = ("a1", "a2", "a3")
SITE = Site(queues=(Queue("q1", "Q", "", "linear", agents=AGENTS), Queue("q2", "Q", agents=AGENTS)))


@pytest.fixture
def box() -> Iterator[Box]:
    with (
        tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as folder,
        Box(Path(folder), agents=3, strategy="linear", greeting_text="") as box,
    ):
        box.start()
        yield box


def members(queue: str, *agents: str) -> list[Member]:
    """These, in this order."""
    return [Member(queue, f"PJSIP/{agent}", agent) for agent in agents]


def moved(order: ListOrder, have: Sequence[Member], *, at_rest: Sequence[str] = ()) -> list[str]:
    """Who has to be put in anew, if everybody of the list is on duty."""
    want = [*members("q1", *AGENTS), *members("q2", *AGENTS)]
    found = order.anew(SITE, want, have, at_rest)
    assert {queue for queue, _ in found} <= {"q1"}
    return sorted(phone for _, phone in found)


def test_who_comes_later_but_stands_before_has_the_others_put_behind() -> None:
    order = ListOrder()
    assert moved(order, members("q1", "a1", "a3")) == ["PJSIP/a3"]
    assert moved(order, members("q1", "a1", "a2", "a3")) == []
    assert moved(order, [*members("q1", "a1", "a2"), *members("q2", "a3", "a2")]) == []
    assert moved(order, members("q1", "a2", "a3")) == ["PJSIP/a2", "PJSIP/a3"]


def test_nobody_is_moved_during_a_call_or_after_one() -> None:
    order = ListOrder()
    first, second = members("q1", "a2", "a3")
    assert moved(order, [replace(first, is_idle=False), second]) == []
    assert moved(order, [first, second], at_rest=["a3"]) == []
    assert moved(order, [first, second]) == ["PJSIP/a2", "PJSIP/a3"]


def test_what_was_of_no_use_is_not_tried_again_and_again() -> None:
    order = ListOrder()
    assert moved(order, members("q1", "a3", "a2")) != []
    assert moved(order, members("q1", "a3", "a2")) == []
    assert moved(order, members("q1", "a2")) != [], "others"
    assert moved(order, members("q1", "a1", "a2", "a3")) == []
    assert moved(order, members("q1", "a2")) != [], "it has been right since"


@pytest.mark.asterisk
def test_the_first_of_the_list_rings_first_who_came_last(box: Box) -> None:
    with box.desk("a1") as one, box.desk("a2") as two, box.desk("a3") as three, box.outside() as outside:
        for phone, agent in ((three, "a3"), (two, "a2"), (one, "a1")):
            phone.register()
            box.agent(agent, "available")
            until(lambda: f"({phone.user}" in lines(box), 10, "the agent in the queue")  # noqa: B023
        until(lambda: lines(box) == "(a1d(a2d(a3d", 20, "the order of the list")
        caller = outside.call(NUMBER).wait_answer()
        for phone in (one, two):
            phone.wait_ring().refuse(486)
        leg = three.wait_ring()
        assert [len(phone.legs) for phone in (one, two, three)] == [1, 1, 1]
        caller.hang_up()
        leg.wait_end()


def lines(box: Box) -> str:
    """Whose phones are in the queue, in app_queue's order."""
    shown = box.asterisk.cli("queue show q1").splitlines()
    return "".join(f"({line.split('(PJSIP/')[1].split(')')[0]}" for line in shown if "(PJSIP/" in line)
