"""/settings/lines and /settings/numbers: what brings calls in, and where each number leads."""

from __future__ import annotations

from bottle import HTTPResponse

from appliance.store import live, secrets
from appliance.store.site_ports import AnalogPort
from appliance.store.sitemodel import CODECS, NUMBER_PRIORITIES, Line, Number
from appliance.webui import kept_secrets, lines, site_forms
from appliance.webui.asking import ask_telephony
from appliance.webui.calls_out_words import NUMBER_FORMATS
from appliance.webui.differences import PRIORITY_NAMES
from appliance.webui.editing import Extra, Kind, based_on, id_for, item_routes, known
from appliance.webui.forms import Form
from appliance.webui.i18n import N_
from appliance.webui.targets import targets
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the routes."""
    _lines(web)
    _numbers(web)


def _lines(web: Web) -> None:
    def show(line_id: str) -> str:
        site = web.site()
        line = _new_line(web) if line_id == "new" else known(site.line(line_id))
        with web.store.read() as db:
            has_password = secrets.get(db, f"line:{line.id}") is not None
            one = lines.now_of(line, site, live.snapshot(db))
        if line.kind == "card":
            return _over_cards(web, line, one)
        return web.render(
            "settings-line.html",
            line=line,
            one=one,
            codecs=CODECS,
            formats=[(name, web.gettext(NUMBER_FORMATS[name])) for name in NUMBER_FORMATS],
            has_password=has_password,
            hours=_hours(web),
            number=based_on(web),
        )

    def saving(line_id: str) -> Extra:
        words = web.gettext(N_("A new password for the phone line"))
        return kept_secrets.saving(web, "line_password", f"line:{line_id}", words)

    def removing(line_id: str) -> Extra:
        return kept_secrets.removing(f"line:{line_id}")

    def write(document: site_forms.Document, form: Form, line_id: str) -> None:
        if form.text("kind") == "card":
            site_forms.card_line(document, form, line_id, id_for(web, "n", "new"))
        else:
            site_forms.line(document, form, line_id)

    item_routes(web, Kind("lines", "l", show, write, saving, removing, _line_field))

    @web.get("/settings/lines/<line_id>/now", "administrator")
    def now(line_id: str) -> str:
        site = web.site()
        line = known(site.line(line_id))
        with web.store.read() as db:
            return web.render("line-now.html", one=lines.now_of(line, site, live.snapshot(db)))

    @web.post("/settings/lines/<line_id>/try", "administrator")
    def try_now(line_id: str) -> HTTPResponse:
        known(web.site().line(line_id))
        done = N_("The provider was asked. Its answer shows below, within half a minute.")
        notice = ask_telephony(
            web, "try_line", {"line": line_id}, done=done, action="line.try", subject=line_id
        )
        web.visit.notices.append(notice)
        return web.redirect(f"/settings/lines/{line_id}")


def _line_field(_line_id: str, path: str) -> str:
    """The form's one field for ports of all kinds."""
    first = path.partition(".")[0]
    return "spans" if first == "ports" else first


def _over_cards(web: Web, line: Line, one: lines.LineNow) -> str:
    """The form of a line over ports of telephone cards that no other line has."""
    site = web.site()
    taken = {one for other in site.lines if other.id != line.id for one in (*other.spans, *other.ports)}
    return web.render(
        "settings-line-card.html",
        line=line,
        one=one,
        ports=[
            *((span.id, span.name, span.type.upper()) for span in site.spans if span.id not in taken),
            *((port.id, port.name, _port_words(web, port)) for port in site.ports if port.id not in taken),
        ],
        has_analog=bool(site.ports),
        numbers=[entry for entry in site.numbers if entry.line_id == line.id],
        targets=targets(web),
        hours=_hours(web),
        number=based_on(web),
    )


def _hours(web: Web) -> list[tuple[str, str]]:
    """When a line may be used for calls out, by the schedule's id."""
    return [("", web.gettext(N_("at any time"))), *((one.id, one.name) for one in web.site().schedules)]


def _port_words(web: Web, port: AnalogPort) -> str:
    return web.gettext(N_("Analog, port %(port)s of %(card)s"), port=str(port.port), card=port.device)


def _new_line(web: Web) -> Line:
    """The line of an empty form: over telephone cards if that was asked for, else over the internet."""
    if web.query("kind") == "card" or web.form.text("kind") == "card":
        site = web.site()
        span, port = site.span(web.query("span")), site.port(web.query("port"))
        return Line("", "card", "", spans=(span.id,) if span else (), ports=(port.id,) if port else ())
    return Line("", "sip", "", register=True)


def _numbers(web: Web) -> None:
    def show(number_id: str) -> str:
        site = web.site()
        found = next((entry for entry in site.numbers if entry.id == number_id), None)
        shown = Number("", "", "") if number_id == "new" else known(found)
        return web.render(
            "settings-number.html",
            entry=shown,
            lines=[(line.id, line.name) for line in site.lines],
            targets=[*targets(web), *_faxes(web)],
            leads_to=f"{site_forms.FAX}{shown.queue_id}" if shown.is_fax else shown.queue_id or shown.flow_id,
            priorities=[(name, web.gettext(PRIORITY_NAMES[name])) for name in NUMBER_PRIORITIES],
            number=based_on(web),
        )

    item_routes(web, Kind("numbers", "n", show, site_forms.number, field_of=_leads_to))


def _faxes(web: Web) -> list[tuple[str, str]]:
    """The queues that faxes can be for."""
    words = N_("Faxes for queue “%(name)s”")
    return [(f"{site_forms.FAX}{one.id}", web.gettext(words, name=one.name)) for one in web.site().queues]


def _leads_to(_number_id: str, path: str) -> str:
    """The form's one field for the two of the document."""
    return "leads_to" if path in ("queue_id", "flow_id") else path
