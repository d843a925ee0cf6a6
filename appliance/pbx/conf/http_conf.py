"""http.conf: Asterisk's own web server on loopback, for nothing but the browsers' phones (/ws, behind
Caddy).
"""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document
from appliance.store.sitemodel import Site

FILE = "http.conf"


def render(_site: Site, env: Env) -> str:
    """The file's text."""
    general = (
        ("enabled", True),
        ("servername", "Foyer"),
        ("bindaddr", "127.0.0.1"),
        ("bindport", env.http_port),
        # Each browser phone holds a session as long as it is registered; the default of 100 would refuse the
        # 101st.
        ("sessionlimit", 2000),
        ("enable_static", False),
        ("enable_status", False),
    )
    return document(FILE, (Section("general", general),))
