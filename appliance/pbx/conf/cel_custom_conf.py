"""cel_custom.conf: the call events as JSON lines in cel.jsonl, in the mapping that Asterisk 22.9 brought.

The old templates of `${...}` cost four times the CPU of a whole call's events.
"""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document
from appliance.store.sitemodel import Site

FILE = "cel_custom.conf"

FIELDS = (
    "EventType",
    "EventTime",
    "UserDefType",
    "Name",
    "Num",
    "Exten",
    "Context",
    "ChanName",
    "AppName",
    "AppData",
    "AccountCode",
    "UniqueID",
    "LinkedID",
    "Peer",
    "EventExtra",
)


def render(_site: Site, env: Env) -> str:
    """The file's text."""
    settings = (("format", "json"), ("fields", ",".join(FIELDS)))
    return document(FILE, (Section(str(env.log / "cel.jsonl"), settings),))
