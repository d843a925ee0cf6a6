"""/settings: everything an administrator decides about this box, a form for each thing; this file has the
overview, the business, the results of calls, the reasons for breaks, and what became of a saved change.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from appliance.store import countries, live
from appliance.store import site as sites
from appliance.webui import flow_words, lines, places, site_forms
from appliance.webui.applied import report
from appliance.webui.board import is_disk_full, is_guard_on
from appliance.webui.editing import Document, Edit, based_on, run
from appliance.webui.i18n import N_
from appliance.webui.incoming import whole_number
from appliance.webui.lines import LineNow
from appliance.webui.web import Web

CODES = {
    "results": ("dispositions", N_("Results of calls"), N_("What agents choose from when a call is over.")),
    "breaks": ("breaks", N_("Reasons for breaks"), N_("What agents choose from when they take a break.")),
}


def routes(web: Web) -> None:
    """Declares the routes."""
    _overview(web)
    _business(web)
    _codes(web)

    @web.get("/settings/saved/<number:int>", "administrator")
    def saved(number: int) -> str:
        return web.render("settings-saved.html", report=report(web, number), passwords=[])

    @web.get("/settings/state", "administrator")
    def state() -> str:
        wanted = whole_number(web.query("number"))
        return web.render("apply-state.html", report=report(web, wanted or 0))


def _overview(web: Web) -> None:
    @web.get("/settings", "administrator")
    def settings() -> str:
        with web.store.read() as db:
            number = sites.head_number(db)
            snapshot = live.snapshot(db)
        site = web.site()
        return web.render(
            "settings.html",
            report=report(web, number),
            lines=_lines_now(web),
            is_disk_full=is_disk_full(snapshot),
            is_guard_on=is_guard_on(snapshot),
            zone=places.zone_label(web.visit.language, site.time_zone),
            codes=CODES,
            week_of=lambda schedule: flow_words.week(schedule, web.visit.language),
        )

    @web.get("/settings/lines", "administrator")
    def line_list() -> str:
        return web.render("settings-lines.html", lines=_lines_now(web))


def _lines_now(web: Web) -> tuple[LineNow, ...]:
    with web.store.read() as db:
        return lines.now(web.site(), live.snapshot(db))


def _business(web: Web) -> None:
    def show() -> str:
        site, language = web.site(), web.visit.language
        return web.render(
            "settings-business.html",
            countries=places.countries(language, countries.load()),
            zones=web.clocks.choices(language, site.country),
            language_options=[(other.code, other.name) for other in web.languages.all],
            number=based_on(web),
        )

    @web.get("/settings/business", "administrator")
    def business() -> str:
        return show()

    @web.post("/settings/business", "administrator")
    def save_business() -> Any:
        form = web.form
        return run(
            web,
            Edit(
                back="/settings/business",
                change=lambda document: site_forms.business(document, form),
                show=show,
                # An extension that is an emergency number there is a reason against the country.
                field_of=lambda path: "country" if path.endswith(".extension") else path,
            ),
        )


def _codes(web: Web) -> None:
    def show(name: str) -> str:
        group, title, lead = CODES[name]
        entries = getattr(web.site(), group)
        return web.render(
            "settings-codes.html",
            name=name,
            title=web.gettext(title),
            lead=web.gettext(lead),
            entries=entries,
            spare=site_forms.SPARE_ROWS,
            number=based_on(web),
        )

    @web.get("/settings/<name:re:results|breaks>", "administrator")
    def codes(name: str) -> str:
        return show(name)

    @web.post("/settings/<name:re:results|breaks>", "administrator")
    def save_codes(name: str) -> Any:
        group, form = CODES[name][0], web.form

        def change(document: Document) -> None:
            site_forms.named_codes(document, form, group)

        return run(
            web, Edit(f"/settings/{name}", change, partial(show, name), partial(_code_field, web, group))
        )


def _code_field(web: Web, group: str, path: str) -> str:
    """The row of a refused name: "breaks.1.name" is the second row that is not left empty."""
    parts = path.split(".")
    rows = [
        f"name-{entry.code}"
        for entry in getattr(web.site(), group)
        if web.form.text(f"name-{entry.code}", entry.name)
    ]
    at = int(parts[1]) if len(parts) > 1 and parts[0] == group and parts[1].isdecimal() else -1
    return rows[at] if 0 <= at < len(rows) else "new"
