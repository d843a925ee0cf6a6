"""features.conf: no feature codes inside a call. Phones and the agent's page hold and transfer over SIP."""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document
from appliance.store.sitemodel import Site

FILE = "features.conf"


def render(_site: Site, _env: Env) -> str:
    """The file's text. Empty maps: Asterisk's own defaults would give every caller a hang-up and a transfer
    key.
    """
    # Calls are picked up by the dialplan's own codes (store/feature_codes.py), not by Asterisk's default, *8.
    general = (("pickupexten", ""),)
    codes = ("atxfer", "automixmon", "blindxfer", "disconnect", "parkcall")
    return document(
        FILE, (Section("general", general), Section("featuremap", tuple((code, "") for code in codes)))
    )
