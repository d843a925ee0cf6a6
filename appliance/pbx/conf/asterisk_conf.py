"""asterisk.conf: where Asterisk keeps things, and the options of the process itself. Read only when Asterisk
starts, and therefore the same for every site of a box.
"""

from __future__ import annotations

from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.syntax import Section, document, path
from appliance.store.sitemodel import Site

FILE = "asterisk.conf"


def render(_site: Site, env: Env) -> str:
    """The file's text."""
    directories = (
        ("astetcdir", env.etc),
        ("astvarlibdir", env.lib),
        ("astdbdir", env.lib),
        ("astkeydir", env.lib),
        ("astspooldir", env.spool),
        ("astlogdir", env.log),
        ("astrundir", env.run),
    )
    options = (
        # No ethernet interface, no EID: Asterisk makes it of the first MAC address, and a box may boot
        # without any.
        ("entityid", env.entity_id),
        ("systemname", "foyer"),
        ("documentation_language", "en_US"),
        # Two descriptors a leg and two for its recording; systemd's limit is the real bound.
        ("maxfiles", 65536),
        ("nocolor", True),
        ("hideconnect", True),
        ("execincludes", False),
        ("live_dangerously", False),
        ("disable_remote_console_shell", True),
    )
    control = (
        ("astctlpermissions", "0660"),
        ("astctlgroup", env.control_group),
        ("astctl", "asterisk.ctl"),
    )
    return document(
        FILE,
        (
            Section("directories", tuple((name, path(str(place))) for name, place in directories)),
            Section("options", options),
            Section("files", control),
        ),
    )
