"""How each settings form writes into the site document. Pure: forms in, document changed in place.

The document is the plain one of `Site.to_dict`; `Site.from_dict` checks it afterwards and names what does not
fit.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import Any

from appliance.store import site_inside, site_queues
from appliance.store.countries import Country
from appliance.store.site_outbound import LINE_CALLS_MAX
from appliance.store.site_ports import number_for
from appliance.store.site_queues import EXITS, RANGES, Queue
from appliance.store.site_spans import CALLS_MAX, free_number
from appliance.store.sitemodel import CODECS, Line, Number, Site
from appliance.webui import calls_out_forms
from appliance.webui.forms import Form

Document = dict[str, Any]

SPARE_ROWS = 3
# Before the id of the queue that the faxes of a number are for.
FAX = "fax-"


def business(document: Document, form: Form) -> None:
    """Name, country, language, clock."""
    for name in ("business_name", "country", "language", "time_zone"):
        document[name] = form.text(name)


def queue(document: Document, form: Form, queue_id: str) -> None:
    """One queue, new or known."""
    texts = (
        *("name", "greeting_text", "greeting_id", "strategy", "music", "priority", "message_text"),
        *("message_id", "schedule_id", *EXITS),
    )
    fields: Document = {name: form.text(name, getattr(Queue, name, "")) for name in texts}
    fields |= {name: form.has(name) for name in site_queues.FLAGS}
    fields |= {name: form.number(name, *RANGES[name], getattr(Queue, name)) for name in RANGES}
    old = item(document, "queues", queue_id)
    known = [agent["id"] for agent in document["agents"]]
    ticked = [agent_id for agent_id in form.all("agents") if agent_id in known]
    # Those who were in it keep their order; who is new comes after them.
    before = [agent_id for agent_id in (old or {}).get("agents", []) if agent_id in ticked]
    members = before + [agent_id for agent_id in ticked if agent_id not in before]
    levels = {
        name: [agent_id for agent_id in members if form.text(f"level-{agent_id}") == name]
        for name in ("helpers", "reserves")
    }
    put(document, "queues", {"id": queue_id, **fields, **levels, "agents": members})


def agent(document: Document, form: Form, agent_id: str) -> None:
    """One agent, and the queues that he answers."""
    fields = {name: form.text(name) for name in ("name", "extension")}
    put(document, "agents", {"id": agent_id, **fields, "takes_messages": form.has("takes_messages")})
    ticked = form.all("queues")
    for entry in document["queues"]:
        if entry["id"] in ticked and agent_id not in entry["agents"]:
            entry["agents"] = [*entry["agents"], agent_id]
        elif entry["id"] not in ticked:
            entry["agents"] = [other for other in entry["agents"] if other != agent_id]
    calls_out_forms.permit(document, form, agent_id)


def room(document: Document, form: Form, room_id: str) -> None:
    """One conference room; its PIN is not part of the document."""
    fields = {name: form.text(name) for name in ("name", "extension")}
    put(document, "rooms", {"id": room_id, **fields, "locked": form.has("locked")})


def paging(document: Document, form: Form, group_id: str) -> None:
    """One group of people whose phones are spoken to."""
    fields = {name: form.text(name) for name in ("name", "extension")}
    ticked = [agent["id"] for agent in document["agents"] if agent["id"] in form.all("agents")]
    put(document, "pagings", {"id": group_id, **fields, "agents": ticked})


def line(document: Document, form: Form, line_id: str) -> None:
    """One phone line; its password is not part of the document."""
    fields = {
        "id": line_id,
        "kind": "sip",
        "name": form.text("name"),
        "host": form.text("host"),
        "port": form.number("port", 1, 65535, Line.port) if form.text("port") else Line.port,
        "username": form.text("username"),
        "register": form.text("register") == "1",
        "codecs": [codec for codec in CODECS if codec in form.all("codecs")],
        "caller_number": form.text("caller_number"),
        "number_format": form.text("number_format", Line.number_format),
        **_use(form),
    }
    put(document, "lines", fields)


def card_line(document: Document, form: Form, line_id: str, number_id: str) -> None:
    """One phone line over ports of telephone cards, and a number that comes in over it, if one was typed."""
    ticked = form.all("spans")
    fields = {
        "id": line_id,
        "kind": "card",
        "name": form.text("name"),
        "spans": [entry["id"] for entry in document["spans"] if entry["id"] in ticked],
        "ports": [entry["id"] for entry in document["ports"] if entry["id"] in ticked],
        "caller_number": form.text("caller_number"),
        **_use(form),
    }
    put(document, "lines", fields)
    lead(document, form, line_id, number_id)


def lead(document: Document, form: Form, line_id: str, number_id: str) -> None:
    """The number of a line that is made with it, if one was typed, and where it leads."""
    if form.text("number"):
        _lead(document, number_id, form, {"number": form.text("number"), "line_id": line_id})


def _use(form: Form) -> Document:
    """When a line is used for calls out."""
    return {
        "calls": form.number("calls", 0, LINE_CALLS_MAX) if form.text("calls") else Line.calls,
        "schedule_id": form.text("schedule_id"),
    }


def span(document: Document, form: Form, span_id: str) -> None:
    """One port of a telephone card; a new one gets a number of its own."""
    old = item(document, "spans", span_id)
    device, _, at = form.text("socket").rpartition(":")
    texts = ("name", "type", "side", "switch", "framing", "coding", "closed", "panel")
    fields: Document = {name: form.text(name) for name in texts}
    fields |= {name: form.has(name) for name in ("crc4", "overlap", "multipoint")}
    fields |= {
        "id": span_id,
        "number": old["number"] if old else free_number(numbers_of(document, "spans", "ports")),
        "device": device,
        "port": _whole(at),
        "own_clock": form.text("clock") == "box",
        "calls": form.number("calls", 0, CALLS_MAX) if form.text("calls") else 0,
    }
    put(document, "spans", fields)


def port(document: Document, form: Form, port_id: str) -> None:
    """One analog port of a telephone card; those of one card share its number."""
    old = item(document, "ports", port_id)
    device, part, at = place(form.text("socket"))
    texts = ("name", "caller_id", "caller_id_start", "hangup", "panel")
    others = [entry for entry in document["ports"] if entry["id"] != port_id]
    same = [(entry["device"], entry["part"], entry["number"]) for entry in others]
    fields: Document = {name: form.text(name) for name in texts}
    fields |= {
        "id": port_id,
        "number": number_for(device, part, same, numbers_of(document, "spans"), old["number"] if old else 0),
        "device": device,
        "part": part,
        "port": at,
        **{name: form.has(name) for name in ("answer_on_polarity", "closed")},
    }
    put(document, "ports", fields)


def place(key: str) -> tuple[str, int, int]:
    """Card, part of it and port of an analog port's key (analog_words.py); zeros for anything else."""
    device, part, at = key.rsplit(":", 2) if key.count(":") > 1 else (key, "", "")
    return device, _whole(part), _whole(at)


def numbers_of(document: Document, *groups: str) -> set[int]:
    """The numbers of spans that are taken."""
    return {entry["number"] for group in groups for entry in document[group]}


def _whole(text: str) -> int:
    """A small number of an address, 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def number(document: Document, form: Form, number_id: str) -> None:
    """One number that people dial, and the queue or the flow that it leads to."""
    fields = {name: form.text(name) for name in ("number", "line_id")}
    _lead(document, number_id, form, {**fields, "priority": form.text("priority", Number.priority)})


def _lead(document: Document, number_id: str, form: Form, fields: Document) -> None:
    leads_to = form.text("leads_to").removeprefix(FAX)
    fields["is_fax"] = form.text("leads_to").startswith(FAX)
    fields["queue_id"] = "" if leads_to.startswith("f") else leads_to
    fields["flow_id"] = leads_to if leads_to.startswith("f") else ""
    put(document, "numbers", {"id": number_id, **fields})


def named_codes(document: Document, form: Form, group: str) -> None:
    """Dispositions or breaks: known ones keep their code, a row left empty goes, new rows get a code of their
    own.
    """
    rows: list[dict[str, str]] = []
    for entry in document[group]:
        name = form.text(f"name-{entry['code']}", entry["name"])
        if name:
            rows.append({"code": entry["code"], "name": name})
    taken = {entry["code"] for entry in document[group]} | {"phone"}
    for name in form.all("new"):
        if clean := unicodedata.normalize("NFC", name).strip():
            code = code_for(clean, taken)
            taken.add(code)
            rows.append({"code": code, "name": clean})
    document[group] = rows


def remove(document: Document, group: str, item_id: str) -> None:
    """Takes a thing out, and whatever cannot be without it: an agent's memberships and rules, a group that is
    spoken to without anybody in it, the numbers of a line, a queue or a flow, a line of which it was the last
    port. A flow that leads to the thing stays, and the document is refused for it.
    """
    document[group] = [entry for entry in document[group] if entry["id"] != item_id]
    if group == "agents":
        for entry in (*document["queues"], *document["pagings"]):
            entry["agents"] = [other for other in entry["agents"] if other != item_id]
        document["pagings"] = [entry for entry in document["pagings"] if entry["agents"]]
    if group in ("spans", "ports"):
        for entry in [one for one in document["lines"] if item_id in one[group]]:
            entry[group] = [other for other in entry[group] if other != item_id]
            if not (entry["spans"] or entry["ports"]):
                remove(document, "lines", entry["id"])
    calls_out_forms.remove(document, group, item_id)
    key = {"lines": "line_id", "queues": "queue_id", "flows": "flow_id"}.get(group)
    if key:
        document["numbers"] = [entry for entry in document["numbers"] if entry[key] != item_id]


def item(document: Document, group: str, item_id: str) -> Document | None:
    """The entry of a group with this id."""
    return next((entry for entry in document[group] if entry["id"] == item_id), None)


def free_extension(site: Site, country: Country) -> str:
    """The next internal number after the highest that is no emergency number; 101 on a new box."""
    highest = max((int(one.extension) for _, one in site_inside.numbers(site)), default=100)
    return next(free for at in itertools.count(highest + 1) if not country.is_emergency(free := str(at)))


def code_for(name: str, taken: Collection[str]) -> str:
    """A code made of a name ("Gọi lại" -> "goi-lai"), not one of `taken`."""
    plain = unicodedata.normalize("NFKD", name.replace("đ", "d").replace("Đ", "D"))
    words = (
        re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode().lower())
        .strip("-")[:24]
        .strip("-")
    )
    base = words if words[:1].isalpha() else f"c{words}"
    candidates: Sequence[str] = (base, *(f"{base}-{n}" for n in range(2, 1000)))
    return next(candidate for candidate in candidates if candidate not in taken)


def field_of(path: str, group: str, index: int) -> str:
    """The path below one thing: "queues.2.agents.1" -> "agents.1" in the form of queue 2; "" if elsewhere."""
    prefix = f"{group}.{index}."
    return path.removeprefix(prefix) if path.startswith(prefix) else ""


def index_of(document: Document, group: str, item_id: str) -> int:
    """Where the entry with this id stands in its group; -1 if it is not there."""
    return next((at for at, entry in enumerate(document[group]) if entry["id"] == item_id), -1)


def put(document: Document, group: str, entry: Document) -> None:
    """Puts an entry into its group: over the one with its id, or after the others."""
    at = index_of(document, group, entry["id"])
    if at < 0:
        document[group] = [*document[group], entry]
    else:
        document[group][at] = {**document[group][at], **entry}
