"""cel.conf: which events of a call are recorded; history.py makes conversations and segments of them."""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document
from appliance.store.sitemodel import Site

FILE = "cel.conf"

EVENTS = (
    "CHAN_START",
    "CHAN_END",
    "ANSWER",
    "HANGUP",
    "APP_START",
    "APP_END",
    "BRIDGE_ENTER",
    "BRIDGE_EXIT",
    "USER_DEFINED",
    "LINKEDID_END",
    "BLINDTRANSFER",
    "ATTENDEDTRANSFER",
    "PICKUP",
    "PARK_START",
    "PARK_END",
    "LOCAL_OPTIMIZE",
)
# The applications whose start and end are recorded.
APPLICATIONS = ("queue", "playback", "background", "dial", "mixmonitor", "record")


def render(_site: Site, _env: Env) -> str:
    """The file's text."""
    general = (("enable", True), ("apps", ",".join(APPLICATIONS)), ("events", ",".join(EVENTS)))
    return document(FILE, (Section("general", general),))
