"""What is proposed for the ports of a telephone card that nobody has set up: a few answers from the sheet of
the telephone company, and all the rest from the card and the country. Pure; the page is settings_card.py.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from appliance.store.countries import Country
from appliance.store.site_ports import AnalogPort, number_for, usual_hangup
from appliance.store.site_spans import Span, free_number, usual
from appliance.store.sitemodel import Site
from appliance.webui import analog_words, site_forms, socket_words
from appliance.webui.analog_words import AnalogNow
from appliance.webui.forms import Form
from appliance.webui.i18n import N_
from appliance.webui.site_forms import Document
from appliance.webui.socket_words import Rows, SocketNow

# What is chosen where the sheet does not say.
USUAL = ""
NAME_MAX = 80


@dataclass(frozen=True)
class Free:
    """The ports of one card that can be set up, of which each is for one kind of line."""

    name: str
    sockets: tuple[SocketNow, ...]
    analog: tuple[AnalogNow, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Of all ports."""
        return (*(one.key for one in self.sockets), *(one.key for one in self.analog))

    @property
    def has_isdn(self) -> bool:
        """Whether there are ports for ISDN lines of two channels."""
        return any(one.kind == "BRI" for one in self.sockets)

    @property
    def has_trunks(self) -> bool:
        """Whether there are ports for E1, T1 or J1."""
        return any(one.kind != "BRI" for one in self.sockets)


@dataclass(frozen=True)
class NewIds:
    """Ids that nothing has ever had, for what the form makes."""

    line: str
    number: str
    spans: tuple[str, ...]
    ports: tuple[str, ...]


def free(rows: Rows, site: Site, card: str) -> Free:
    """Of the card with this key."""
    row = rows["card"].get(card, {})
    return Free(
        str(row.get("name", "")),
        tuple(
            one
            for one in socket_words.found(rows, site.spans)
            if card and one.card == card and one.span is None and one.can_be_set_up
        ),
        tuple(
            one
            for one in analog_words.found(rows, site.ports)
            if card and one.card == card and one.entry is None and one.can_be_set_up
        ),
    )


def write(document: Document, form: Form, offered: Free, country: Country, ids: NewIds) -> None:
    """The ports that were ticked, one line over them, and its number if one was typed."""
    ticked = form.all("ports")
    sockets = [one for one in offered.sockets if one.key in ticked]
    analog = [one for one in offered.analog if one.key in ticked]
    if not sockets and not analog:
        form.error("ports", N_("Choose one of these."))
        return
    is_one = len(sockets) + len(analog) == 1
    for socket, span_id in zip(sockets, ids.spans, strict=False):
        site_forms.put(document, "spans", asdict(_span(document, form, socket, country, span_id, is_one)))
    for port, port_id in zip(analog, ids.ports, strict=False):
        site_forms.put(document, "ports", asdict(_port(document, form, port, country, port_id, is_one)))
    line: Document = {
        "id": ids.line,
        "kind": "card",
        "name": form.text("name"),
        "spans": list(ids.spans[: len(sockets)]),
        "ports": list(ids.ports[: len(analog)]),
    }
    site_forms.put(document, "lines", line)
    site_forms.lead(document, form, ids.line, ids.number)


def _span(
    document: Document, form: Form, socket: SocketNow, country: Country, span_id: str, is_one: bool
) -> Span:
    """A port for a digital line. What the sheet mostly does not tell is as nearly every line has it."""
    kind, switch = usual(country.code, country.calling_code)
    if socket.kind == "BRI":
        kind, switch = "bri", Span.switch
    return Span(
        id=span_id,
        number=free_number(site_forms.numbers_of(document, "spans", "ports")),
        name=_name(form, socket.port, is_one),
        device=socket.key.rpartition(":")[0],
        port=socket.port,
        type=kind if kind == "bri" else form.text("type") or kind,
        switch=form.text("switch") or switch,
        side=form.text("side") or Span.side,
        # Of a system of the office's own, the box is the telephone company, which gives the beat.
        own_clock=form.text("side") == "network",
        multipoint=kind == "bri" and form.text("wires") != "point",
    )


def _port(
    document: Document, form: Form, port: AnalogNow, country: Country, port_id: str, is_one: bool
) -> AnalogPort:
    device, part, at = site_forms.place(port.key)
    others = [(one["device"], one["part"], one["number"]) for one in document["ports"]]
    caller_id = country.caller_id
    return AnalogPort(
        id=port_id,
        number=number_for(device, part, others, site_forms.numbers_of(document, "spans")),
        name=_name(form, at, is_one),
        device=device,
        part=part,
        port=at,
        caller_id=caller_id.signalling if caller_id else AnalogPort.caller_id,
        caller_id_start=caller_id.start if caller_id else AnalogPort.caller_id_start,
        hangup=usual_hangup(country.calling_code),
    )


def _name(form: Form, at: int, is_one: bool) -> str:
    """The line's own, with the number of the port if there are several."""
    name = form.text("name")
    if is_one or not name:
        return name
    end = f" {at}"
    return f"{name[: NAME_MAX - len(end)]}{end}"


def field_of(path: str) -> str:
    """The form's field for a refused path of the document."""
    first, _, last = path.rpartition(".")
    if first.startswith("numbers"):
        return "leads_to" if last in ("queue_id", "flow_id") else "number"
    return last if last in ("name", "type", "switch", "side") else "ports"


def fresh(first: str, count: int) -> tuple[str, ...]:
    """So many ids, of which that is the first."""
    prefix, at = first[:1], int(first[1:])
    return tuple(f"{prefix}{at + more}" for more in range(count))
