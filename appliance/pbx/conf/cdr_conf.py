"""cdr.conf: no call detail records. The history is made of CEL; records nobody reads cost CPU on
every leg.
"""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document
from appliance.store.sitemodel import Site

FILE = "cdr.conf"


def render(_site: Site, _env: Env) -> str:
    """The file's text."""
    return document(FILE, (Section("general", (("enable", False),)),))
