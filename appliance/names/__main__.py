"""foyer-names: started by systemd when Caddy asks, ends when nobody has asked for a minute."""

from __future__ import annotations

import os
import socket
import sys

from systemd import daemon

from appliance.names.own_names import own_names
from appliance.names.server import NameServer
from appliance.service import Service

IDLE_S = 60.0


def main() -> int:
    Service("foyer-names").start_log()
    (handle,) = daemon.listen_fds()
    # The names under which the machine that a development box runs on is known.
    more = os.environ.get("FOYER_NAMES", "").split()
    with NameServer(socket.socket(fileno=handle), lambda: own_names(more), IDLE_S) as server:
        daemon.notify("READY=1")
        server.serve_until_idle()
    return 0


if __name__ == "__main__":
    sys.exit(main())
