"""Whether the other side's exchange answers on the signalling channel of each span of a telephone card.

Asterisk tells nobody when that changes, so the thread `signalling` asks it every second, on a box that has
such spans, and tells the pages in live rows:

    signal/<number>   {"up": bool}   -- by the span's number
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from appliance.errors import DeviceGone, RejectedError, TransientError
from appliance.pbx.ami_session import ActionSession
from appliance.pbx.running import RunningSite
from appliance.store import Store, live

_log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0

type Rows = dict[str, dict[str, bool]]


class Signalling:
    """`run` until stopped."""

    def __init__(self, store: Store, session: ActionSession, running: RunningSite) -> None:
        self._store = store
        self._session = session
        self._running = running
        self._kept: Rows | None = None

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Asks, and keeps what changed."""
        while not stop.wait(LOOK_EVERY_S):
            beat()
            try:
                self.look()
            except TransientError as error:
                _log.warning("How the spans are cannot be kept: %s", error)

    def look(self) -> None:
        """Compares what Asterisk says with the live rows. TransientError: the store cannot be written."""
        rows = self._ask() if self._running.get().spans else {}
        if rows == self._kept:
            return
        with self._store.change() as change:
            live.replace(change, "signal", rows)
        self._kept = rows

    def _ask(self) -> Rows:
        """Without an answer nothing is known: Asterisk is away, or has not loaded the cards' driver yet."""
        try:
            spans = self._session.ami().list_of("PRIShowSpans")
        except (DeviceGone, TransientError, RejectedError) as error:
            _log.debug("Asterisk does not tell of its spans: %s", error)
            return {}
        # Stand-in channels of a span have an "Order" of their own; one that is up carries it.
        rows: Rows = {}
        for span in spans:
            number = span.get("Span")
            is_up = span.get("Up") == "Yes"
            rows[number] = {"up": is_up or rows.get(number, {}).get("up", False)}
        return rows
