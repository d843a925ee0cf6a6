"""chan_dahdi.conf: the channels of telephone cards. Read only when Asterisk starts.

There is one, and modules.conf loads its driver, only on a box that has such lines. They come from the box's
profile (provisioning/profiles), whose text this is.
"""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env
from appliance.store.sitemodel import Site

FILE = "chan_dahdi.conf"
MODULE = "chan_dahdi"


def render(_site: Site, env: Env) -> str:
    """The file's text."""
    return env.card_channels
