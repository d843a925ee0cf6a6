"""/settings/lines and /settings/numbers: what brings calls in, and which number leads to which queue."""

from __future__ import annotations

import secrets as random
from functools import partial
from typing import Any

from appliance.store import Change, audit, secrets
from appliance.store import forms as sent_forms
from appliance.store.sitemodel import CODECS, Line, Number, Site
from appliance.webui import site_forms
from appliance.webui.editing import Edit, field_in, id_for, removal, run
from appliance.webui.i18n import N_
from appliance.webui.pages.settings import based_on, known
from appliance.webui.web import Web
from appliance.webui.wizard import NewPerson

_HANDLE = "line-password:"
_KEPT_MS = 24 * 3600 * 1000


def routes(web: Web) -> None:
    """Declares the routes."""
    _lines(web)
    _numbers(web)


def _lines(web: Web) -> None:
    def show(line_id: str) -> str:
        line = Line("", "sip", "", "", register=True) if line_id == "new" else known(web.site().line(line_id))
        with web.store.read() as db:
            has_password = secrets.get(db, f"line:{line.id}") is not None
        return web.render(
            "settings-line.html", line=line, codecs=CODECS, has_password=has_password, number=based_on(web)
        )

    @web.get("/settings/lines/<line_id>", "administrator")
    def line_form(line_id: str) -> str:
        return show(line_id)

    @web.post("/settings/lines/<line_id>", "administrator")
    def save_line(line_id: str) -> Any:
        real_id = id_for(web, "l", line_id)
        handle = _keep_password(web)
        form = web.form

        def after(change: Change, site: Site) -> list[NewPerson]:
            if handle:
                secrets.put(
                    change, f"line:{real_id}", str(sent_forms.draft(change.db, handle).get("password", ""))
                )
                sent_forms.drop_draft(change, handle)
                audit.record(change, web.user().id, "line.password", real_id)
            return []

        return run(
            web,
            Edit(
                back="/settings" if line_id == "new" else f"/settings/lines/{line_id}",
                change=lambda document: site_forms.line(document, form, real_id),
                show=partial(show, line_id),
                field_of=partial(field_in, web, "lines", real_id),
                also=[web.gettext(N_("A new password for the phone line"))] if handle else [],
                after=after,
            ),
        )

    @web.post("/settings/lines/<line_id>/remove", "administrator")
    def remove_line(line_id: str) -> Any:
        known(web.site().line(line_id))

        def after(change: Change, site: Site) -> list[NewPerson]:
            secrets.drop(change, f"line:{line_id}")
            return []

        return removal(web, "lines", line_id, after=after)


def _numbers(web: Web) -> None:
    def show(number_id: str) -> str:
        site = web.site()
        found = next((entry for entry in site.numbers if entry.id == number_id), None)
        shown = Number("", "", "", "") if number_id == "new" else known(found)
        return web.render(
            "settings-number.html",
            entry=shown,
            lines=[(line.id, line.name) for line in site.lines],
            queues=[(queue.id, queue.name) for queue in site.queues],
            number=based_on(web),
        )

    @web.get("/settings/numbers/<number_id>", "administrator")
    def number_form(number_id: str) -> str:
        return show(number_id)

    @web.post("/settings/numbers/<number_id>", "administrator")
    def save_number(number_id: str) -> Any:
        real_id, form = id_for(web, "n", number_id), web.form
        return run(
            web,
            Edit(
                back="/settings" if number_id == "new" else f"/settings/numbers/{number_id}",
                change=lambda document: site_forms.number(document, form, real_id),
                show=partial(show, number_id),
                field_of=partial(field_in, web, "numbers", real_id),
            ),
        )

    @web.post("/settings/numbers/<number_id>/remove", "administrator")
    def remove_number(number_id: str) -> Any:
        return removal(web, "numbers", number_id)


def _keep_password(web: Web) -> str:
    """A typed line password is put away in the store until the form is saved, so that it never comes back to
    a page.

    Returns the name under which it lies, "" if none was typed.
    """
    typed = web.form.raw("line_password")
    handle = web.form.text("kept_secret")
    if typed:
        handle = _HANDLE + random.token_urlsafe(12)
        with web.store.change() as change:
            sent_forms.drop_old_drafts(change, _HANDLE, change.now - _KEPT_MS)
            sent_forms.put_draft(change, handle, {"password": typed})
        web.form.put("kept_secret", handle)
    if not handle.startswith(_HANDLE):
        return ""
    with web.store.read() as db:
        return handle if sent_forms.draft(db, handle) else ""
