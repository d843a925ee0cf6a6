"""Days in the Solar Hijri calendar, by which Iran lives: Babel writes Gregorian days only. Pure.

Its year begins on the day of the spring equinox in Tehran, which convertdate (python3-holidays brings it)
works out in about 7 ms. So it is asked for that day only, once a year, and the rest is counted.
"""

from __future__ import annotations

import datetime
import functools

from convertdate import persian

_MONTHS = (
    "فروردین",
    "اردیبهشت",
    "خرداد",
    "تیر",
    "مرداد",
    "شهریور",
    "مهر",
    "آبان",
    "آذر",
    "دی",
    "بهمن",
    "اسفند",
)
_HALF = 6 * 31  # days: the first six months have 31 each, the others 30, the last one 29 or 30
_YEARS_BEHIND = 621  # of the year that begins in a Gregorian one


def split(day: datetime.date) -> tuple[int, int, int]:
    """Year, month (1 is Farvardin) and day of the month."""
    year = day.year - _YEARS_BEHIND
    if day < _new_year(year):
        year -= 1
    passed = (day - _new_year(year)).days
    if passed < _HALF:
        return year, passed // 31 + 1, passed % 31 + 1
    return year, (passed - _HALF) // 30 + 7, (passed - _HALF) % 30 + 1


def written(day: datetime.date, width: str) -> str:
    """A day as it is written, in ASCII digits: "1405/9/1" if `width` is short, else "1 آذر 1405"."""
    year, month, of_month = split(day)
    return f"{year}/{month}/{of_month}" if width == "short" else f"{of_month} {_MONTHS[month - 1]} {year}"


@functools.lru_cache(maxsize=64)
def _new_year(year: int) -> datetime.date:
    """The first day of a year."""
    return datetime.date(*persian.to_gregorian(year, 1, 1))
