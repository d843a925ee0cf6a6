"""/live/hours: which opening hours are open now, as a part of the live page; one click closes for the day.
For supervisors.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from bottle import HTTPResponse

from appliance.store import holidays, live
from appliance.store.schedules import Schedule, closing_code, is_open
from appliance.webui.asking import ask_telephony
from appliance.webui.i18n import N_
from appliance.webui.web import Web


@dataclass(frozen=True)
class HoursNow:
    """Opening hours at this moment; `code` is what a phone dials to close them for the day."""

    schedule: Schedule
    is_open: bool
    is_closed_by_hand: bool
    code: str


def routes(web: Web) -> None:
    """Declares the routes."""

    @web.get("/live/hours", "supervisor")
    def hours() -> str:
        return web.render("live-hours.html", hours=now(web))

    @web.post("/live/hours", "supervisor")
    def close() -> HTTPResponse:
        schedule, is_closing = web.form.text("schedule"), web.form.text("closed") == "1"
        result = ask_telephony(
            web,
            "close_hours",
            {"schedule": schedule, "closed": "1" if is_closing else "0"},
            action="hours.close" if is_closing else "hours.open",
            subject=schedule,
            done=N_("Closed until the end of the day.") if is_closing else N_("Open as usual again."),
        )
        web.visit.notices.append(result)
        return web.redirect("/live")


def now(web: Web) -> list[HoursNow]:
    """All opening hours of the site."""
    moment = datetime.datetime.now(datetime.UTC)
    site = holidays.observed(web.site(), moment.date())
    with web.store.read() as db:
        closed = {name: str(row["closed"]) for name, row in live.snapshot(db).rows["hours"].items()}
    return [
        HoursNow(
            schedule,
            is_open(schedule, site.time_zone, moment, closed.get(schedule.id, "")),
            schedule.id in closed,
            closing_code(schedule),
        )
        for schedule in site.schedules
    ]
