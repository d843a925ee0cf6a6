"""Flows: what is refused before it is saved, where and why; and the way of a call through them."""

from __future__ import annotations

import datetime
import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appliance.errors import RejectedError
from appliance.store import countries
from appliance.store.flows import STEPS_MAX, MenuStep, said
from appliance.store.flowwalk import HUNG_UP, STOPPED, End, Moment, Walk, walk
from appliance.store.sitemodel import Number, Site

HELLO = [{"language": "vi", "text": "Xin chào"}, {"language": "en", "text": "Hello"}]
OFFICE = {
    "id": "s1",
    "name": "Office",
    "weekly": [{"day": day, "opens": "08:00", "closes": "17:00"} for day in range(1, 6)],
}
MENU: dict[str, Any] = {
    "id": "t2",
    "kind": "menu",
    "texts": HELLO,
    "keys": [{"key": "1", "next": "t3"}, {"key": "2", "next": "t4"}, {"key": "*", "next": "t2"}],
    "otherwise": "t3",
    "dials_people": True,
}
STEPS: list[dict[str, Any]] = [
    {"id": "t1", "kind": "hours", "schedule_id": "s1", "open": "t2", "closed": "t5"},
    MENU,
    {"id": "t3", "kind": "queue", "queue_id": "q1"},
    {"id": "t4", "kind": "person", "agent_id": "a1", "next": "t3"},
    {"id": "t5", "kind": "say", "texts": HELLO, "next": "t6"},
    {"id": "t6", "kind": "end"},
]
DOCUMENT: dict[str, Any] = {
    "queues": [{"id": "q1", "name": "Sales"}],
    "agents": [
        {"id": "a1", "name": "Hoa", "extension": "101"},
        {"id": "a2", "name": "An", "extension": "11"},
    ],
    "lines": [{"id": "l1", "name": "VNPT", "host": "192.0.2.7"}],
    "schedules": [OFFICE],
    "flows": [{"id": "f1", "name": "Main", "steps": STEPS}],
    "numbers": [{"id": "n1", "number": "02812345678", "line_id": "l1", "flow_id": "f1"}],
}
VIETNAM = countries.find("VN", countries.load())
MONDAY = datetime.datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
SUNDAY = datetime.datetime(2026, 11, 22, 8, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))


def site(**changes: Any) -> Site:
    """The usual site with some lists changed."""
    return Site.from_dict({**DOCUMENT, **changes})


def flow(*steps: dict[str, Any], **more: Any) -> Site:
    """A site whose one flow has these steps."""
    return site(flows=[{"id": "f1", "name": "Main", "steps": list(steps)}], **more)


def refused(document: dict[str, Any]) -> RejectedError:
    """The refusal of the usual document with these lists changed."""
    with pytest.raises(RejectedError) as found:
        site(**document)
    return found.value


def test_a_document_with_flows_is_a_fixed_point() -> None:
    found = site()
    assert Site.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_a_document_of_the_release_before_is_read() -> None:
    old = {name: value for name, value in DOCUMENT.items() if name not in ("flows", "schedules")}
    old["numbers"] = [{"id": "n1", "number": "02812345678", "line_id": "l1", "queue_id": "q1"}]
    found = Site.from_dict(old, strict=False)
    assert (found.numbers[0].queue_id, found.numbers[0].flow_id) == ("q1", "")


def test_a_number_leads_to_one_thing() -> None:
    number = DOCUMENT["numbers"][0]
    for changes in ({"queue_id": "q1"}, {"flow_id": ""}):
        assert refused({"numbers": [{**number, **changes}]}).field == "numbers.0.queue_id"
    assert refused({"numbers": [{**number, "flow_id": "f9"}]}).field == "numbers.0.flow_id"
    assert refused({"numbers": [number, {**number, "id": "n2"}]}).field == "numbers.1.number"


@pytest.mark.parametrize(
    ("at", "changes", "field", "message"),
    [
        (0, {"schedule_id": "s9"}, "0.schedule_id", "opening hours that are no longer there"),
        (0, {"open": "t9"}, "0.open", "no longer there"),
        (1, {"otherwise": "t9"}, "1.otherwise", "no longer there"),
        (1, {"keys": [{"key": "1", "next": "t9"}]}, "1.keys.0.next", "no longer there"),
        (1, {"keys": [*MENU["keys"], {"key": "1", "next": "t3"}]}, "1.keys.3.key", "twice"),
        (1, {"keys": [{"key": "A", "next": "t3"}]}, "1.keys.0.key", "choices"),
        (1, {"keys": [], "dials_people": False}, "1.keys", "needs a key"),
        (1, {"texts": []}, "1.texts", "filled in"),
        (1, {"texts": [HELLO[0], HELLO[0]]}, "1.texts.1.language", "twice"),
        (1, {"texts": [{"language": "vi", "text": " "}]}, "1.texts.0.text", "filled in"),
        (1, {"texts": [{"language": "vi", "text": "x" * 2001}]}, "1.texts.0.text", "At most"),
        (1, {"tries": 0}, "1.tries", "whole number"),
        (2, {"queue_id": "q9"}, "2.queue_id", "queue that is no longer there"),
        (3, {"agent_id": "a9"}, "3.agent_id", "agent who is no longer there"),
        (3, {"next": "t9"}, "3.next", "no longer there"),
        (5, {"kind": "flow", "flow_id": "f9"}, "5.flow_id", "flow that is no longer there"),
        (5, {"kind": "outside", "number": "abc"}, "5.number", "phone number"),
        (5, {"kind": "teleport"}, "5.kind", "choices"),
        (5, {"id": "t1"}, "5.id", "has this id"),
        (4, {"next": "t4"}, "5", "nothing leads"),
    ],
)
def test_what_is_refused(at: int, changes: dict[str, Any], field: str, message: str) -> None:
    steps = [*STEPS[:at], {**STEPS[at], **changes}, *STEPS[at + 1 :]]
    error = refused({"flows": [{"id": "f1", "name": "Main", "steps": steps}]})
    assert error.field == f"flows.0.steps.{field}"
    assert message in error.message


def test_a_flow_has_steps_and_not_too_many() -> None:
    assert refused({"flows": [{"id": "f1", "name": "Main", "steps": []}]}).field == "flows.0.steps"
    many = [{"id": f"t{n}", "kind": "say", "texts": HELLO, "next": f"t{n + 1}"} for n in range(STEPS_MAX + 1)]
    assert "At most" in refused({"flows": [{"id": "f1", "name": "Main", "steps": many}]}).message


def test_a_number_outside_needs_a_line() -> None:
    outside = {"id": "f1", "name": "Main", "steps": [{"id": "t1", "kind": "outside", "number": "0901234567"}]}
    assert site(flows=[outside]).flows[0].steps[0].number == "+84901234567"  # type: ignore[union-attr]
    assert "no phone line" in refused({"flows": [outside], "lines": [], "numbers": []}).message


def say(step: str, following: str) -> dict[str, Any]:
    """An announcement."""
    return {"id": step, "kind": "say", "texts": HELLO, "next": following}


@pytest.mark.parametrize(
    "steps",
    [
        [say("t1", "t1")],
        [say("t1", "t2"), say("t2", "t1")],
        [
            {**MENU, "id": "t1", "keys": [{"key": "1", "next": "t2"}], "otherwise": "t1"},
            {"id": "t2", "kind": "end"},
        ],
        [
            {"id": "t1", "kind": "hours", "schedule_id": "s1", "open": "t2", "closed": "t3"},
            {"id": "t2", "kind": "end"},
            say("t3", "t1"),
        ],
        [{"id": "t1", "kind": "person", "agent_id": "a1", "next": "t1"}],
        [{"id": "t1", "kind": "flow", "flow_id": "f1"}],
    ],
)
def test_a_circle_that_silence_never_leaves(steps: list[dict[str, Any]]) -> None:
    error = refused({"flows": [{"id": "f1", "name": "Main", "steps": steps}]})
    assert "goes round and round in: Main." in error.message
    assert error.field.startswith("flows.0.steps.")


def test_a_circle_through_two_flows_names_both() -> None:
    there = {"id": "f1", "name": "Main", "steps": [{"id": "t1", "kind": "flow", "flow_id": "f2"}]}
    back = {
        "id": "f2",
        "name": "Night",
        "steps": [say("t1", "t2"), {"id": "t2", "kind": "flow", "flow_id": "f1"}],
    }
    assert "round in: Main, Night." in refused({"flows": [there, back]}).message


def test_a_circle_that_a_key_begins_is_fine() -> None:
    again = {**MENU, "id": "t1", "keys": [{"key": "9", "next": "t1"}], "otherwise": "t2"}
    assert flow(again, {"id": "t2", "kind": "end"}).flows[0].step("t1")


def way(found: Walk) -> list[tuple[str, str]]:
    """The steps with what made them go on."""
    return [(visit.step.id, visit.choice) for visit in found.visits]


@pytest.mark.parametrize(
    ("at", "presses", "steps", "end"),
    [
        (SUNDAY, ["2"], [("t1", "closed"), ("t5", ""), ("t6", "")], HUNG_UP),
        (MONDAY, [], [("t1", "open"), ("t2", ""), ("t3", "")], End("queue", "q1")),
        (MONDAY, ["2"], [("t1", "open"), ("t2", "2"), ("t4", ""), ("t3", "")], End("queue", "q1")),
        (MONDAY, ["7", "1"], [("t1", "open"), ("t2", "1"), ("t3", "")], End("queue", "q1")),
        (MONDAY, ["7", "8", "2"], [("t1", "open"), ("t2", ""), ("t3", "")], End("queue", "q1")),
        (
            MONDAY,
            ["*", "", "2"],
            [("t1", "open"), ("t2", "*"), ("t2", "2"), ("t4", ""), ("t3", "")],
            End("queue", "q1"),
        ),
        (MONDAY, ["101"], [("t1", "open"), ("t2", "101")], End("agent", "a1")),
        (MONDAY, ["11#"], [("t1", "open"), ("t2", "11")], End("agent", "a2")),
        (MONDAY, ["1019"], [("t1", "open"), ("t2", "101")], End("agent", "a1")),
        (MONDAY, ["27"], [("t1", "open"), ("t2", "2"), ("t4", ""), ("t3", "")], End("queue", "q1")),
    ],
)
def test_the_way_of_a_call(
    at: datetime.datetime, presses: list[str], steps: list[tuple[str, str]], end: End
) -> None:
    found = walk(site(), VIETNAM, site().numbers[0], Moment(at), presses)
    assert (way(found), found.end) == (steps, end)


def test_the_way_through_another_flow_and_past_closing_by_hand() -> None:
    shown = site(
        flows=[
            *DOCUMENT["flows"],
            {"id": "f2", "name": "Door", "steps": [{"id": "t1", "kind": "flow", "flow_id": "f1"}]},
        ]
    )
    number = Number("n2", "1900", "l1", flow_id="f2")
    found = walk(shown, VIETNAM, number, Moment(MONDAY, {"s1": "2026-11-23"}))
    assert way(found) == [("t1", ""), ("t1", "closed"), ("t5", ""), ("t6", "")]
    assert [visit.flow_id for visit in found.visits] == ["f2", "f1", "f1", "f1"]
    assert walk(shown, VIETNAM, Number("n3", "1901", "l1", "q1"), Moment(MONDAY)).end == End("queue", "q1")


@pytest.mark.parametrize(
    ("number", "is_stopped", "refused"),
    [
        ("0901234567", False, ""),
        ("0901234567", True, ""),
        ("+442071838750", False, ""),
        ("+442071838750", True, STOPPED),
        ("1900123456", False, "premium"),
        ("+870773111632", True, "satellite"),
        # A flow has no emergency numbers: it is a machine that calls.
        ("113", False, "unknown"),
    ],
)
def test_a_call_to_the_outside_may_be_refused(number: str, is_stopped: bool, refused: str) -> None:
    shown = flow({"id": "t1", "kind": "outside", "number": number}, outbound={"countries": ["GB"]})
    end = walk(shown, VIETNAM, shown.numbers[0], Moment(MONDAY, is_stopped=is_stopped)).end
    assert (end.kind, end.refused) == ("outside", refused)


def test_a_text_in_the_callers_language() -> None:
    menu = site().flows[0].step("t2")
    assert isinstance(menu, MenuStep)
    assert [said(menu.texts, language).text for language in ("en", "vi", "fr")] == [
        "Hello",
        "Xin chào",
        "Xin chào",
    ]
