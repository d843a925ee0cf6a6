"""The form of opening hours: a row for each day of the week, each other date and each public holiday. Pure:
rows out, form in.

A row has some pairs of times; an empty pair is none. Browsers' fields know no 24:00, so that midnight is
00:00 in them, and a whole day 00:00 to 00:00.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.store.holidays import Holiday
from appliance.store.schedules import Hours, Schedule, WeeklyHours
from appliance.webui import site_forms
from appliance.webui.forms import Form

Document = dict[str, Any]

PAIRS = 2
SPARE_DATES = 2
# Days of one key that are closer together belong to one occasion.
_OCCASION = datetime.timedelta(days=180)
_MIDNIGHT = "24:00"
# What a new schedule begins with.
NEW = Schedule(
    "",
    "",
    weekly=tuple(WeeklyHours("08:00", "17:00", day) for day in range(1, 6)),
    closes_on_holidays=True,
)


@dataclass(frozen=True)
class Row:
    """One day: the `name` of its fields, and its pairs of times as a browser shows them. Of another date, the
    date and what it is called.
    """

    name: str
    pairs: tuple[tuple[str, str], ...]
    date: str = ""
    title: str = ""


@dataclass(frozen=True)
class HolidayRow:
    """A public holiday: its key, its name, its next dates, and whether it closes."""

    key: str
    name: str
    dates: tuple[datetime.date, ...]
    is_closed: bool


def holiday_rows(
    schedule: Schedule, form: Form, found: Iterable[Holiday], today: datetime.date
) -> list[HolidayRow]:
    """The holidays that are still to come, in the order of their next dates: as ticked, or as saved."""
    names: dict[str, str] = {}
    dates: dict[str, list[datetime.date]] = {}
    for holiday in found:
        if holiday.date >= today:
            names.setdefault(holiday.key, holiday.name)
            dates.setdefault(holiday.key, []).append(holiday.date)
    shown, ticked = form.all("shown_holidays"), form.all("closed_holidays")
    return [
        HolidayRow(
            key,
            names[key],
            tuple(day for day in days if day - days[0] < _OCCASION),
            key in ticked if key in shown else key not in schedule.open_holidays,
        )
        for key, days in dates.items()
    ]


def week_rows(schedule: Schedule, form: Form) -> list[Row]:
    """The seven days: as typed, or else as they are."""
    if form.has("csrf"):
        return [Row(name, _typed(form, name)) for name in _days()]
    return [
        Row(name, _shown([hours for hours in schedule.weekly if hours.day == day]))
        for day, name in enumerate(_days(), 1)
    ]


def date_rows(schedule: Schedule, form: Form) -> list[Row]:
    """The other dates, with some empty rows after them."""
    if form.has("csrf"):
        rows = [
            Row(name, _typed(form, name), form.raw(name), form.raw(f"{name}-title")) for name in _dates(form)
        ]
        rows = [row for row in rows if row.date or row.title or any(map(any, row.pairs))]
        rows = [Row(f"date-{at}", row.pairs, row.date, row.title) for at, row in enumerate(rows)]
    else:
        rows = [
            Row(f"date-{at}", _shown(one.hours), one.date, one.name)
            for at, one in enumerate(schedule.exceptions)
        ]
    spare = range(len(rows), len(rows) + SPARE_DATES)
    return [*rows, *(Row(f"date-{at}", (("", ""),) * PAIRS) for at in spare)]


def write(document: Document, form: Form, schedule_id: str) -> None:
    """Puts the sent form into the document."""
    was = site_forms.item(document, "schedules", schedule_id) or {}
    shown, ticked = form.all("shown_holidays"), form.all("closed_holidays")
    # One that has no date in the next years, or is of another region, stays as it was.
    others = [key for key in was.get("open_holidays", ()) if key not in shown]
    entry = {
        "id": schedule_id,
        "name": form.text("name"),
        "time_zone": form.text("time_zone"),
        "weekly": [
            {"day": day, **hours} for day, name in enumerate(_days(), 1) for _, hours in _hours(form, name)
        ],
        "exceptions": [
            {
                "date": form.text(name),
                "name": form.text(f"{name}-title"),
                "hours": [hours for _, hours in _hours(form, name)],
            }
            for name in _kept_dates(form)
        ],
        "closes_on_holidays": form.has("closes_on_holidays"),
        "holiday_region": form.text("holiday_region"),
        "open_holidays": [*others, *(key for key in dict.fromkeys(shown) if key not in ticked)],
    }
    site_forms.put(document, "schedules", entry)


def field_of(form: Form, path: str) -> str:
    """The form's field for a refused path below the schedule, such as "exceptions.0.hours.1.closes"."""
    parts = path.split(".")
    if parts[0] == "weekly":
        fields = [field for name in _days() for field, _ in _hours(form, name)]
        at = int(parts[1]) if len(parts) > 1 else len(fields)
        return f"{fields[at]}-{parts[-1]}" if at < len(fields) else "weekly"
    if parts[0] == "exceptions" and len(parts) > 2:
        name = _kept_dates(form)[int(parts[1])]
        if parts[2] == "hours" and len(parts) > 3:
            return f"{[field for field, _ in _hours(form, name)][int(parts[3])]}-{parts[-1]}"
        return name if parts[2] == "date" else f"{name}-title"
    return parts[0]


def _days() -> list[str]:
    return [f"day-{day}" for day in range(1, 8)]


def _dates(form: Form) -> list[str]:
    return [name for at in range(len(form.fields)) if form.has(name := f"date-{at}")]


def _kept_dates(form: Form) -> list[str]:
    """A date that is emptied is taken out, with all that belongs to it."""
    return [name for name in _dates(form) if form.text(name)]


def _typed(form: Form, name: str) -> tuple[tuple[str, str], ...]:
    pairs = [(form.raw(f"{field}-opens"), form.raw(f"{field}-closes")) for field in _fields(form, name)]
    return tuple(pairs) or (("", ""),) * PAIRS


def _shown(hours: Sequence[Hours]) -> tuple[tuple[str, str], ...]:
    pairs = [(one.opens, "00:00" if one.closes == _MIDNIGHT else one.closes) for one in hours]
    return tuple(pairs + [("", "")] * max(PAIRS - len(pairs), 1 if len(pairs) >= PAIRS else 0))


def _fields(form: Form, name: str) -> list[str]:
    return [f"{name}-{at}" for at in range(len(form.fields)) if form.has(f"{name}-{at}-opens")]


def _hours(form: Form, name: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The pairs that are filled in, each with the name of its fields."""
    for field in _fields(form, name):
        opens, closes = form.text(f"{field}-opens"), form.text(f"{field}-closes")
        if opens or closes:
            yield field, {"opens": opens, "closes": _MIDNIGHT if closes == "00:00" else closes}
