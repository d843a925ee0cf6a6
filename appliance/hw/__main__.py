"""foyer-hw: knows the telephony cards in the machine. It ends where there are none: a box without cards has
better uses for the memory. The page of the cards has it started when somebody asks for a look.
"""

from __future__ import annotations

import sys

from appliance.errors import FoyerError
from appliance.hw import cards, watch
from appliance.service import Service
from appliance.settings import Settings
from appliance.store import Store

# The longest single look, on a machine that is very busy.
BEAT_S = 10.0


def main() -> int:
    """The process; returns its exit code."""
    service = Service("foyer-hw")
    service.start_log()
    try:
        settings = Settings.load()
        store = Store.open(settings.db)
        places = watch.Places(firmware=(settings.firmware, *watch.FIRMWARE))
        looker = watch.Looker(cards.load(), places, is_locked=watch.is_locked())
    except FoyerError as error:
        service.log.critical("%s", error)
        return 1
    watcher = watch.Watch(store, looker.look)

    def watch_cards() -> None:
        watcher.run(service.stop, service.beat)
        service.stop.set()

    service.spawn("cards", watch_cards, once=True, beat_s=BEAT_S)
    service.ready("Watching for telephony cards")
    return service.run()


if __name__ == "__main__":
    sys.exit(main())
