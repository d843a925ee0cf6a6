"""/settings/schedules: when the office is open, week by week, and the dates that are otherwise."""

from __future__ import annotations

import datetime

from appliance.store import holidays
from appliance.webui import flow_words, places, schedule_forms
from appliance.webui.editing import Kind, based_on, item_routes, known
from appliance.webui.i18n import N_
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the routes."""

    def show(schedule_id: str) -> str:
        site, language = web.site(), web.visit.language
        found = site.schedule(schedule_id)
        schedule = schedule_forms.NEW if schedule_id == "new" else known(found)
        region = web.form.text("holiday_region") if web.form.has("csrf") else schedule.holiday_region
        today = datetime.datetime.now(datetime.UTC).date()
        kept = holidays.find(site.country, region, holidays.years_around(today), language.code)
        own = web.gettext(N_("As the office: %(zone)s"), zone=places.zone_label(language, site.time_zone))
        return web.render(
            "settings-schedule.html",
            schedule=schedule,
            days=flow_words.day_names(language),
            week=schedule_forms.week_rows(schedule, web.form),
            dates=schedule_forms.date_rows(schedule, web.form),
            country=places.country_name(language, site.country),
            regions=[(one.code, one.name) for one in holidays.regions(site.country)],
            holidays=schedule_forms.holiday_rows(schedule, web.form, kept, today),
            day_words=lambda day: flow_words.date_words(str(day), language),
            zones=[("", own), *web.clocks.choices(language, site.country)],
            number=based_on(web),
        )

    def field_of(_schedule_id: str, path: str) -> str:
        return schedule_forms.field_of(web.form, path)

    item_routes(web, Kind("schedules", "s", show, schedule_forms.write, field_of=field_of))
