"""/settings/spans: how the digital line behind a port of a telephone card works."""

from __future__ import annotations

from appliance.store import countries, live
from appliance.store.site_spans import Span, usual
from appliance.webui import site_forms, socket_words, span_words
from appliance.webui.editing import Kind, based_on, item_routes, known
from appliance.webui.i18n import N_
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the routes."""

    def show(span_id: str) -> str:
        site = web.site()
        span = _new(web) if span_id == "new" else known(site.span(span_id))
        with web.store.read() as db:
            rows = live.snapshot(db).rows
        say = web.gettext
        return web.render(
            "settings-span.html",
            span=span,
            one=socket_words.now_of(span, rows) if span.id else None,
            line=next((line for line in site.lines if span.id in line.spans), None),
            socket=socket_words.key_of(span) if span.device else "",
            sockets=_sockets(web, span, rows),
            types=span_words.TYPES,
            sides=span_words.SIDES,
            clocks=span_words.CLOCKS,
            labels={name: say(label) for name, label in span_words.LABELS.items()},
            switches=[(name, say(words)) for name, words in span_words.SWITCHES.items()],
            framings=[(name, say(words)) for name, words in span_words.FRAMINGS.items()],
            codings=[(name, say(words)) for name, words in span_words.CODINGS.items()],
            number=based_on(web),
        )

    item_routes(web, Kind("spans", "d", show, site_forms.span, field_of=_field_of))

    @web.get("/settings/spans/<span_id>/now", "administrator")
    def now(span_id: str) -> str:
        span = known(web.site().span(span_id))
        with web.store.read() as db:
            return web.render("span-now.html", one=socket_words.now_of(span, live.snapshot(db).rows))


def _new(web: Web) -> Span:
    """What is usual in the office's country, for the port that was pressed on the page of the cards."""
    site = web.site()
    country = countries.find_or_generic(site.country, countries.load())
    kind, switch = usual(country.code, country.calling_code)
    device, _, port = (web.query("socket") or web.form.text("socket")).rpartition(":")
    shown = int(port) if port.isascii() and port.isdigit() and len(port) < 4 else 1
    with web.store.read() as db:
        row = live.snapshot(db).rows["socket"].get(f"{device}:{shown}", {})
    if str(row.get("type", "")).startswith("BRI"):
        return Span("", 0, "", device, shown, type="bri", multipoint=True)
    return Span("", 0, "", device, shown, type=kind, switch=switch)


def _sockets(web: Web, span: Span, rows: socket_words.Rows) -> list[tuple[str, str]]:
    """The ports to choose from: this one, and those that nobody has set up."""
    found = list(socket_words.found(rows, web.site().spans))
    keys = {
        one.key: str(rows["socket"][one.key]["device"])
        for one in found
        if one.can_be_set_up and (one.span is None or one.span.id == span.id)
    }
    if span.id:
        keys.setdefault(socket_words.key_of(span), span.device)
    names = {key: str(row.get("name", "")) for key, row in rows["card"].items()}
    return [
        (
            key,
            web.gettext(
                N_("Port %(port)s of %(card)s"),
                port=key.rpartition(":")[2],
                card=" ".join(filter(None, (names.get(_card(rows, key), ""), device))),
            ),
        )
        for key, device in keys.items()
    ]


def _card(rows: socket_words.Rows, key: str) -> str:
    return str(rows["socket"].get(key, {}).get("card", ""))


def _field_of(_span_id: str, path: str) -> str:
    """The form's one field for the card and its port; too many spans have no free number."""
    return "socket" if path in ("device", "port", "number") else "clock" if path == "own_clock" else path
