"""How the forms of the rules for calls out write into the site document. Pure, like site_forms.py, which
calls this for what belongs to an agent or a line.
"""

from __future__ import annotations

from typing import Any

from appliance.store.site_outbound import KINDS, LIMIT_RANGES, Limits
from appliance.webui.forms import Form

Document = dict[str, Any]

SPARE_COUNTRIES = 3


def rules(document: Document, form: Form) -> None:
    """What everybody may call, the countries on the list, and the order of the lines."""
    own = document["outbound"]
    own["kinds"] = _kinds(form)
    chosen = (*form.all("countries"), *form.all("new_country"))
    own["countries"] = list(dict.fromkeys(code for code in chosen if code))
    own["limits"] = {
        name: form.number(name, low, high, getattr(Limits, name))
        for name, (low, high) in LIMIT_RANGES.items()
    }
    lines = list(dict.fromkeys(line for line in form.all("lines") if line))
    # Every line in the order of the settings is what a new line joins by itself.
    own["lines"] = [] if lines == [line["id"] for line in document["lines"]] else lines


def permit(document: Document, form: Form, agent_id: str) -> None:
    """The rules of one agent; a form without them changes nothing."""
    whose = form.text("calls_out")
    if not whose:
        return
    permits = [one for one in document["outbound"]["permits"] if one["agent_id"] != agent_id]
    if whose == "own":
        permits.append({"agent_id": agent_id, "kinds": _kinds(form)})
    # In the order of their ids, so that changing one to and fro changes nothing.
    document["outbound"]["permits"] = sorted(permits, key=lambda one: int(one["agent_id"][1:]))


def remove(document: Document, group: str, item_id: str) -> None:
    """An agent or a line goes, and takes its rules along."""
    own = document["outbound"]
    if group == "agents":
        own["permits"] = [one for one in own["permits"] if one["agent_id"] != item_id]
    if group == "lines":
        own["lines"] = [line for line in own["lines"] if line != item_id]


def _kinds(form: Form) -> list[str]:
    return [kind for kind in KINDS if kind in form.all("kinds")]
