"""musiconhold.conf: what a waiting caller hears, from files that the image holds."""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document
from appliance.store.sitemodel import Site

FILE = "musiconhold.conf"

# Debian's asterisk-moh-opsound-wav, freely licensed music at 8 kHz.
CLASSES = {"default": "/usr/share/asterisk/moh"}


def render(_site: Site, _env: Env) -> str:
    """The file's text."""
    sections = [Section("general", (("cachertclasses", False),))]
    for name, directory in CLASSES.items():
        # Each caller begins at another piece: who calls twice does not hear the same bars twice.
        settings = (("mode", "files"), ("directory", directory), ("sort", "randstart"))
        sections.append(Section(name, settings))
    return document(FILE, sections)
