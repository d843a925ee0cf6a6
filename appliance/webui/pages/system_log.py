"""/system/log: the box's own messages, searched. Read by foyer-health, without secrets."""

from __future__ import annotations

import urllib.parse

from appliance.health.client import Health
from appliance.health.gather import UNITS
from appliance.health.query import Query
from appliance.webui.i18n import N_
from appliance.webui.masking import secrets_of
from appliance.webui.web import Web

PAGE = 100
# syslog's numbers: 3 error, 4 warning.
LEVELS = (("7", N_("Everything")), ("4", N_("Warnings and errors")), ("3", N_("Errors only")))


def routes(web: Web) -> None:
    """Declares the route."""

    @web.get("/system/log", "administrator")
    def log() -> str:
        unit, level, words, before = (web.query(name) for name in ("unit", "level", "words", "before"))
        level = level if level in dict(LEVELS) else "7"
        query = Query(unit, int(level), words[:200], before, PAGE)
        found = Health(web.settings.health_socket).search(query)
        with web.store.read() as db:
            mask = secrets_of(db, web.settings)
        chosen = {"unit": unit, "level": level, "words": words}
        older = urllib.parse.urlencode({**chosen, "before": found[-1].cursor}) if len(found) == PAGE else ""
        return web.render(
            "system-log.html",
            rows=[(message, mask.secretless(message.text)) for message in found],
            units=[("", web.gettext(N_("All services"))), *((name, name) for name in UNITS)],
            levels=[(value, web.gettext(name)) for value, name in LEVELS],
            chosen=chosen,
            older=f"/system/log?{older}" if older else "",
            newest=f"/system/log?{urllib.parse.urlencode(chosen)}" if before else "",
        )
