"""Opening hours: a part of the site document (sitemodel.py), and the one place that says when they are open.

A schedule is a week of hours and dates that differ from it, on a clock of its own or on the site's. Public
holidays are made such dates by holidays.py. Hours belong to the day on which they begin, also where they end
after midnight. The renderer asks `open_minutes` for every day that needs a line, the trial of a flow asks
`is_open`: both say the same.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from appliance.errors import RejectedError
from appliance.store.sitecheck import Fields, field_names

DAY_MINUTES = 24 * 60
EXCEPTIONS_MAX = 400
HOLIDAYS_MAX = 100
# In a day, and so seven times as many in a week.
HOURS_MAX = 6

type Minutes = tuple[int, int]
"""From a minute of the day (0 to 1439) until before another (1 to 1440)."""


@dataclass(frozen=True)
class Hours:
    """From `opens` to `closes`, as "08:00"; a `closes` that is not later is of the next day. "24:00" is
    midnight.
    """

    opens: str
    closes: str

    @property
    def minutes(self) -> Minutes:
        """Both as minutes of the day on which they open; the end may be up to 2880."""
        opens, closes = minute_of(self.opens), minute_of(self.closes)
        return opens, closes if closes > opens else closes + DAY_MINUTES


@dataclass(frozen=True)
class WeeklyHours(Hours):
    """Hours of one day of every week: 1 is Monday, 7 Sunday (ISO 8601)."""

    day: int = 1


@dataclass(frozen=True)
class DateHours:
    """A date (ISO 8601) that is not like its day of the week: closed, or open for other hours."""

    date: str
    name: str = ""
    hours: tuple[Hours, ...] = ()


@dataclass(frozen=True)
class Schedule:
    """Opening hours. `time_zone` is "" for the site's. Whether they close on public holidays: those of the
    site's country, and of a region of it if one is named; but for the holidays whose keys are in
    `open_holidays` (holidays.py).
    """

    id: str
    name: str
    time_zone: str = ""
    weekly: tuple[WeeklyHours, ...] = ()
    exceptions: tuple[DateHours, ...] = ()
    closes_on_holidays: bool = False
    holiday_region: str = ""
    open_holidays: tuple[str, ...] = ()


def closing_code(schedule: Schedule) -> str:
    """What an agent's phone dials to close the schedule for the rest of the day, such as "*921"."""
    return f"*92{schedule.id[1:]}"


def minute_of(clock: str) -> int:
    """The minute of the day of "08:30"."""
    return int(clock[:2]) * 60 + int(clock[3:])


def hours_of(schedule: Schedule, day: datetime.date) -> Sequence[Hours]:
    """The hours that begin on this date."""
    for exception in schedule.exceptions:
        if exception.date == day.isoformat():
            return exception.hours
    return [hours for hours in schedule.weekly if hours.day == day.isoweekday()]


def open_minutes(schedule: Schedule, day: datetime.date) -> list[Minutes]:
    """When it is open on this date, with what is left of the day before; in order, joined."""
    before = day - datetime.timedelta(days=1)
    found = [(start, min(end, DAY_MINUTES)) for start, end in _minutes(hours_of(schedule, day))]
    found += [(0, end - DAY_MINUTES) for _, end in _minutes(hours_of(schedule, before)) if end > DAY_MINUTES]
    joined: list[Minutes] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def special_dates(schedule: Schedule) -> list[datetime.date]:
    """The dates whose open minutes may differ from their day of the week: the exceptions, and each day after
    one.
    """
    days = {datetime.date.fromisoformat(exception.date) for exception in schedule.exceptions}
    return sorted(days | {day + datetime.timedelta(days=1) for day in days})


def usual_minutes(schedule: Schedule, weekday: int) -> list[Minutes]:
    """`open_minutes` of that day (1 is Monday) of a week without exceptions."""
    # 2024-01-08 was a Monday.
    usual = Schedule(schedule.id, schedule.name, schedule.time_zone, schedule.weekly)
    return open_minutes(usual, datetime.date(2024, 1, 7 + weekday))


def is_open(schedule: Schedule, site_zone: str, at: datetime.datetime, closed_on: str = "") -> bool:
    """Whether it is open at the moment `at` (with a time zone).

    `closed_on` is the date, on the schedule's clock, for which somebody closed by hand; "" for none.
    """
    local = at.astimezone(ZoneInfo(schedule.time_zone or site_zone))
    if local.date().isoformat() == closed_on:
        return False
    minute = local.hour * 60 + local.minute
    return any(start <= minute < end for start, end in open_minutes(schedule, local.date()))


def first_closing(
    schedule: Schedule, site_zone: str, since: datetime.datetime, until: datetime.datetime
) -> datetime.datetime | None:
    """The first moment from `since` on, but before `until` (both with a time zone), at which it is not open
    by its hours; None if it is open all the time.
    """
    zone = ZoneInfo(schedule.time_zone or site_zone)
    at, end = since.astimezone(zone), until.astimezone(zone)
    while at < end:
        minute = at.hour * 60 + at.minute
        ends = (last for first, last in open_minutes(schedule, at.date()) if first <= minute < last)
        closes = next(ends, None)
        if closes is None:
            return at
        midnight = datetime.datetime.combine(at.date(), datetime.time(), zone)
        # On a clock, not by what has passed: a day may have 23 hours.
        at = midnight + datetime.timedelta(minutes=closes)
    return None


def refuse_past(
    schedules: Sequence[Schedule], known: Collection[Schedule], site_zone: str, at: datetime.datetime
) -> None:
    """RejectedError at the first that has no weekly hours and no date left on which it opens after `at` (with
    a time zone). Those among `known` may stay: time passed over them, and nobody looks at them now.
    """
    for place, schedule in enumerate(schedules):
        if schedule in known or schedule.weekly:
            continue
        local = at.astimezone(ZoneInfo(schedule.time_zone or site_zone)).replace(tzinfo=None)
        ends = (
            datetime.datetime.fromisoformat(one.date) + datetime.timedelta(minutes=end)
            for one in schedule.exceptions
            for _, end in _minutes(one.hours)
        )
        if max(ends) <= local:
            raise RejectedError(
                "These hours never open: every day on which they did is over.",
                "Give one day of the week its hours, or a day to come.",
                f"schedules.{place}.weekly",
            )


def build(data: object, path: str, strict: bool) -> Schedule:
    """A schedule from JSON; RejectedError names the field."""
    fields = Fields(data, path, field_names(Schedule), strict=strict)
    schedule = Schedule(
        id=fields.item_id("id", "s"),
        name=fields.name("name"),
        time_zone=fields.time_zone("time_zone", "") if fields.text("time_zone", "") else "",
        weekly=fields.items("weekly", 7 * HOURS_MAX, _weekly),
        exceptions=fields.items("exceptions", EXCEPTIONS_MAX, _date),
        closes_on_holidays=fields.flag("closes_on_holidays", Schedule.closes_on_holidays),
        holiday_region=fields.name("holiday_region", optional=True),
        open_holidays=fields.texts("open_holidays", (), HOLIDAYS_MAX),
    )
    _refuse_twice(schedule, path)
    for day in range(1, 8):
        of_day = [(at, hours) for at, hours in enumerate(schedule.weekly) if hours.day == day]
        _refuse_overlap(of_day, f"{path}.weekly")
    for at, exception in enumerate(schedule.exceptions):
        _refuse_overlap(enumerate(exception.hours), f"{path}.exceptions.{at}.hours")
    if not any((schedule.weekly, *(exception.hours for exception in schedule.exceptions))):
        raise RejectedError("These hours never open.", "Give one day its hours.", fields.at("weekly"))
    return schedule


def _refuse_twice(schedule: Schedule, path: str) -> None:
    seen: set[str] = set()
    for at, exception in enumerate(schedule.exceptions):
        if exception.date in seen:
            raise RejectedError("This date stands here twice.", field=f"{path}.exceptions.{at}.date")
        seen.add(exception.date)


def _refuse_overlap(hours: Iterable[tuple[int, Hours]], path: str) -> None:
    in_order = sorted(hours, key=lambda one: one[1].minutes)
    for (_, before), (at, after) in itertools.pairwise(in_order):
        if after.minutes[0] < before.minutes[1]:
            raise RejectedError("These hours overlap others of the day.", field=f"{path}.{at}.opens")


def _weekly(data: object, path: str, strict: bool) -> WeeklyHours:
    fields = Fields(data, path, field_names(WeeklyHours), strict=strict)
    hours = _opening(fields)
    return WeeklyHours(hours.opens, hours.closes, fields.whole("day", WeeklyHours.day, 1, 7))


def _date(data: object, path: str, strict: bool) -> DateHours:
    fields = Fields(data, path, field_names(DateHours), strict=strict)
    return DateHours(
        date=fields.date("date"),
        name=fields.name("name", optional=True),
        hours=fields.items("hours", HOURS_MAX, _hours),
    )


def _hours(data: object, path: str, strict: bool) -> Hours:
    return _opening(Fields(data, path, field_names(Hours), strict=strict))


def _opening(fields: Fields) -> Hours:
    hours = Hours(fields.clock("opens", latest="23:59"), fields.clock("closes", latest="24:00"))
    if hours.opens == hours.closes:
        raise RejectedError(
            "These hours begin and end at the same time.",
            "For the whole day, write 00:00 to 24:00.",
            fields.at("closes"),
        )
    return hours


def _minutes(hours: Iterable[Hours]) -> list[Minutes]:
    return [one.minutes for one in hours]
