"""/settings/lines and /settings/numbers: what brings calls in, and where each number leads."""

from __future__ import annotations

import secrets as random
from functools import partial

from bottle import HTTPResponse

from appliance.store import Change, audit, live, secrets
from appliance.store import forms as sent_forms
from appliance.store.sitemodel import CODECS, NUMBER_PRIORITIES, Line, Number, Site
from appliance.webui import lines, site_forms
from appliance.webui.asking import ask_telephony
from appliance.webui.calls_out_words import NUMBER_FORMATS
from appliance.webui.differences import PRIORITY_NAMES
from appliance.webui.editing import Extra, Kind, based_on, item_routes, known
from appliance.webui.i18n import N_
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
            one = lines.now_of(line, live.snapshot(db))
        return web.render(
            "settings-line.html",
            line=line,
            one=one,
            codecs=CODECS,
            formats=[(name, web.gettext(NUMBER_FORMATS[name])) for name in NUMBER_FORMATS],
            has_password=has_password,
            number=based_on(web),
        )

    def saving(line_id: str) -> Extra:
        handle = _keep_password(web)
        if not handle:
            return Extra()
        return Extra(
            [web.gettext(N_("A new password for the phone line"))],
            partial(_use_password, web, handle, line_id),
        )

    def removing(line_id: str) -> Extra:
        return Extra(after=partial(_forget_password, line_id))

    item_routes(web, Kind("lines", "l", show, site_forms.line, saving, removing))

    @web.get("/settings/lines/<line_id>/now", "administrator")
    def now(line_id: str) -> str:
        line = known(web.site().line(line_id))
        with web.store.read() as db:
            return web.render("line-now.html", one=lines.now_of(line, live.snapshot(db)))

    @web.post("/settings/lines/<line_id>/try", "administrator")
    def try_now(line_id: str) -> HTTPResponse:
        known(web.site().line(line_id))
        done = N_("The provider was asked. Its answer shows below, within half a minute.")
        notice = ask_telephony(
            web, "try_line", {"line": line_id}, done=done, action="line.try", subject=line_id
        )
        web.visit.notices.append(notice)
        return web.redirect(f"/settings/lines/{line_id}")


def _numbers(web: Web) -> None:
    def show(number_id: str) -> str:
        site = web.site()
        found = next((entry for entry in site.numbers if entry.id == number_id), None)
        shown = Number("", "", "") if number_id == "new" else known(found)
        return web.render(
            "settings-number.html",
            entry=shown,
            lines=[(line.id, line.name) for line in site.lines],
            targets=_targets(web),
            priorities=[(name, web.gettext(PRIORITY_NAMES[name])) for name in NUMBER_PRIORITIES],
            number=based_on(web),
        )

    item_routes(web, Kind("numbers", "n", show, site_forms.number, field_of=_leads_to))


def _targets(web: Web) -> list[tuple[str, str]]:
    """What a number can lead to, by id."""
    site = web.site()
    queues = [(one.id, web.gettext(N_("Queue “%(name)s”"), name=one.name)) for one in site.queues]
    return queues + [(one.id, web.gettext(N_("Flow “%(name)s”"), name=one.name)) for one in site.flows]


def _leads_to(_number_id: str, path: str) -> str:
    """The form's one field for the two of the document."""
    return "leads_to" if path in ("queue_id", "flow_id") else path


def _use_password(web: Web, handle: str, line_id: str, change: Change, _site: Site) -> list[NewPerson]:
    password = str(sent_forms.draft(change.db, handle).get("password", ""))
    secrets.put(change, f"line:{line_id}", password)
    sent_forms.drop_draft(change, handle)
    audit.record(change, web.user().id, "line.password", line_id)
    return []


def _forget_password(line_id: str, change: Change, _site: Site) -> list[NewPerson]:
    secrets.drop(change, f"line:{line_id}")
    return []


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
