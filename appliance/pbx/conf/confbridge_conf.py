"""confbridge.conf: how a conference room sounds. Who may enter is pbx/dialplan/foyer-inside.conf's."""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document
from appliance.store.sitemodel import Site

FILE = "confbridge.conf"


def render(_site: Site, _env: Env) -> str:
    """The file's text."""
    room = (
        ("type", "bridge"),
        # A room that everybody has been sent to must not take the box down.
        ("max_members", 40),
        ("sound_get_pin", "foyer/room-pin"),
        ("sound_invalid_pin", "foyer/room-wrong"),
        ("sound_only_person", "foyer/room-alone"),
        ("sound_locked", "foyer/room-full"),
    )
    visitor = (
        ("type", "user"),
        ("announce_only_user", True),
        ("music_on_hold_when_empty", True),
        # Silence is not mixed: a full room costs what one costs in which one speaks.
        ("dsp_drop_silence", True),
    )
    sections = (("general", ()), ("foyer_room", room), ("foyer_visitor", visitor))
    return document(FILE, (Section(name, settings) for name, settings in sections))
