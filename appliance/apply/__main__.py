"""foyer-apply: makes the wanted revision of the site live.

`python3 -m appliance.apply --once` only renders, and is what foyer-setup runs before Asterisk starts. Without
it, the service: one thread that looks whenever somebody saved, a secret changed, Asterisk was started, a
telephone card came or went, or a year began.
"""

from __future__ import annotations

import datetime
import logging
import sys
import time
from collections.abc import Callable, Hashable
from pathlib import Path

from appliance.apply import cards, surroundings
from appliance.apply.applier import Applier
from appliance.apply.asterisk import Console
from appliance.apply.folders import ASTERISK
from appliance.errors import FoyerError
from appliance.pbx.conf.tree import render_tree
from appliance.privileged.client import Privileged
from appliance.service import Service
from appliance.settings import Settings
from appliance.sound.speech import speak
from appliance.store import holidays
from appliance.store import site as sites
from appliance.store.db import Store

POLL_S = 0.2
# The longest single look: a long greeting to speak, then a busy Asterisk, with the new settings and the old.
BEAT_S = 300.0


def main(arguments: list[str], run: Path = surroundings.RUN) -> int:
    """The command; returns the exit code. `run` is where Asterisk's control socket is."""
    service = Service("foyer-apply")
    service.start_log()
    settings = Settings.load()
    try:
        store = Store.open(settings.db)
        config = settings.config / "live" / ASTERISK / "asterisk.conf"
        console = Console(config, run / "asterisk.ctl", settings.ast_log / "messages")
        used = cards.Cards(console, Privileged(settings.privileged_socket).set_up_cards)
        applier = Applier(
            store,
            settings,
            console,
            gather=lambda site: surroundings.gather(settings, store, site, run),
            render=lambda site, env: {**render_tree(site, env), **cards.files(site, env.country.line_mode)},
            speak=speak,
            today=today,
            cards=used,
        )
        if arguments == ["--once"]:
            logging.info("Live on the disk: %s", applier.prepare())
            return 0
    except FoyerError as error:
        service.log.critical("%s", error)
        return 1
    if arguments:
        print("usage: python3 -m appliance.apply [--once]", file=sys.stderr)
        return 2
    service.spawn("apply", lambda: follow(service, store, console, applier, used.there), beat_s=BEAT_S)
    service.ready("Following the wanted revision")
    return service.run()


def today() -> datetime.date:
    """The date in UTC; a clock elsewhere may be a day before or after."""
    return datetime.datetime.now(datetime.UTC).date()


def follow(
    service: Service, store: Store, console: Console, applier: Applier, there: Callable[[], Hashable]
) -> None:
    """Looks whenever what is wanted, a secret or Asterisk's life changed, when a telephone card came or went
    (`there`), when a year begins that has holidays of its own, and again where a look asked for it.
    """
    seen: tuple[object, ...] | None = None
    version, wanted = -1, (0, (0, 0))
    again_at: float | None = None
    while not service.stop.wait(POLL_S):
        service.beat()
        newest = store.version()
        if newest != version:
            # Most commits are of calls: what is wanted is asked for only after one, and costs two small
            # queries.
            version = newest
            with store.read() as db:
                wanted = (sites.desired(db), surroundings.mark(store))
        now = (wanted, console.life(), there(), holidays.years_around(today()))
        if now != seen or (again_at is not None and time.monotonic() >= again_at):
            seen = now
            delay_s = applier.look()
            again_at = None if delay_s is None else time.monotonic() + delay_s


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
