"""Menus and greetings from a call's rows: also from rows that are missing, or that nobody should believe."""

from __future__ import annotations

from typing import Any

from appliance.pbx.legs import Span, Stay
from appliance.pbx.menus import Menu, greetings, menus_of
from appliance.pbx.rows import Cel

S = 1_000_000


def mark(at: int, kind: str, what: str) -> Cel:
    """A mark of the dialplan, at so many seconds."""
    extra: dict[str, Any] = {"extra": what}
    return Cel(at * S, kind, "PJSIP/l1-1", "1.1", "", "", "", "", "", extra)


def said(start: float, end: float | None, data: str = "/sounds/x") -> Stay:
    """A sound that was played."""
    return Stay("playback", data, round(start * S), None if end is None else round(end * S))


def test_a_menu_lasts_until_a_key_and_the_next_begins_with_its_step() -> None:
    rows = [
        mark(1, "FOYER_STEP", "f1^t1^hours"),
        mark(1, "FOYER_STEP", "f1^t2^menu"),
        mark(4, "FOYER_KEY", "f1^t2^*"),
        mark(4, "FOYER_STEP", "f2^t1^menu"),
        mark(9, "FOYER_KEY", "f2^t1^"),
        mark(9, "FOYER_STEP", "f2^t2^queue"),
    ]
    assert menus_of(rows, 20 * S) == (
        Menu("f1", "t2", 1 * S, 4 * S, "*"),
        Menu("f2", "t1", 4 * S, 9 * S, ""),
    )


def test_a_caller_who_goes_in_the_menu_pressed_nothing() -> None:
    rows = [mark(1, "FOYER_STEP", "f1^t2^menu")]
    assert menus_of(rows, 3 * S) == (Menu("f1", "t2", 1 * S, 3 * S, None),)
    assert menus_of(rows, None) == (Menu("f1", "t2", 1 * S, None, None),)


def test_marks_that_are_none() -> None:
    rows = [mark(1, "FOYER_STEP", text) for text in ("", "f1^t2", "f1^t2^MENU", "x^t2^menu", "f1^t2^menu^x")]
    assert menus_of(rows, None) == ()


def test_sounds_one_after_the_other_are_one_greeting_until_the_queue() -> None:
    apps = [said(0, 2), said(2.1, 3), Stay("queue", "q1", 3 * S)]
    assert greetings(apps, (), 3 * S + 1000) == [Span(None, 0, 3 * S + 1000)]


def test_a_busy_machine_parts_no_greetings_and_a_call_in_between_does() -> None:
    apps = [said(0, 2), Stay("mixmonitor", "", 2 * S), said(3.5, 5), Stay("queue", "q1", round(6.5 * S))]
    assert greetings(apps, (), round(6.5 * S)) == [Span(None, 0, round(6.5 * S))]
    apps.insert(1, Stay("dial", "PJSIP/a1", round(2.1 * S), round(2.3 * S)))
    assert greetings(apps, (), round(6.5 * S)) == [
        Span(None, 0, 2 * S),
        Span(None, round(3.5 * S), round(6.5 * S)),
    ]


def test_a_menu_or_a_pause_parts_greetings() -> None:
    apps = [said(0, 2), said(7, 8), said(20, 21), said(30, 31, "foyer/not-there,noanswer"), said(50, 51)]
    menus = (Menu("f1", "t2", 2 * S, 7 * S, "1"),)
    assert greetings(apps, menus, 40 * S) == [
        Span(None, 0, 2 * S),
        Span(None, 7 * S, 8 * S),
        Span(None, 20 * S, 21 * S),
    ]
    assert greetings([said(0, None)], (), None) == [Span(None, 0, None)]
