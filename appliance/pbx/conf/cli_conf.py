"""cli.conf: what Asterisk tells itself when it starts. Read only then, and the same for every site."""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document
from appliance.store.sitemodel import Site

FILE = "cli.conf"

# Two kilobytes a call, in the file `logger_conf.LEGS`. Of a call that it refuses since no sound format is
# common Asterisk 22 says nothing elsewhere, neither in its messages nor by an event: there is no channel yet.
COMMAND = "core set debug 1 chan_pjsip.so"


def render(_site: Site, _env: Env) -> str:
    """The file's text. A command is no name of a setting as `syntax` knows them; nobody types this one."""
    return document(FILE, (Section("startup_commands", ()),)) + f"{COMMAND} = yes\n"
