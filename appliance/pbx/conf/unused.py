"""Files that Asterisk's core looks for and logs an error without, but that Foyer needs nothing of."""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document
from appliance.store.sitemodel import Site

FILES = ("ccss.conf", "pjproject.conf", "queuerules.conf", "udptl.conf")


def render(file: str, _site: Site, _env: Env) -> str:
    """The text of `file`: an empty general section."""
    return document(file, (Section("general", ()),))
