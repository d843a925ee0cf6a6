"""Files that Asterisk looks for and logs an error without, but that Foyer needs nothing of."""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import document
from appliance.store.sitemodel import Site

FILES = ("acl.conf", "ccss.conf", "pjproject.conf", "res_fax.conf", "udptl.conf")


def render(file: str, _site: Site, _env: Env) -> str:
    """The text of `file`: nothing but its head line."""
    return document(file, ())
