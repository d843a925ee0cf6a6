"""/system: how the box itself is, with what is wrong on top; restarting a service, and the support file.

For administrators. The facts come from foyer-health, the findings from the checks of `foyer doctor`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, get_args

from bottle import HTTPResponse

from appliance.errors import NotFoundError, TransientError
from appliance.health.checks import UNIT_WORK, findings
from appliance.health.client import Health
from appliance.health.contact import contact, recovery_key
from appliance.health.facts import Contact, Facts, Machine
from appliance.health.query import Query
from appliance.privileged.client import Privileged, SystemService
from appliance.store import audit, now_ms
from appliance.webui import support
from appliance.webui.i18n import N_
from appliance.webui.masking import mask_of
from appliance.webui.web import Web

# The whole database is read for damage; the answer holds this long.
THOROUGH_EVERY_MS = 600_000
STATES = {
    "active": (N_("Running"), "good"),
    "activating": (N_("Starting"), "info"),
    "reloading": (N_("Starting"), "info"),
    "deactivating": (N_("Stopping"), "warn"),
    "inactive": (N_("Not running"), "bad"),
    "failed": (N_("Failed"), "bad"),
    "": (N_("Unknown"), ""),
}
RESTARTS = {
    "asterisk": N_("Calls that are up are cut off; the service is back within seconds."),
    "caddy": N_(
        "Open pages lose their connection for a moment; calls in browsers go on after a few seconds."
    ),
    "foyer-apply": N_("Nobody notices it."),
    "foyer-pbx": N_("The live view stands still for a moment; calls go on."),
}


class Doctor:
    """Gathers the facts for this page; what is expensive is kept for a while. `look` is `contact`, told
    whether to be thorough, and what it found last.
    """

    def __init__(self, health: Health, look: Callable[[bool, str], Contact]) -> None:
        self._health = health
        self._look = look
        self._guard = threading.Lock()
        self._damage: tuple[int, str] = (-THOROUGH_EVERY_MS, "")

    def machine(self) -> Machine | None:
        """The machine's half; None if foyer-health does not answer."""
        try:
            return self._health.machine()
        except TransientError:
            return None

    def facts(self) -> Facts:
        """Both halves, as they are now. One thread at a time reads the whole database; the others say what it
        found last.
        """
        with self._guard:
            before = self._damage
            is_due = now_ms() - before[0] >= THOROUGH_EVERY_MS
            if is_due:
                self._damage = (now_ms(), before[1])
        try:
            found = self._look(is_due, before[1])
        except TransientError:
            if is_due:
                self._remember(*before)
            raise
        if is_due:
            self._remember(now_ms(), found.database_problem)
        return Facts(self.machine(), found)

    def _remember(self, at: int, problem: str) -> None:
        with self._guard:
            self._damage = (at, problem)


def routes(web: Web) -> None:
    """Declares the routes."""
    doctor = Doctor(
        Health(web.settings.health_socket),
        lambda thorough, known: contact(web.store, web.settings, thorough=thorough, known_problem=known),
    )

    @web.get("/system", "administrator")
    def system() -> str:
        facts = doctor.facts()
        found = [
            (finding.severity, *finding.sentences(web.visit.language.gettext)) for finding in findings(facts)
        ]
        return web.render(
            "system.html",
            found=found,
            machine=facts.machine,
            states=STATES,
            work=UNIT_WORK,
            restarts=RESTARTS,
            has_key=bool(recovery_key(web.settings)),
        )

    _restarts(web)

    @web.post("/system/support", "administrator")
    def support_file() -> HTTPResponse:
        facts = doctor.facts()
        messages = Health(web.settings.health_socket).search(Query(limit=support.MESSAGES))
        with web.store.read() as db:
            packed = support.build(facts, messages, db, mask_of(db, web.settings, web.site()), now_ms())
        # Not `web.change()`: the page stays open behind the download, and its button makes another file.
        with web.store.change() as change:
            audit.record(change, web.user().id, "support-file")
        answer = web.answer(packed, content_type="application/gzip")
        answer.set_header("Content-Disposition", 'attachment; filename="foyer-support.tar.gz"')
        return answer


def _restarts(web: Web) -> None:
    def show(service: SystemService, *, is_under_way: bool = False) -> str:
        return web.render(
            "system-restart.html",
            name=service,
            work=UNIT_WORK[service],
            effect=RESTARTS[service],
            is_under_way=is_under_way,
        )

    @web.get("/system/restart/<name>", "administrator")
    def ask(name: str) -> str:
        return show(_service(name))

    @web.post("/system/restart/<name>", "administrator")
    def restart(name: str) -> Any:
        service = _service(name)
        Privileged(web.settings.privileged_socket).restart_service(service)
        with web.change() as change:
            audit.record(change, web.user().id, "service.restart", service)
        if service == "caddy":
            # The browser's next request would find nobody: the page waits before it goes on.
            return show(service, is_under_way=True)
        web.flash(N_("It was restarted: %(work)s."), work=web.gettext(UNIT_WORK[service]))
        return web.redirect("/system")


def _service(name: str) -> SystemService:
    for service in get_args(SystemService):
        if service == name:
            known: SystemService = service
            return known
    raise NotFoundError(N_("There is no such page."))
