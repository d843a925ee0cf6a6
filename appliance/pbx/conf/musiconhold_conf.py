"""musiconhold.conf: what a waiting caller hears: the office's own sets of music, or files that the image
holds.

Classes: "default" for whoever is put on hold and for queues without a choice of their own, "calm", and one
for each set by its id.
"""

from __future__ import annotations

from pathlib import Path

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document, path
from appliance.store import music
from appliance.store.music import MusicSet
from appliance.store.sitemodel import Site

FILE = "musiconhold.conf"

# Debian's asterisk-moh-opsound-wav, freely licensed music at 8 kHz.
_CALM = "/usr/share/asterisk/moh"


def render(site: Site, env: Env) -> str:
    """The file's text."""
    sections = [Section("general", (("cachertclasses", False),))]
    for name in (music.OFFICE, music.CALM):
        sections.append(_class(name, music.find(site, name), env))
    sections.extend(_class(one.id, one, env) for one in site.music)
    return document(FILE, sections)


def _class(name: str, played: MusicSet | None, env: Env) -> Section:
    if played is None:
        # Each caller begins at another piece: who calls twice does not hear the same bars twice.
        return Section(name, (("mode", "files"), ("directory", _CALM), ("sort", "randstart")))
    entries = tuple(("entry", file(env.sounds, piece.sound)) for piece in played.pieces)
    order = (("sort", "random"),) if played.shuffle else ()
    return Section(name, (("mode", "playlist"), *entries, *order))


def file(sounds: Path, sound: str) -> str:
    """What is played of a piece, without its ending."""
    return path(f"{sounds}/{sound}")
