"""Where somebody who asked earlier belongs in a queue."""

from __future__ import annotations

from appliance.pbx.ami_parser import message_of
from appliance.pbx.queue_places import Line, leg_of, lines

CALL = "0000000a-0000-4000-8000-000000000000"


def test_the_places_of_a_queue() -> None:
    leg = leg_of(CALL, 1_795_302_612_345)
    assert leg == "foyer-back-1795302612.10"
    status = [
        message_of([("Event", "QueueParams"), ("Queue", "q1")]),
        message_of([("Event", "QueueMember"), ("Queue", "q1"), ("Status", "1")]),
        message_of([("Event", "QueueEntry"), ("Queue", "q1"), ("Uniqueid", f"{leg}-2"), ("Wait", "1")]),
        message_of([("Event", "QueueEntry"), ("Queue", "q1"), ("Uniqueid", "foyer-1.1"), ("Wait", "60")]),
        message_of([("Event", "QueueMember"), ("Queue", "q2"), ("Status", "5")]),
    ]
    found = lines(status, {leg: 2000}, 100_000)
    assert found == {"q1": Line([(0, 2000), (0, 40_000)], has_agents=True), "q2": Line([], has_agents=False)}
    assert [found["q1"].take(0, asked) for asked in (1000, 30_000, 90_000)] == [1, 3, 5]


def test_who_has_priority_comes_before_those_who_have_waited_longer() -> None:
    line = Line([(5, 90), (0, 10), (0, 50)])
    assert [line.take(0, 20), line.take(5, 95), line.take(10, 99), line.take(5, 80)] == [3, 2, 1, 2]
