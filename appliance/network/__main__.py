"""foyer-network@: `start` before networkd, `again` for a trial, `keep` what was confirmed, `back` when nobody
did.
"""

from __future__ import annotations

import sys

from appliance.errors import FoyerError
from appliance.network.trial import Network
from appliance.service import Service


def main(arguments: list[str]) -> int:
    service = Service("foyer-network")
    service.start_log()
    network = Network()
    try:
        match arguments:
            case ["start"]:
                network.apply(is_start=True)
            case ["again"]:
                network.apply(is_start=False)
            case ["keep"]:
                network.keep()
            case ["back"]:
                network.back()
            case _:
                return 2
    except FoyerError as error:
        service.log.critical("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
