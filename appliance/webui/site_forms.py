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

from appliance.store import site_queues
from appliance.store.countries import Country
from appliance.store.site_queues import EXITS, RANGES, Queue
from appliance.store.sitemodel import CODECS, Line, Number, Site
from appliance.webui import calls_out_forms
from appliance.webui.forms import Form

Document = dict[str, Any]

SPARE_ROWS = 3


def business(document: Document, form: Form) -> None:
    """Name, country, language, clock."""
    for name in ("business_name", "country", "language", "time_zone"):
        document[name] = form.text(name)


def queue(document: Document, form: Form, queue_id: str) -> None:
    """One queue, new or known."""
    texts = (
        *("name", "greeting_text", "greeting_id", "strategy", "music", "priority", "message_text"),
        *("schedule_id", *EXITS),
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
    put(document, "agents", {"id": agent_id, "name": form.text("name"), "extension": form.text("extension")})
    ticked = form.all("queues")
    for entry in document["queues"]:
        if entry["id"] in ticked and agent_id not in entry["agents"]:
            entry["agents"] = [*entry["agents"], agent_id]
        elif entry["id"] not in ticked:
            entry["agents"] = [other for other in entry["agents"] if other != agent_id]
    calls_out_forms.permit(document, form, agent_id)


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
    }
    put(document, "lines", fields)


def number(document: Document, form: Form, number_id: str) -> None:
    """One number that people dial, and the queue or the flow that it leads to."""
    leads_to = form.text("leads_to")
    fields = {name: form.text(name) for name in ("number", "line_id")}
    fields["priority"] = form.text("priority", Number.priority)
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
    """Takes a thing out, and whatever cannot be without it: an agent's memberships and rules, the numbers of
    a line, a queue or a flow. A flow that leads to the thing stays, and the document is refused for it.
    """
    document[group] = [entry for entry in document[group] if entry["id"] != item_id]
    if group == "agents":
        for entry in document["queues"]:
            entry["agents"] = [other for other in entry["agents"] if other != item_id]
    calls_out_forms.remove(document, group, item_id)
    key = {"lines": "line_id", "queues": "queue_id", "flows": "flow_id"}.get(group)
    if key:
        document["numbers"] = [entry for entry in document["numbers"] if entry[key] != item_id]


def item(document: Document, group: str, item_id: str) -> Document | None:
    """The entry of a group with this id."""
    return next((entry for entry in document[group] if entry["id"] == item_id), None)


def free_extension(site: Site, country: Country) -> str:
    """The next internal number after the highest that is no emergency number; 101 on a new box."""
    highest = max((int(entry.extension) for entry in site.agents), default=100)
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
