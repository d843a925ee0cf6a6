"""rtp.conf: the ports of the sound, and ICE for the browsers' phones."""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document
from appliance.store.sitemodel import Site

FILE = "rtp.conf"


def render(_site: Site, env: Env) -> str:
    """The file's text."""
    start, end = env.rtp_ports
    general = (
        ("rtpstart", start),
        ("rtpend", end),
        ("icesupport", True),
        ("strictrtp", True),
    )
    return document(FILE, (Section("general", general),))
