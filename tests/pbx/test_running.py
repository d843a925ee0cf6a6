"""The site that foyer-pbx goes by: as saved, with the public holidays of the years around."""

from __future__ import annotations

import datetime
from pathlib import Path

from appliance.pbx.running import RunningSite
from appliance.store import Store, migrate, site
from appliance.store.schedules import is_open
from appliance.store.sitemodel import Site

DOCUMENT = {
    "country": "DE",
    "time_zone": "Europe/Berlin",
    "schedules": [
        {
            "id": "s1",
            "name": "Office",
            "weekly": [{"day": day, "opens": "08:00", "closes": "18:00"} for day in range(1, 8)],
            "closes_on_holidays": True,
        }
    ],
}


def test_public_holidays_are_known_in_every_year(tmp_path: Path) -> None:
    migrate(tmp_path / "foyer.db")
    store, days = Store.open(tmp_path / "foyer.db"), [datetime.date(2026, 11, 22)]
    running = RunningSite(store, lambda: days[-1])
    with store.change() as change:
        site.save(change, Site.from_dict(DOCUMENT), "u1", "", 0)
    for year in (2026, 2031):
        days.append(datetime.date(year, 11, 22))
        shown = running.get()
        assert running.get() is shown
        noons = [datetime.datetime(year, 12, day, 12, tzinfo=datetime.UTC) for day in (24, 25)]
        assert [is_open(shown.schedules[0], shown.time_zone, noon, "") for noon in noons] == [True, False]
    store.close()
