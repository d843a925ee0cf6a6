"""/system/drivers: lets the drivers of telephony cards in, on a machine with Secure Boot.

A machine whose firmware checks what it starts takes only drivers whose key somebody has confirmed before its
screen. This page leaves the question for the next start, and shows the code that goes with the answer.
"""

from __future__ import annotations

from appliance.errors import ConflictError
from appliance.health.client import Health
from appliance.privileged.client import Privileged
from appliance.secure_boot import new_code
from appliance.store import audit
from appliance.webui.i18n import N_
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the routes."""

    @web.get("/system/drivers", "administrator")
    def ask() -> str:
        machine = Health(web.settings.health_socket).machine()
        return web.render(
            "system-drivers.html", state=machine.driver_key, refused=machine.refused_modules, code=""
        )

    @web.post("/system/drivers", "administrator")
    def confirm() -> str:
        machine = Health(web.settings.health_socket).machine()
        if machine.driver_key not in ("unknown", "asked"):
            raise ConflictError(N_("There is nothing to let in: this machine takes the drivers as it is."))
        code = new_code()
        Privileged(web.settings.privileged_socket).confirm_drivers(code)
        with web.change() as change:
            audit.record(change, web.user().id, "drivers.confirm")
        return web.render("system-drivers.html", state="asked", refused=(), code=code)
