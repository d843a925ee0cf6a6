"""logger.conf: warnings and errors to a file, what the legs of calls do to another (cli_conf.py), and
queue_log, one of the two sources of the calls' history.
"""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document
from appliance.store.sitemodel import Site

FILE = "logger.conf"
LEGS = "legs"


def render(_site: Site, _env: Env) -> str:
    """The file's text."""
    general = (
        ("dateformat", "%F %T.%3q"),
        ("queue_log", True),
        ("queue_log_to_file", True),
        ("queue_log_name", "queue_log"),
        # A file that is turned over (pbx/log_rotation.py) keeps its inode under a name that it has for good:
        # its reader goes on in it.
        ("rotatestrategy", "timestamp"),
    )
    # No notices: each stray packet of a stranger on the network would be one, and fill the disk.
    files = (("messages", "warning,error"), (LEGS, "debug"))
    return document(FILE, (Section("general", general), Section("logfiles", files)))
