"""Opening hours on the live page: as they are, and one click to close for the day."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

from appliance.store import Store, live
from appliance.store import site as sites
from appliance.store.sitemodel import Site
from tests.webui.conftest import SITE, SignIn
from tests.webui.telephony import telephony

WEEK = [{"day": day, "opens": "00:00", "closes": "24:00"} for day in range(1, 8)]


def with_hours(store: Store) -> None:
    """The box has opening hours that never close."""
    schedule = {"id": "s1", "name": "Office <b>", "weekly": WEEK}
    with store.change() as change:
        found = Site.from_dict({**SITE, "schedules": [schedule]})
        sites.save(change, found, "u1", "", sites.head_number(change.db))


def test_without_opening_hours_there_is_nothing(sign_in: SignIn) -> None:
    assert sign_in("lead").get("/live/hours").text.strip() == ""


def test_open_closed_by_hand_and_open_again(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("lead")
    with_hours(store)
    page = browser.get("/live/hours")
    assert "Office <b>" in page.words and "Open" in page.words and "From a phone: *921" in page.words
    today = datetime.datetime.now(ZoneInfo(Site.from_dict(SITE).time_zone)).date()
    with store.change() as change:
        live.put(change, "hours", "s1", {"closed": str(today)})
    page = browser.get("/live")
    assert "Closed today" in page.words and "Open as usual" in page.words


def test_the_button_asks_the_telephone_service(sign_in: SignIn, store: Store) -> None:
    browser = sign_in("lead")
    with_hours(store)
    with telephony(store, True, {}) as asked:
        page = browser.submit(browser.get("/live"), "/live/hours")
    assert page.path == "/live" and "Closed until the end of the day." in page.words
    assert (asked[0].kind, dict(asked[0].args)) == ("close_hours", {"schedule": "s1", "closed": "1"})
