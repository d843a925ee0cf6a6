"""modules.conf: the list of modules that a call needs, and nothing else. Read only when Asterisk starts.

An explicit list, so that a new Debian package of Asterisk brings no listener, no configuration reader and no
dialplan function (SHELL, CURL, FILE ...) that nobody asked for.
"""

from __future__ import annotations

from appliance.pbx.conf import chan_dahdi_conf
from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document
from appliance.store.sitemodel import Site

FILE = "modules.conf"

BASE = (
    "pbx_config",
    "res_timing_timerfd",
    "res_sorcery_config",
    "res_sorcery_memory",
    "res_sorcery_astdb",
    "res_musiconhold",
    "res_parking",
    # The live view asks it which phones and lines are there.
    "res_manager_devicestate",
    # The console may send a caller on who waits in a queue that is gone (apply/asterisk.py).
    "res_clioriginate",
)
# Asterisk 22.9 and later keep the writers of CEL files in a library module of its own.
RECORDS = ("res_cdrel_custom", "cel_custom")
FUNCTIONS = (
    "func_callerid",
    "func_channel",
    "func_cut",
    "func_db",
    "func_devstate",
    "func_dialplan",
    "func_global",
    "func_groupcount",
    "func_hangupcause",
    "func_lock",
    "func_logic",
    "func_strings",
    "func_timeout",
    "func_uuid",
)
APPLICATIONS = (
    "app_celgenuserevent",
    "app_confbridge",
    "app_dial",
    "app_directed_pickup",
    "app_echo",
    "app_mixmonitor",
    "app_originate",
    "app_page",
    "app_playback",
    "app_playtones",
    "app_queue",
    "app_read",
    "app_record",
    "app_sayunixtime",
    "app_softhangup",
    "app_stack",
    "app_verbose",
)
SOUND = (
    "codec_a_mu",
    "codec_alaw",
    "codec_g722",
    "codec_gsm",
    "codec_opus_open_source",
    "codec_resample",
    "codec_ulaw",
    "format_pcm",
    "format_sln",
    "format_wav",
    "res_format_attr_opus",
)
FAX = ("res_fax", "res_fax_spandsp")
BRIDGES = (
    "bridge_builtin_features",
    # Ends calls when their time is over (Dial's L).
    "bridge_builtin_interval_features",
    "bridge_holding",
    "bridge_native_rtp",
    "bridge_simple",
    "bridge_softmix",
)
SIP = (
    "res_http_websocket",
    "res_pjproject",
    "res_rtp_asterisk",
    "res_srtp",
    "res_pjsip",
    "res_pjsip_session",
    "res_pjsip_pubsub",
    "res_pjsip_authenticator_digest",
    "res_pjsip_caller_id",
    "res_pjsip_diversion",
    "res_pjsip_dlg_options",
    "res_pjsip_dtmf_info",
    "res_pjsip_empty_info",
    "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_endpoint_identifier_user",
    "res_pjsip_header_funcs",
    "res_pjsip_logger",
    "res_pjsip_nat",
    "res_pjsip_outbound_authenticator_digest",
    "res_pjsip_outbound_registration",
    "res_pjsip_refer",
    "res_pjsip_registrar",
    "res_pjsip_rfc3326",
    "res_pjsip_sdp_rtp",
    "res_pjsip_transport_websocket",
    "chan_pjsip",
)
MODULES = BASE + RECORDS + FUNCTIONS + APPLICATIONS + SOUND + FAX + BRIDGES + SIP


def render(site: Site, env: Env) -> str:
    """The file's text."""
    cards = (chan_dahdi_conf.MODULE,) if env.card_channels or site.has_cards else ()
    loads = tuple(("load", f"{module}.so") for module in MODULES + cards)
    return document(FILE, (Section("modules", (("autoload", False), *loads)),))
