"""Public holidays: the dates of each country, what is saved of them, and how opening hours keep them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from appliance.pbx.conf import flow_contexts
from appliance.store import holidays
from appliance.store.schedules import open_minutes
from appliance.store.sitemodel import Site
from tests.store.test_flows import DOCUMENT, OFFICE

TODAY = datetime.date(2026, 11, 22)
COUNTRIES = ("VN", "RO", "IR", "TH", "GB", "US", "DE", "FR")
TET = "Tết Nguyên Đán"


def site(country: str = "VN", **changes: Any) -> Site:
    """The usual site, closed on holidays."""
    hours = {**OFFICE, "closes_on_holidays": True, **changes}
    return Site.from_dict({**DOCUMENT, "country": country, "schedules": [hours]})


def exceptions(kept: Site) -> dict[str, str]:
    """The names of the dates that differ."""
    return {one.date: one.name for one in kept.schedules[0].exceptions}


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_country_has_holidays_for_many_years(country: str) -> None:
    for year in range(2025, 2056):
        assert len(holidays.find(country, "", range(year, year + 1))) >= 6, year


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_holiday_has_one_key_whatever_the_year(country: str) -> None:
    keys = [{one.key for one in holidays.find(country, "", range(year, year + 4))} for year in (2024, 2032)]
    assert len(keys[0] & keys[1]) >= 0.7 * len(keys[0])
    assert not [key for key in keys[0] | keys[1] if "observed" in key or "nghỉ bù" in key or "ชดเชย" in key]


def test_a_day_that_stands_in_for_a_holiday_has_its_key() -> None:
    found = holidays.find("VN", "", range(2026, 2027), "en")
    kings = [one for one in found if one.key == "Ngày Giỗ Tổ Hùng Vương"]
    assert [str(one.date) for one in kings] == ["2026-04-26", "2026-04-27"]
    assert kings[0].name == "Hung Kings' Commemoration Day" and "observed" in kings[1].name


def test_a_region_has_its_own() -> None:
    regions = {one.code: one.name for one in holidays.regions("DE")}
    assert regions["BY"] == "Bayern" and holidays.regions("VN") == []
    everywhere, bavaria = (
        {str(one.date) for one in holidays.find("DE", region, range(2026, 2027))} for region in ("", "BY")
    )
    assert "2026-01-06" in bavaria - everywhere
    # One that was removed, or of the country that the site had before.
    assert {str(one.date) for one in holidays.find("DE", "ENG", range(2026, 2027))} == everywhere


def test_a_country_that_the_library_does_not_know() -> None:
    assert holidays.find("XX", "", range(2026, 2027)) == () and holidays.regions("XX") == []
    assert holidays.observed(site("XX"), TODAY) == site("XX")


def test_opening_hours_keep_holidays() -> None:
    kept = holidays.observed(site(), TODAY)
    assert exceptions(kept)["2027-02-06"] == TET
    assert open_minutes(kept.schedules[0], datetime.date(2027, 2, 8)) == []
    assert open_minutes(site().schedules[0], datetime.date(2027, 2, 8)) == [(480, 1020)]
    assert holidays.observed(site(closes_on_holidays=False), TODAY) == site(closes_on_holidays=False)


def test_a_holiday_on_which_it_is_open_and_a_date_that_somebody_typed() -> None:
    typed = {"date": "2027-01-01", "name": "Half a day", "hours": [{"opens": "08:00", "closes": "12:00"}]}
    kept = holidays.observed(site(open_holidays=["Quốc khánh"], exceptions=[typed]), TODAY)
    assert exceptions(kept)["2027-01-01"] == "Half a day" and "2027-09-02" not in exceptions(kept)
    assert open_minutes(kept.schedules[0], datetime.date(2027, 1, 1)) == [(480, 720)]


def test_the_dialplan_has_the_dates_of_the_next_years_whenever_it_is_rendered() -> None:
    for year in (2026, 2031, 2040):
        kept = holidays.observed(site(), datetime.date(year, 12, 31))
        names = {one.number for one in flow_contexts.hours(kept.schedules[0]).extensions}
        assert {f"{later}0101" for later in (year - 1, year, year + 1, year + 2)} <= names
        assert f"{year + 3}0101" not in names
