"""indications.conf: the tones of the site's country."""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document
from appliance.store.sitemodel import Site

FILE = "indications.conf"


def zone(env: Env) -> str:
    """The country's name in this file, which endpoints refer to as their tone_zone."""
    return env.country.code.lower()


def render(_site: Site, env: Env) -> str:
    """The file's text."""
    tones = env.country.tones
    settings = (
        ("description", env.country.name),
        ("ringcadence", tones.ring_cadence),
        ("dial", tones.dial),
        ("ring", tones.ring),
        ("busy", tones.busy),
        ("congestion", tones.congestion),
        ("callwaiting", tones.call_waiting),
        ("dialrecall", tones.dial_recall),
        ("record", tones.record),
        ("info", tones.info),
    )
    return document(FILE, (Section("general", (("country", zone(env)),)), Section(zone(env), settings)))
