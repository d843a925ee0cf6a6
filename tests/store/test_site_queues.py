"""Queues of the site document: what does not fit together is refused, and where a call goes that one does not
take.
"""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from appliance.errors import RejectedError
from appliance.store import countries
from appliance.store.flowwalk import SORRY, End, Moment, walk
from appliance.store.site_queues import AT_ONCE, HELPS, LAST
from appliance.store.sitemodel import Site

AGENTS = [{"id": f"a{n}", "name": f"Agent {n}", "extension": f"10{n}"} for n in (1, 2, 3)]
LINE = {"id": "l1", "kind": "sip", "name": "Line", "host": "192.0.2.7"}
HOURS = {"id": "s1", "name": "Office", "weekly": [{"day": 1, "opens": "08:00", "closes": "17:00"}]}
MONDAY = datetime.datetime(2026, 11, 23, 2, tzinfo=datetime.UTC)
VIETNAM = countries.find("VN", countries.load())
SUNDAY = datetime.datetime(2026, 11, 22, 2, tzinfo=datetime.UTC)


def site(*queues: dict[str, Any]) -> Site:
    """A site with these queues (q1, q2 ...), and a flow that leads to the first."""
    steps = [{"id": "t1", "kind": "queue", "queue_id": "q1"}]
    return Site.from_dict(
        {
            "agents": AGENTS,
            "lines": [LINE],
            "schedules": [HOURS],
            "flows": [{"id": "f1", "name": "Main", "steps": steps}],
            "numbers": [{"id": "n1", "number": "1900", "line_id": "l1", "flow_id": "f1"}],
            "queues": [
                {"id": f"q{at}", "name": f"Queue {at}", "agents": ["a1", "a2", "a3"], **queue}
                for at, queue in enumerate(queues, 1)
            ],
        }
    )


def test_how_soon_an_agent_is_called() -> None:
    (queue,) = site({"helpers": ["a2", "a9"], "reserves": ["a3"]}).queues
    assert [queue.level(agent) for agent in ("a1", "a2", "a3")] == [AT_ONCE, HELPS, LAST]
    assert queue.helpers == ("a2",)


@pytest.mark.parametrize(
    ("queue", "field"),
    [
        ({"helpers": ["a1", "a2", "a3"]}, "queues.0.helpers"),
        ({"helpers": ["a2"], "reserves": ["a2"]}, "queues.0.reserves"),
        (
            {"helpers": ["a2"], "reserves": ["a3"], "helpers_after_seconds": 90},
            "queues.0.reserves_after_seconds",
        ),
        ({"when_full": "q7"}, "queues.0.when_full"),
        ({"when_late": "f7"}, "queues.0.when_late"),
        ({"when_late": "a1"}, "queues.0.when_late"),
        ({"schedule_id": "s7"}, "queues.0.schedule_id"),
        ({"priority": "highest"}, "queues.0.priority"),
    ],
)
def test_what_does_not_fit_is_refused(queue: dict[str, Any], field: str) -> None:
    with pytest.raises(RejectedError) as refused:
        site(queue)
    assert refused.value.field == field


def test_queues_that_send_callers_round_and_round_are_refused() -> None:
    with pytest.raises(RejectedError, match="goes round and round") as refused:
        site({"when_full": "q2"}, {"when_empty": "f1"})
    assert set(str(refused.value.sentence.values["flows"]).split(", ")) == {"Queue 1", "Queue 2", "Main"}
    # After a wait, in which somebody may answer, it is no circle.
    site({"when_full": "q2"}, {"when_late": "f1"})


def test_a_closed_queue_sends_a_call_on() -> None:
    shown = site({"schedule_id": "s1", "when_closed": "q2"}, {})
    number = shown.numbers[0]
    assert walk(shown, VIETNAM, number, Moment(MONDAY)).end == End("queue", "q1")
    assert walk(shown, VIETNAM, number, Moment(SUNDAY)).end == End("queue", "q2")
    assert walk(shown, VIETNAM, number, Moment(MONDAY, {"s1": "2026-11-23"})).end == End("queue", "q2")
    assert walk(site({"schedule_id": "s1"}), VIETNAM, number, Moment(SUNDAY)).end == SORRY
