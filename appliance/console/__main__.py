"""foyer-console@: the menu on one terminal, which systemd gives it as its standard input and output."""

from __future__ import annotations

import sys

from appliance.console.menu import Console
from appliance.console.status import status
from appliance.health.client import Health
from appliance.network.trial import Network
from appliance.privileged.client import Privileged
from appliance.secure_boot import key_at_start
from appliance.settings import Settings


def main() -> int:
    settings = Settings.load()
    root = Privileged(settings.privileged_socket)
    key = key_at_start()
    Console(
        sys.stdin.fileno(),
        sys.stdout,
        lambda: status(settings, key),
        root,
        Network().kept_plan,
        Health(settings.health_socket).machine,
    ).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
