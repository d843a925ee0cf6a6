"""features.conf: the keys that agents press during a call, from the table of store/feature_codes.py.

They work on the legs that Dial and Queue are told so of (pbx/dialplan): those of agents' phones. Nobody from
outside has them.
"""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document
from appliance.store.feature_codes import keys_of
from appliance.store.sitemodel import Site

FILE = "features.conf"


def render(_site: Site, _env: Env) -> str:
    """The file's text. Whatever is left out would get Asterisk's own default: a hang-up key, say."""
    general = (
        # Calls are picked up by the dialplan's own codes, not by Asterisk's default, *8.
        ("pickupexten", ""),
        # Between two keys of a code, and of a number to transfer to (seconds).
        ("featuredigittimeout", 1500),
        ("transferdigittimeout", 3),
        # A colleague is asked for so long before he counts as away.
        ("atxfernoanswertimeout", 30),
        ("transferannouncesound", "foyer/transfer"),
        ("transferretrysound", "foyer/back-wrong"),
        ("transferinvalidsound", "foyer/back-wrong"),
        ("atxferabort", keys_of("transfer-back")),
        ("atxfercomplete", keys_of("transfer-done")),
        ("atxferthreeway", keys_of("transfer-three")),
        ("atxferswap", ""),
    )
    during = (
        ("atxfer", keys_of("transfer-ask")),
        ("automixmon", ""),
        ("blindxfer", keys_of("transfer")),
        ("disconnect", ""),
        ("parkcall", keys_of("park")),
    )
    return document(FILE, (Section("general", general), Section("featuremap", during)))
