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


class WriteLock:
    """flock(2) on `<database>.lock`, behind a turnstile (`<database>.turn`), for the threads of all
    processes.

    The kernel wakes waiters in the order in which they came, but whoever has just written could take a
    single lock again before any of them runs. With the turnstile, held only while waiting for the lock
    itself, they have to pass behind those who wait. A process that dies lets go of both.
    """

    def __init__(self, database: Path) -> None:
        """SetupError if the lock files are missing or not ours to open."""
        self._threads = threading.Lock()
        self._turn = database.with_name(database.name + ".turn")
        self._write = database.with_name(database.name + ".lock")
        for path in (self._turn, self._write):
            os.close(_open(path))

    @classmethod
    def create(cls, database: Path) -> WriteLock:
        """Makes the lock files first, for the group of their directory."""
        for ending in (".turn", ".lock"):
            create_shared_file(database.with_name(database.name + ending))
        return cls(database)

    @contextlib.contextmanager
    def held(self, timeout_s: float) -> Iterator[None]:
        """Holds the lock for the block. TransientError after `timeout_s` seconds of waiting."""
        deadline = time.monotonic() + timeout_s
        if not self._threads.acquire(timeout=timeout_s):
            raise _busy()
        try:
            descriptor = self._at_once()
            if descriptor is None:
                descriptor = _Wait(self._turn, self._write).result(deadline)
            try:
                yield
            finally:
                os.close(descriptor)  # which unlocks it
        finally:
            self._threads.release()

    def _at_once(self) -> int | None:
        """The locked file if nobody holds or awaits it: the common case, without a thread."""
        turn = _open(self._turn)
        try:
            if _is_locked_now(turn):
                write = _open(self._write)
                if _is_locked_now(write):
                    return write
                os.close(write)
            return None
        finally:
            os.close(turn)


class _Wait:
    """Waits for turnstile and lock in a thread of its own, which can be given up: flock(2) has no time-out.

    A thread that was given up goes on waiting, and lets go of the lock as soon as it gets it.
    """

    def __init__(self, turn: Path, write: Path) -> None:
        self._paths = (turn, write)
        self._guard = threading.Lock()
        self._finished = threading.Event()
        self._given_up = False
        self._descriptor: int | None = None
        self._error: SetupError | None = None
        threading.Thread(target=self._run, name="write lock", daemon=True).start()

    def result(self, deadline: float) -> int:
        """The descriptor of the locked file; TransientError at `deadline` (monotonic clock)."""
        try:
            self._finished.wait(max(0.0, deadline - time.monotonic()))
        except BaseException:  # such as a KeyboardInterrupt: nobody would ever let go of the lock
            self._give_up()
            raise
        with self._guard:
            if self._error is not None:
                raise self._error
            if self._descriptor is None:
                self._given_up = True
                raise _busy()
            return self._descriptor

    def _give_up(self) -> None:
        with self._guard:
            self._given_up = True
            if self._descriptor is not None:
                os.close(self._descriptor)

    def _run(self) -> None:
        try:
            descriptor = self._locked()
        except SetupError as error:
            self._error = error
        else:
            with self._guard:
                if self._given_up:
                    os.close(descriptor)
                else:
                    self._descriptor = descriptor
        self._finished.set()

    def _locked(self) -> int:
        turn = _open(self._paths[0])
        try:
            fcntl.flock(turn, fcntl.LOCK_EX)
            write = _open(self._paths[1])
            fcntl.flock(write, fcntl.LOCK_EX)
            return write
        finally:
            os.close(turn)


def create_shared_file(path: Path) -> None:
    """Makes sure that `path` exists, 0660 whatever the umask; the directory's setgid bit gives the group.

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


def _open(path: Path) -> int:
    # Each time anew: descriptors that share an open file would share its lock.
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise SetupError(f"{path} cannot be opened: {error.strerror}.", "foyer-setup creates it.") from error


def _is_locked_now(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _busy() -> TransientError:
    return TransientError("The database is busy; nothing was saved.", "Try again in a moment.")
