"""foyer-webui: serves the pages and the streams of events to Caddy. Only wires; see app.py and server.py."""

from __future__ import annotations

import os
import sys

from appliance.errors import FoyerError
from appliance.service import Service
from appliance.settings import Settings
from appliance.store import Store
from appliance.webui import server
from appliance.webui.app import make_app


def main() -> int:
    """Runs until systemd says stop; returns the exit code."""
    service = Service("foyer-webui")
    service.start_log()
    try:
        settings = Settings.load()
        app = make_app(settings, Store.open(settings.db), hosts=os.environ.get("FOYER_NAMES", "").split())
        server.start(service, app, settings.webui_socket)
    except FoyerError as error:
        service.fail(str(error), error)
    return service.run()


if __name__ == "__main__":
    sys.exit(main())
