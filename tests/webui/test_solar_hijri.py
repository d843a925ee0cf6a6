"""The Solar Hijri calendar against Iran's public new year, and at the ends of months and years."""

from __future__ import annotations

import datetime

import holidays
import pytest

from appliance.webui import solar_hijri


@pytest.mark.parametrize(
    ("day", "expected", "text"),
    [
        ("2024-03-19", (1402, 12, 29), "29 اسفند 1402"),
        ("2024-03-20", (1403, 1, 1), "1 فروردین 1403"),
        ("2025-03-20", (1403, 12, 30), "30 اسفند 1403"),
        ("2026-09-22", (1405, 6, 31), "31 شهریور 1405"),
        ("2026-09-23", (1405, 7, 1), "1 مهر 1405"),
        ("2026-12-31", (1405, 10, 10), "10 دی 1405"),
        ("2027-01-01", (1405, 10, 11), "11 دی 1405"),
    ],
)
def test_days(day: str, expected: tuple[int, int, int], text: str) -> None:
    found = datetime.date.fromisoformat(day)
    assert solar_hijri.split(found) == expected
    assert solar_hijri.written(found, "long") == text
    assert solar_hijri.written(found, "short") == "/".join(map(str, expected))


def test_the_year_begins_on_nowruz() -> None:
    """As another author's table has it, for half a century."""
    for year in range(2000, 2051):
        day = min(holidays.country_holidays("IR", years=year).get_named("نوروز", lookup="icontains"))
        assert solar_hijri.split(day) == (year - 621, 1, 1)
        assert solar_hijri.split(day - datetime.timedelta(days=1))[:2] == (year - 622, 12)
