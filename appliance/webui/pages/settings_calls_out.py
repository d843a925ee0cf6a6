"""/settings/calls-out: whom everybody may call, over which lines, and a trial: may this person call this
number?
"""

from __future__ import annotations

from typing import Any

from appliance.errors import RejectedError
from appliance.store import calling, countries, live, phone
from appliance.store.number_plan import DIGITS_MAX
from appliance.store.site_outbound import LINES_MAX
from appliance.webui import calls_out_forms, places
from appliance.webui.asking import ask_telephony
from appliance.webui.board import is_guard_on
from appliance.webui.calls_out_words import KINDS, LIMITS, OTHERS
from appliance.webui.editing import Edit, based_on, run
from appliance.webui.i18n import N_
from appliance.webui.web import Web

PATH = "/settings/calls-out"


def routes(web: Web) -> None:
    """Declares the routes."""

    @web.get(PATH, "administrator")
    def calls_out() -> str:
        return _show(web)

    @web.post(f"{PATH}/release", "administrator")
    def release() -> Any:
        done = N_("Expensive calls can be made again.")
        web.visit.notices.append(
            ask_telephony(web, "release_expensive", {}, done=done, action="outbound.release")
        )
        return web.redirect(PATH)

    @web.post(PATH, "administrator")
    def save() -> Any:
        form = web.form
        return run(
            web,
            Edit(
                back=PATH,
                change=lambda document: calls_out_forms.rules(document, form),
                show=lambda: _show(web),
                field_of=lambda path: path.removeprefix("outbound.").split(".")[0],
            ),
        )


def _show(web: Web) -> str:
    site, form = web.site(), web.form
    rules = site.outbound
    order = list(rules.lines_of([line.id for line in site.lines]))
    places_of_lines = order + [""] * (min(len(site.lines), LINES_MAX) - len(order))
    listed = [code for code in form.all("countries") if code] if form.has("csrf") else list(rules.countries)
    known = [one for one in places.countries(web.visit.language, ()) if phone.is_country(one[0])]
    with web.store.read() as db:
        guard_is_on = is_guard_on(live.snapshot(db))
    return web.render(
        "settings-calls-out.html",
        kinds=KINDS,
        rules=rules,
        listed=[(code, places.country_name(web.visit.language, code)) for code in listed],
        unlisted=[one for one in known if one[0] not in listed and one[0] != site.country],
        spare=calls_out_forms.SPARE_COUNTRIES,
        order=places_of_lines,
        line_names=[(line.id, line.name) for line in site.lines],
        own_rules=[site.agent(one.agent_id) for one in rules.permits],
        limits=[
            (name, web.gettext(words), getattr(rules.limits, name), web.gettext(unit))
            for name, (words, unit) in LIMITS.items()
        ],
        is_guard_on=guard_is_on,
        tried=_tried(web),
        number=based_on(web),
    )


def _tried(web: Web) -> dict[str, str] | None:
    """The answer to the trial, if one was asked for: who, which number, whether, and why."""
    typed, agent_id = web.query("number")[:40], web.query("agent")
    if not typed:
        return None
    site = web.site()
    plain = phone.ascii_digits(typed)
    dialled = "".join(char for char in plain if char in "0123456789*#+")
    country = countries.find_or_generic(site.country, countries.load())
    kind = calling.kind_of(site, country, dialled)
    answer = {"number": typed, "agent": agent_id, "state": "good", "kind": ""}
    try:
        if len(dialled) > 2 * DIGITS_MAX or not dialled:
            raise RejectedError(N_("This is not a number that can be called."))
        calling.refuse_forbidden(site, country, agent_id, dialled)
    except RejectedError as error:
        return {**answer, "state": "bad", "words": web.say(error)}
    words = OTHERS.get(kind) or KINDS[kind][0]
    return {**answer, "words": web.gettext(words)}
