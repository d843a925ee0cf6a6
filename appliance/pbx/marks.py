"""The thread that writes foyer-pbx's own rows into queue_log, so that history hears of everything in one way.

Holds are told by AMI only, so they are written down with their precise time; and after each connection one
row says when Asterisk was last heard, which also makes Asterisk log that it started.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from appliance.errors import DeviceGone, FoyerError, TransientError
from appliance.pbx.ami_parser import Message
from appliance.pbx.ami_session import ActionSession
from appliance.pbx.rows import HOLD, RESUME, UNHOLD, agent_of

_log = logging.getLogger(__name__)

KEPT = 1000
TRIED_FOR_S = 10.0
RETRY_S = 0.5


@dataclass(frozen=True)
class Mark:
    """One row to write; `due` is when (monotonic seconds) it is given up."""

    fields: Mapping[str, str]
    due: float


class Marks:
    """Takes note from any thread without waiting; `run` writes."""

    def __init__(self, actions: ActionSession) -> None:
        self._actions = actions
        self._waiting: queue.Queue[Mark] = queue.Queue(KEPT)

    def hold(self, message: Message) -> None:
        """An event `Hold`, or one that ends a hold; those of a customer's leg are no hold of ours."""
        interface = message.get("Channel").rpartition("-")[0]
        if agent_of(interface) is not None:
            event = HOLD if message.event == "Hold" else UNHOLD
            stamp = message.get("Timestamp") or f"{time.time():.6f}"
            self._put(event, message.get("Linkedid"), interface, stamp)

    def resume(self, heard: int) -> None:
        """Asterisk is there (again); `heard` is when it was last heard before, in ms, 0 if never."""
        self._put(RESUME, "NONE", "NONE", str(heard))

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Writes what was noted, in order; a row that Asterisk will not take for ten seconds is given up."""
        while not stop.is_set():
            beat()
            try:
                mark = self._waiting.get(timeout=1.0)
            except queue.Empty:
                continue
            while not stop.is_set() and not self._is_written(mark):
                beat()
                stop.wait(RETRY_S)

    def _put(self, event: str, call: str, interface: str, message: str) -> None:
        fields = {
            "Queue": "NONE",
            "Event": event,
            "Uniqueid": call,
            "Interface": interface,
            "Message": message,
        }
        try:
            self._waiting.put_nowait(Mark(fields, time.monotonic() + TRIED_FOR_S))
        except queue.Full:
            _log.error("Too many rows wait for the queue's log: %s is lost.", event)

    def _is_written(self, mark: Mark) -> bool:
        """Whether there is nothing more to do about this one."""
        try:
            self._actions.ami().ask("QueueLog", mark.fields)
        except (DeviceGone, TransientError) as error:
            if time.monotonic() < mark.due:
                return False
            _log.error("%s was not logged: %s", mark.fields["Event"], error)
        except FoyerError as error:
            _log.error("%s was not logged: %s", mark.fields["Event"], error)
        return True
