"""foyer-sound: started by systemd when somebody has a sound to convert, ends when nobody had one for a
minute.
"""

from __future__ import annotations

import socket
import sys

from systemd import daemon

from appliance.on_demand import OnDemandServer
from appliance.service import Service
from appliance.sound.server import SoundQuestion

IDLE_S = 60.0


def main() -> int:
    """The process; returns its exit code."""
    Service("foyer-sound").start_log()
    (handle,) = daemon.listen_fds()
    with OnDemandServer(socket.socket(fileno=handle), SoundQuestion, IDLE_S) as server:
        daemon.notify("READY=1")
        server.serve_until_idle()
    return 0


if __name__ == "__main__":
    sys.exit(main())
