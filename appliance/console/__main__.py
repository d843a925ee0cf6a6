"""foyer-console@: the menu on one terminal, which systemd gives it as its standard input and output."""

from __future__ import annotations

import sys

from appliance.console.menu import Console
from appliance.console.status import status
from appliance.network.trial import Network
from appliance.privileged.client import Privileged
from appliance.settings import Settings


def main() -> int:
    settings = Settings.load()
    root = Privileged(settings.privileged_socket)
    Console(sys.stdin.fileno(), sys.stdout, lambda: status(settings), root, Network().kept_plan).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
