"""stasis.conf: what Asterisk's parts do not tell each other, since nobody here asks for it. Read only when
Asterisk starts, and the same for every site.
"""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document
from appliance.store.sitemodel import Site

FILE = "stasis.conf"

# Each would be made into text for the manager interface, and thrown away there by the filters of
# manager_conf.py: a variable that is set (dozens in each call), a report of RTCP (every five seconds from
# each leg). CEL, app_queue and bridges need none of them. Of what else is in Asterisk's stasis.conf.sample,
# most may not be declined: its manager interface would not start.
DECLINED = ("ast_channel_varset_type", "ast_rtp_rtcp_sent_type", "ast_rtp_rtcp_received_type")


def render(_site: Site, _env: Env) -> str:
    """The file's text."""
    return document(FILE, (Section("declined_message_types", tuple(("decline", one) for one in DECLINED)),))
