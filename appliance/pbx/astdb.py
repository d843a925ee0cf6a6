"""What the dialplan and the pages both change, and AstDB keeps: one family of it, and the thread that tells
the pages what is there.

What counts is in AstDB, where the dialplan writes and reads it also while every process of ours is dead: no
revision and no undo ever touches it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from appliance.errors import FoyerError, RejectedError
from appliance.pbx.ami_session import ActionSession

_log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
TICK_S = 0.25


class Family:
    """The keys of one family. Every function raises what the session raises when Asterisk cannot be asked."""

    def __init__(self, mirror: ActionSession, name: str) -> None:
        self._mirror = mirror
        self._name = name

    def held(self) -> dict[str, str]:
        """All of them with their values."""
        prefix = f"/{self._name}/"
        try:
            items = self._mirror.ami().list_of("DBGetTree", {"Family": self._name})
        except RejectedError:
            # How Asterisk says that the family is empty.
            return {}
        return {
            item.get("Key").removeprefix(prefix): item.get("Val")
            for item in items
            if item.event == "DBGetTreeResponse" and item.get("Key").startswith(prefix)
        }

    def put(self, key: str, value: str) -> None:
        """Sets one."""
        self._mirror.ami().ask("DBPut", {"Family": self._name, "Key": key, "Val": value})

    def forget(self, key: str) -> None:
        """Takes one out, if it is there."""
        try:
            self._mirror.ami().ask("DBDel", {"Family": self._name, "Key": key})
        except RejectedError:
            # It is gone already.
            return


class AstdbWatch:
    """`run` until stopped: calls each of `looks` every two seconds, and when `woken` is set."""

    def __init__(self, woken: threading.Event, looks: Sequence[Callable[[], None]]) -> None:
        self._woken = woken
        self._looks = looks

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """The thread."""
        was_reached, looked_at = True, 0.0
        while not stop.is_set():
            beat()
            is_due = time.monotonic() - looked_at >= LOOK_EVERY_S
            if not self._woken.wait(TICK_S) and not is_due:
                continue
            self._woken.clear()
            looked_at = time.monotonic()
            try:
                for look in self._looks:
                    look()
                was_reached = True
            except FoyerError as error:
                if was_reached:
                    _log.warning("What was set on phones cannot be read: %s", error)
                was_reached = False
