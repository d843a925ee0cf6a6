"""foyer-disk: looks once, tells Asterisk if that changes anything or the disk is full, and ends.

The dialplan asks AstDB before it begins a recording (pbx/dialplan/foyer-call.conf). That is written ahead and
survives Asterisk and the box; a recording that has begun goes on.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from appliance import space
from appliance.errors import FoyerError, SetupError, TransientError
from appliance.service import Service
from appliance.settings import Settings

log = logging.getLogger("foyer-disk")

TIMEOUT_S = 10.0
_DONE = "Updated database successfully"


def look(settings: Settings, tell: Callable[[bool], None]) -> space.Told | None:
    """Returns what is new, None if nothing is. `tell` tells Asterisk whether the disk is full; that it is,
    again and again, since Asterisk may have lost its own database meanwhile.

    SetupError: there is no data disk. What `tell` raises: then it is told again the next time.
    """
    before = space.told(settings.disk_told)
    try:
        size, free = space.of(settings.data)
    except OSError as error:
        raise SetupError(f"The data disk cannot be looked at: {error.strerror}.") from error
    is_full = space.is_full(size, free, before is not None and before.is_full)
    is_news = before is None or before.is_full != is_full
    if is_news or is_full:
        tell(is_full)
    if not is_news:
        return None
    now = space.Told(is_full, time.time_ns() // 1_000_000)
    now.write(settings.disk_told)
    return now


def tell_asterisk(conf: Path, is_full: bool) -> None:
    """Writes AstDB through the running Asterisk. TransientError if there is none."""
    words = ["database", "put", "foyer-disk", "full", "yes" if is_full else "no"]
    command = ["/usr/sbin/asterisk", "-C", str(conf), "-rx", " ".join(words)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TransientError("The telephone service cannot be told.") from error
    if _DONE not in done.stdout:
        raise TransientError("The telephone service is not there to be told.")


def main() -> int:
    """The process; returns its exit code. An Asterisk that is not there (yet) is told the next time."""
    Service("foyer-disk").start_log()
    try:
        settings = Settings.load()
        conf = settings.config / "live/asterisk/asterisk.conf"
        new = look(settings, lambda is_full: tell_asterisk(conf, is_full))
    except TransientError as error:
        log.info("%s", error)
        return 0
    except FoyerError as error:
        log.critical("%s", error)
        return 1
    if new is not None and new.is_full:
        log.error("The disk is nearly full: calls are not recorded any more.")
    elif new is not None:
        log.info("There is room on the disk: calls are recorded.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
