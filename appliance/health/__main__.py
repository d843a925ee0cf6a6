"""foyer-health: started by systemd when the pages ask, ends when nobody has asked for a minute."""

from __future__ import annotations

import socket
import sys

from systemd import daemon

from appliance.health import gather, journal
from appliance.health.server import HealthServer
from appliance.service import Service
from appliance.settings import Settings

IDLE_S = 60.0


def main() -> int:
    Service("foyer-health").start_log()
    settings = Settings.load()
    (handle,) = daemon.listen_fds()
    listener = socket.socket(fileno=handle)
    with HealthServer(
        listener, lambda: gather.machine(settings, journal.kernel_lines()), journal.search, IDLE_S
    ) as server:
        daemon.notify("READY=1")
        server.serve_until_idle()
    return 0


if __name__ == "__main__":
    sys.exit(main())
