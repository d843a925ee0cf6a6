"""/settings/ports: how the analog line behind a port of a telephone card works."""

from __future__ import annotations

from appliance.store import countries, live
from appliance.store.countries import Country
from appliance.store.site_ports import AnalogPort, usual_hangup
from appliance.webui import analog_words, site_forms
from appliance.webui.editing import Kind, based_on, item_routes, known
from appliance.webui.i18n import N_
from appliance.webui.socket_words import Rows
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the routes."""

    def show(port_id: str) -> str:
        site = web.site()
        port = _new(web) if port_id == "new" else known(site.port(port_id))
        with web.store.read() as db:
            rows = live.snapshot(db).rows
        say = web.gettext
        return web.render(
            "settings-port.html",
            port=port,
            one=analog_words.now_of(port, rows) if port.id else None,
            line=next((line for line in site.lines if port.id in line.ports), None),
            socket=analog_words.key_of(port) if port.device else "",
            sockets=_sockets(web, port, rows),
            hangups=analog_words.HANGUPS,
            labels={name: say(label) for name, label in analog_words.LABELS.items()},
            caller_ids=[(name, say(words)) for name, words in analog_words.CALLER_IDS.items()],
            starts=[(name, say(words)) for name, words in analog_words.STARTS.items()],
            is_usual=_country(web).caller_id is not None,
            line_mode=_country(web).line_mode,
            number=based_on(web),
        )

    item_routes(web, Kind("ports", "x", show, site_forms.port, field_of=_field_of))

    @web.get("/settings/ports/<port_id>/now", "administrator")
    def now(port_id: str) -> str:
        port = known(web.site().port(port_id))
        with web.store.read() as db:
            return web.render("span-now.html", one=analog_words.now_of(port, live.snapshot(db).rows))


def _new(web: Web) -> AnalogPort:
    """What is usual in the office's country, for the port that was pressed on the page of the cards."""
    country = _country(web)
    device, part, port = site_forms.place(web.query("socket") or web.form.text("socket"))
    usual = country.caller_id
    return AnalogPort(
        "",
        0,
        "",
        device,
        part,
        port,
        caller_id=usual.signalling if usual else AnalogPort.caller_id,
        caller_id_start=usual.start if usual else AnalogPort.caller_id_start,
        hangup=usual_hangup(country.calling_code),
    )


def _country(web: Web) -> Country:
    return countries.find_or_generic(web.site().country, countries.load())


def _sockets(web: Web, port: AnalogPort, rows: Rows) -> list[tuple[str, str]]:
    """The ports to choose from: this one, and those that nobody has set up."""
    found = [
        (one.key, one.port, one.card)
        for one in analog_words.found(rows, web.site().ports)
        if one.can_be_set_up and (one.entry is None or one.entry.id == port.id)
    ]
    own = analog_words.key_of(port)
    if port.id and own not in [key for key, _, _ in found]:
        found.insert(0, (own, port.port, ""))
    names = {key: str(row.get("name", "")) for key, row in rows["card"].items()}
    return [
        (
            key,
            web.gettext(
                N_("Port %(port)s of %(card)s"),
                port=str(at) if site_forms.place(key)[1] < 2 else f"{site_forms.place(key)[1]}/{at}",
                card=" ".join(filter(None, (names.get(card, ""), site_forms.place(key)[0]))),
            ),
        )
        for key, at, card in found
    ]


def _field_of(_port_id: str, path: str) -> str:
    """The form's one field for the card and its port; too many cards have no free number."""
    return "socket" if path in ("device", "part", "port", "number") else path
