"""/system/recovery-key: the key that opens the box's data on another machine, for the administrator to keep.

Only where a chip keeps the usual key (image/tree/usr/libexec/box-data). It lies on the data that it opens, so
it may be looked at again; who did is written down, and until somebody did, `foyer doctor` asks for it.
"""

from __future__ import annotations

from appliance.errors import NotFoundError
from appliance.health.contact import KEY_SHOWN, recovery_key
from appliance.store import audit
from appliance.webui.i18n import N_
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the routes."""

    @web.get("/system/recovery-key", "administrator")
    def ask() -> str:
        _key(web)
        return web.render("system-recovery-key.html", groups=())

    @web.post("/system/recovery-key", "administrator")
    def show() -> str:
        key = _key(web)
        with web.change() as change:
            audit.record(change, web.user().id, KEY_SHOWN)
        return web.render("system-recovery-key.html", groups=key.split("-"))


def _key(web: Web) -> str:
    if not (key := recovery_key(web.settings)):
        raise NotFoundError(N_("This box has no recovery key: it opens its data without one."))
    return key
