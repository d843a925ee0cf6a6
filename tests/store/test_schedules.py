"""Opening hours: what is refused, and when they are open, also over midnight, on odd dates and when clocks
change.
"""

from __future__ import annotations

import datetime
import itertools
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import RejectedError
from appliance.store import schedules
from appliance.store.schedules import (
    Schedule,
    first_closing,
    is_open,
    open_minutes,
    special_dates,
    usual_minutes,
)

HANOI = "Asia/Ho_Chi_Minh"
OFFICE = [{"day": day, "opens": "08:00", "closes": "17:30"} for day in range(1, 6)]


def schedule(**changes: Any) -> Schedule:
    """Office hours with some fields changed."""
    return schedules.build({"id": "s1", "name": "Office", "weekly": OFFICE, **changes}, "schedules.0", True)


def at(text: str, zone: str = HANOI) -> datetime.datetime:
    """A moment of a zone's clock."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-23 07:59", False),
        ("2026-11-23 08:00", True),
        ("2026-11-23 17:29:59", True),
        ("2026-11-23 17:30", False),
        ("2026-11-22 09:00", False),  # a Sunday
    ],
)
def test_a_week(moment: str, expected: bool) -> None:
    assert is_open(schedule(), HANOI, at(moment)) is expected


def test_hours_over_midnight_belong_to_the_day_they_begin_on() -> None:
    bar = schedule(
        weekly=[
            {"day": 5, "opens": "20:00", "closes": "02:00"},
            {"day": 7, "opens": "22:00", "closes": "01:00"},
        ],
        exceptions=[{"date": "2026-11-28"}],
    )
    assert is_open(bar, HANOI, at("2026-11-28 01:59"))  # Saturday is closed, but this is Friday's
    assert not is_open(bar, HANOI, at("2026-11-28 02:00"))
    assert is_open(bar, HANOI, at("2026-11-30 00:30"))  # Sunday's, on Monday
    gone = schedule(
        weekly=[{"day": 5, "opens": "20:00", "closes": "02:00"}], exceptions=[{"date": "2026-11-27"}]
    )
    assert not is_open(gone, HANOI, at("2026-11-28 01:00"))


def test_a_date_may_have_hours_of_its_own() -> None:
    found = schedule(exceptions=[{"date": "2026-11-22", "hours": [{"opens": "10:00", "closes": "12:00"}]}])
    assert is_open(found, HANOI, at("2026-11-22 10:00"))
    assert not is_open(found, HANOI, at("2026-11-22 12:00"))
    assert special_dates(found) == [datetime.date(2026, 11, 22), datetime.date(2026, 11, 23)]


def test_the_clock_is_the_schedules_own() -> None:
    london = schedule(time_zone="Europe/London")
    assert not is_open(london, HANOI, at("2026-11-23 10:00"))
    assert is_open(london, HANOI, at("2026-11-23 10:00", "Europe/London"))


def test_when_clocks_change() -> None:
    early = schedule(weekly=[{"day": 7, "opens": "02:15", "closes": "02:45"}], time_zone="Europe/Berlin")
    autumn = datetime.datetime(2026, 10, 25, 0, 30, tzinfo=datetime.UTC)  # 02:30, and again an hour later
    assert is_open(early, HANOI, autumn)
    assert is_open(early, HANOI, autumn + datetime.timedelta(hours=1))
    spring = datetime.datetime(2026, 3, 29, 0, 59, tzinfo=datetime.UTC)  # 01:59; 02:00 is 03:00
    assert not any(is_open(early, HANOI, spring + datetime.timedelta(minutes=n)) for n in range(90))


@pytest.mark.parametrize(
    ("changes", "since", "until", "expected"),
    [
        ({}, "2026-11-23 09:10:20", "2026-11-23 17:29", None),
        ({}, "2026-11-23 09:10:20", "2026-11-24 10:00", "2026-11-23 17:30"),
        ({}, "2026-11-22 12:00", "2026-11-24 10:00", "2026-11-22 12:00"),
        # All the week, without an end and with one.
        (
            {"weekly": [{"day": day, "opens": "00:00", "closes": "24:00"} for day in range(1, 8)]},
            "2026-11-01 00:00",
            "2026-11-30 00:00",
            None,
        ),
        (
            {
                "weekly": [{"day": day, "opens": "00:00", "closes": "24:00"} for day in range(1, 8)],
                "exceptions": [{"date": "2026-11-25", "hours": [{"opens": "00:00", "closes": "02:00"}]}],
            },
            "2026-11-23 23:00",
            "2026-11-30 00:00",
            "2026-11-25 02:00",
        ),
    ],
)
def test_when_it_closes_for_the_first_time(
    changes: dict[str, Any], since: str, until: str, expected: str | None
) -> None:
    found = first_closing(schedule(**changes), HANOI, at(since), at(until))
    assert found == (at(expected) if expected else None)


def test_closed_by_hand_ends_with_the_day() -> None:
    assert not is_open(schedule(), HANOI, at("2026-11-23 09:00"), "2026-11-23")
    assert is_open(schedule(), HANOI, at("2026-11-24 09:00"), "2026-11-23")


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"weekly": []}, "weekly", "never open"),
        ({"weekly": [{"day": 8, "opens": "08:00", "closes": "09:00"}]}, "weekly.0.day", "whole number"),
        ({"weekly": [{"day": 1, "opens": "8", "closes": "09:00"}]}, "weekly.0.opens", "time of the day"),
        ({"weekly": [{"day": 1, "opens": "24:00", "closes": "09:00"}]}, "weekly.0.opens", "time of the day"),
        ({"weekly": [{"day": 1, "opens": "08:00", "closes": "08:00"}]}, "weekly.0.closes", "same time"),
        (
            {"weekly": [OFFICE[0], {"day": 1, "opens": "17:00", "closes": "18:00"}]},
            "weekly.1.opens",
            "overlap",
        ),
        ({"exceptions": [{"date": "2026-02-30"}]}, "exceptions.0.date", "not a date"),
        ({"exceptions": [{"date": "2026-12-24"}] * 2}, "exceptions.1.date", "twice"),
        ({"time_zone": "Mars/Base"}, "time_zone", "time zone"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(RejectedError, match=message) as refused:
        schedule(**changes)
    assert refused.value.field == f"schedules.0.{field}"


def test_hours_that_are_over_never_open() -> None:
    """A bar of two nights: it may be saved until the second is over, which is the morning after."""
    late = [{"opens": "20:00", "closes": "02:00"}]
    nights = [{"date": day, "hours": late} for day in ("2026-12-30", "2026-12-31")]
    bar = schedule(weekly=[], exceptions=nights)
    abroad = schedule(weekly=[], exceptions=nights, time_zone="Europe/London")
    last, over = at("2027-01-01 01:59"), at("2027-01-01 02:00")
    schedules.refuse_past([schedule(), bar], [], HANOI, last)
    with pytest.raises(RejectedError, match="never open") as refused:
        schedules.refuse_past([schedule(), bar], [], HANOI, over)
    assert refused.value.field == "schedules.1.weekly"
    # Where it is earlier, by its own clock or the site's; and where nobody touches it.
    schedules.refuse_past([bar], [], "Europe/London", over)
    schedules.refuse_past([abroad], [], HANOI, over)
    schedules.refuse_past([bar], [bar], HANOI, over)


def test_hours_in_any_digits() -> None:
    found = schedule(weekly=[{"day": 1, "opens": "۸:۳۰", "closes": "24:00"}])
    assert (found.weekly[0].opens, found.weekly[0].closes) == ("08:30", "24:00")


hours = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda pair: pair[0] != pair[1])


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def any_schedule(draw: st.DrawFn) -> Schedule:
    """At most one opening a day, of any length up to a day."""
    weekly = [
        {"day": day, "opens": _clock(opens), "closes": _clock(closes)}
        for day, (opens, closes) in draw(st.dictionaries(st.integers(1, 7), hours, min_size=1)).items()
    ]
    dates = draw(st.dictionaries(st.integers(0, 9), st.none() | hours, max_size=3))
    exceptions = [
        {
            "date": str(datetime.date(2026, 11, 20) + datetime.timedelta(days=day)),
            "hours": [{"opens": _clock(pair[0]), "closes": _clock(pair[1])}] if pair else [],
        }
        for day, pair in dates.items()
    ]
    return schedule(weekly=weekly, exceptions=exceptions)


@given(any_schedule())
@settings(max_examples=100, deadline=None)
def test_only_special_dates_differ_from_their_weekday(found: Schedule) -> None:
    special = special_dates(found)
    for offset in range(-1, 13):
        day = datetime.date(2026, 11, 20) + datetime.timedelta(days=offset)
        minutes = open_minutes(found, day)
        assert all(0 <= start < end <= 1440 for start, end in minutes)
        assert all(before[1] < after[0] for before, after in itertools.pairwise(minutes))
        if day not in special:
            assert minutes == usual_minutes(found, day.isoweekday())
