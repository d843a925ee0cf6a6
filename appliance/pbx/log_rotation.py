"""Turns Asterisk's log files over before they grow large or old, and deletes what was read. A chore of
housekeeping.

Every step may be the last before a kill, and the next start finds things as they are:

- cel.jsonl is renamed; Asterisk opens it by its name for every record, so the next one makes a new file
- Asterisk itself renames queue_log, messages and legs and begins new ones, in one action, under its own lock
- old files are deleted, but never one that `feed.py` has not read to its end: what was read is in the store
- the files that `feed.py` reads have blocks kept ahead (`log_room.py`), a new one at once

A file is turned over only while `feed.py` is reading that very file, so old files cannot pile up unread, and
while the disk has room for the blocks of a new one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance import space
from appliance.errors import TransientError
from appliance.pbx import log_room
from appliance.pbx.ami_session import ActionSession
from appliance.pbx.conf.logger_conf import LEGS
from appliance.pbx.log_file import files_of
from appliance.pbx.rows import CEL, QUEUE_LOG
from appliance.store import Store, feeds
from appliance.store.feeds import Position

FILES = {CEL: "cel.jsonl", QUEUE_LOG: "queue_log"}
MESSAGES = "messages"
UNREAD_BYTES = 64 * 1024
"""A busy log is never read to its end for long; its reader goes on in the renamed file."""
FREE_BYTES = 4 * log_room.AHEAD_BYTES
"""With less free, no file is turned over: two new ones would take half of this at once."""


@dataclass(frozen=True)
class Limits:
    """When a file is turned over, and how many old ones stay, for whoever looks into a mishap of yesterday.

    Nine files of 8 MiB are 72 MiB, of about ten thousand calls. `pause_s`: Asterisk names an old file by the
    second, and would overwrite one of the same second.
    """

    size_bytes: int = 8 * 1024 * 1024
    age_s: float = 24 * 3600.0
    pause_s: float = 10.0
    kept: int = 2


class LogRotation:
    """`tidy` now and then."""

    def __init__(
        self, store: Store, folder: Path, actions: ActionSession, limits: Limits | None = None
    ) -> None:
        self._store = store
        self._folder = folder
        self._actions = actions
        self._limits = limits or Limits()

    def tidy(self, _stop: threading.Event) -> None:
        """Does what is due.

        Raises `TransientError` when the files cannot be renamed or deleted or have no room, and that or
        `DeviceGone` when Asterisk cannot be asked.
        """
        try:
            for step in self.steps:
                step()
        except OSError as error:
            raise TransientError(
                f"Asterisk's log files cannot be kept in order: {error.strerror}."
            ) from error

    @property
    def steps(self) -> tuple[Callable[[], None], ...]:
        """The parts of `tidy`, in order; none depends on another. They raise OSError."""
        return (self.delete_old, self.keep_room, self.turn_call_events, self.turn_others)

    def keep_room(self) -> None:
        """Keeps blocks for the logs that the history is made of."""
        for name in FILES.values():
            log_room.keep(self._folder / name)

    def turn_call_events(self) -> None:
        """Gives cel.jsonl another name, if it is time."""
        path = self._folder / FILES[CEL]
        if self._is_due(path) and self._is_being_read(CEL):
            path.rename(path.with_name(f"{path.name}.{time.time():.0f}"))
            self.keep_room()

    def turn_others(self) -> None:
        """Has Asterisk begin new files for all others, if it is time for one of them."""
        names = (FILES[QUEUE_LOG], MESSAGES, LEGS)
        if any(self._is_due(self._folder / name) for name in names) and self._is_being_read(QUEUE_LOG):
            self._actions.ami().ask("LoggerRotate", {})
            self.keep_room()

    def delete_old(self) -> None:
        """Deletes all but the newest old files of each log."""
        for name in (*FILES.values(), MESSAGES, LEGS):
            files = files_of(self._folder / name)
            old = [item for item in files if item[0].name != name]
            unread = self._unread(name, [inode for _, inode in files])
            for path, inode in old[: max(0, len(old) - self._limits.kept)]:
                if inode not in unread:
                    path.unlink(missing_ok=True)

    def _is_due(self, path: Path) -> bool:
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            return False
        old = [known for known, _ in files_of(path) if known != path]
        # Renaming changes it (rename(2)); a file that was never turned over is of unknown age.
        turned = old[-1].stat().st_ctime if old else 0.0
        age_s = time.time() - turned
        if not size or 0 <= age_s < self._limits.pause_s or space.of(self._folder)[1] < FREE_BYTES:
            return False
        return size >= self._limits.size_bytes or age_s >= self._limits.age_s

    def _is_being_read(self, source: str) -> bool:
        """Whether what is left to read and to commit is little, and all of it in the present file."""
        try:
            status = (self._folder / FILES[source]).stat()
        except FileNotFoundError:
            # Asterisk makes it with its first row, and writes messages before that.
            return False
        position = self._position(source)
        return position.inode == status.st_ino and status.st_size - position.offset <= UNREAD_BYTES

    def _unread(self, name: str, inodes: list[int]) -> list[int]:
        """The files, of these in order of age, that were not read to their end; of the others only the newest
        lines matter."""
        source = next((source for source, file in FILES.items() if file == name), None)
        if source is None:
            return []
        position = self._position(source)
        return inodes[inodes.index(position.inode) :] if position.inode in inodes else inodes

    def _position(self, source: str) -> Position:
        with self._store.read() as db:
            return feeds.position(db, source)
