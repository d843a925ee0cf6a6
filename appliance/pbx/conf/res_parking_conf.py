"""res_parking.conf: where calls wait that an agent has parked by keys, until somebody dials their place.

The steps are those of pbx/dialplan/foyer-park.conf.
"""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document
from appliance.store.feature_codes import PARKED_S, PLACES, keys_of
from appliance.store.sitemodel import Site

FILE = "res_parking.conf"

# A context that Asterisk fills itself, and nobody dials in: parking by keys needs an extension to name it by.
SLOTS = "foyer-slots"


def render(_site: Site, _env: Env) -> str:
    """The file's text."""
    lot = (
        ("parkext", keys_of("park")),
        ("parkpos", f"{PLACES[0]}-{PLACES[-1]}"),
        # Not the one that was freed a moment ago: somebody may be dialling it still.
        ("findslot", "next"),
        ("context", SLOTS),
        ("parkingtime", PARKED_S),
        ("comebacktoorigin", False),
        ("comebackcontext", "foyer-parked-back"),
    )
    return document(FILE, (Section("general", ()), Section("default", lot)))
