"""Public holidays, from the library holidays (python3-holidays), and how opening hours keep them.

Nothing is saved but whether a schedule closes on holidays, and on which it does not: their dates are asked
for anew by whoever needs them (foyer-apply once a day, the pages), so that they never end. The library is
imported only then: it takes 12 MB.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.store.schedules import DateHours, Schedule
from appliance.store.sitemodel import Site

if TYPE_CHECKING:
    from holidays import HolidayBase

# Years before and after the present one. A clock in the east or west of the box's may be in another one.
YEARS_BEFORE, YEARS_AFTER = 1, 2
# The library's marks of a day that stands in for a holiday, or whose date is not certain yet.
_LABELS = ("observed_label", "observed_label_before", "estimated_label", "observed_estimated_label")
# Its name of a day off for which another day is worked; that day is part of it.
_SWAPPED = "substituted_label"


@dataclass(frozen=True)
class Holiday:
    """A day on which a country, or the part of it, does not work. `key` is its name without what is said of
    this year's date alone, in the country's own language: what is saved. `name` is for the reader.
    """

    date: datetime.date
    key: str
    name: str


@dataclass(frozen=True)
class Region:
    """A part of a country with holidays of its own: its code (ISO 3166-2, without the country's) and name."""

    code: str
    name: str


def regions(country: str) -> list[Region]:
    """The parts of the country that have holidays of their own, by name; none where that is not known."""
    found = _library(country, "", range(0), None)
    if found is None:
        return []
    # Some have several names, such as an abbreviation and the one in words.
    names = sorted(found.subdivisions_aliases.items(), key=lambda one: len(one[0]))
    words = {code: name for name, code in names}
    return sorted(
        (Region(code, words.get(code, code)) for code in found.subdivisions), key=lambda one: one.name
    )


def years_around(day: datetime.date) -> range:
    """Those for which holidays are worked out on this day."""
    return range(day.year - YEARS_BEFORE, day.year + YEARS_AFTER + 1)


@functools.lru_cache(64)
def find(country: str, region: str, years: range, language: str = "") -> tuple[Holiday, ...]:
    """The holidays of these years in order, named in `language` ("en") where the library can; none in a
    country that it does not know. Of a region that it does not know, those of the whole country.
    """
    own = _library(country, region, years, None)
    if own is None:
        return ()
    spoken = _library(country, region, years, _tag(own, language)) or own
    return tuple(holiday for date in sorted(own) for holiday in _of_date(date, own, spoken))


def closed_on(schedule: Schedule, country: str, years: range) -> dict[datetime.date, str]:
    """The dates on which the schedule is closed for a holiday, each with the holiday's name."""
    if not schedule.closes_on_holidays:
        return {}
    found = find(country, schedule.holiday_region, years)
    closed = [holiday for holiday in found if holiday.key not in schedule.open_holidays]
    return {holiday.date: holiday.name for holiday in closed}


def observed(site: Site, day: datetime.date) -> Site:
    """The site as it is around this day: the holidays are dates that differ from the week. A date that
    somebody typed goes before them.
    """
    kept = tuple(_observed(schedule, site.country, years_around(day)) for schedule in site.schedules)
    return dataclasses.replace(site, schedules=kept) if kept != site.schedules else site


def _observed(schedule: Schedule, country: str, years: range) -> Schedule:
    typed = {one.date for one in schedule.exceptions}
    days = closed_on(schedule, country, years)
    added = [DateHours(str(day), name) for day, name in days.items() if str(day) not in typed]
    return dataclasses.replace(schedule, exceptions=(*schedule.exceptions, *added)) if added else schedule


def _library(country: str, region: str, years: range, language: str | None) -> HolidayBase | None:
    """The library's own calendar; None for a country without one. No language is the country's own."""
    import holidays  # the library: here, for what it takes

    for subdivision in (region, ""):
        try:
            return holidays.country_holidays(country, subdivision or None, years, language=language)
        except NotImplementedError:
            continue
    return None


def _tag(own: HolidayBase, language: str) -> str | None:
    """The library's tag for the language, the country's own one first: British English before American."""
    tags = [own.default_language or "", *own.supported_languages]
    return next((tag for tag in tags if language and tag.partition("_")[0] == language), None)


def _of_date(date: datetime.date, own: HolidayBase, spoken: HolidayBase) -> Iterator[Holiday]:
    names, words = own.get_list(date), spoken.get_list(date)
    shown = words if len(words) == len(names) else names
    for name, word in zip(names, shown, strict=True):
        yield Holiday(date, _key(name, own), word)


def _key(name: str, calendar: HolidayBase) -> str:
    """The name without the library's marks, which differ from year to year."""
    labels = {label: calendar.tr(getattr(calendar, label, "")) for label in (*_LABELS, _SWAPPED)}
    for label, words in labels.items():
        before, mark, after = words.partition("%s")
        if mark and before + after and name.startswith(before) and name.endswith(after):
            return f"{before}…{after}" if label == _SWAPPED else name[len(before) : len(name) - len(after)]
    return name
