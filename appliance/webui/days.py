"""Days on the site's clock as spans of moments: a day has 23, 24 or 25 hours. Pure."""

from __future__ import annotations

import datetime

# Python's calendar ends with the year 9999, and the last day of it has no end.
_YEARS = range(2000, 2200)
_ONE_DAY = datetime.timedelta(days=1)


def span(day: datetime.date, zone: datetime.tzinfo) -> tuple[int, int]:
    """The begin and the end (excluded) of a day, ms UTC."""
    return _midnight(day, zone), _midnight(day + _ONE_DAY, zone)


def of(moment_ms: int, zone: datetime.tzinfo) -> datetime.date:
    """The day in which a moment lies."""
    return datetime.datetime.fromtimestamp(moment_ms / 1000, zone).date()


def parse(text: str) -> datetime.date | None:
    """A day as a date field sends it (2026-11-21); None if it is none, or of another age."""
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def _midnight(day: datetime.date, zone: datetime.tzinfo) -> int:
    return round(datetime.datetime.combine(day, datetime.time(), zone).timestamp() * 1000)
