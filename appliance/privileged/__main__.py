"""foyer-privileged: started by systemd when somebody calls, ends when nobody has called for half a minute."""

from __future__ import annotations

import socket
import sys

from systemd import daemon

from appliance.privileged.server import serve
from appliance.service import Service

IDLE_S = 30.0


def main() -> int:
    Service("foyer-privileged").start_log()
    (handle,) = daemon.listen_fds()
    with socket.socket(fileno=handle) as listener:
        daemon.notify("READY=1")
        serve(listener, IDLE_S)
    return 0


if __name__ == "__main__":
    sys.exit(main())
