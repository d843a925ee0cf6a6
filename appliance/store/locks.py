"""The fair lock that a writer holds: one writer at a time among all threads and processes of the box."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from appliance.errors import SetupError, TransientError

_FIRST_PAUSE_S = 0.0001
_LONGEST_PAUSE_S = 0.001


class WriteLock:
    """flock(2) on `<database>.lock`, behind a turnstile (`<database>.turn`), for the threads of all
    processes.

    flock has no time-out, so the locks are polled. Polling alone would let whoever has just written write
    again before anybody looked; with the turnstile, the waiter inside it is always next.
    """

    def __init__(self, database: Path) -> None:
        """SetupError if the lock files are missing or not ours to open."""
        self._threads = threading.Lock()
        self._turn = _open(_turn_path(database))
        self._write = _open(_write_path(database))

    @classmethod
    def create(cls, database: Path) -> WriteLock:
        """Makes the lock files first, for the group of their directory."""
        create_shared_file(_turn_path(database))
        create_shared_file(_write_path(database))
        return cls(database)

    @contextlib.contextmanager
    def held(self, timeout_s: float) -> Iterator[None]:
        """Holds the lock for the block. TransientError after `timeout_s` seconds of waiting."""
        deadline = time.monotonic() + timeout_s
        if not self._threads.acquire(timeout=timeout_s):
            raise _busy()
        try:
            _wait(self._turn, deadline)
            try:
                _wait(self._write, deadline)
            finally:
                fcntl.flock(self._turn, fcntl.LOCK_UN)
            try:
                yield
            finally:
                fcntl.flock(self._write, fcntl.LOCK_UN)
        finally:
            self._threads.release()

    def close(self) -> None:
        """Lets go of the files."""
        os.close(self._turn)
        os.close(self._write)


def create_shared_file(path: Path) -> None:
    """Makes sure that `path` exists, with mode 0660 whatever the umask; the group comes from the
    directory's setgid bit.

    SetupError: the directory is missing or not ours to write.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o660)
    except FileExistsError:
        return
    except OSError as error:
        raise SetupError(f"{path} cannot be created: {error.strerror}.", "Look at its directory.") from error
    try:
        os.fchmod(descriptor, 0o660)
    finally:
        os.close(descriptor)


def _turn_path(database: Path) -> Path:
    return database.with_name(database.name + ".turn")


def _write_path(database: Path) -> Path:
    return database.with_name(database.name + ".lock")


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise SetupError(f"{path} cannot be opened: {error.strerror}.", "foyer-setup creates it.") from error


def _wait(descriptor: int, deadline: float) -> None:
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            return
        if time.monotonic() >= deadline:
            raise _busy()
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


def _busy() -> TransientError:
    return TransientError("The database is busy; nothing was saved.", "Try again in a moment.")
