"""The life of a Foyer process: systemd's notifications and watchdog, signals, threads, and a loud death.

Each `__main__.py` makes one Service, spawns its threads, calls `ready` and then returns `run()` to
sys.exit. An unexpected exception in any thread is logged and ends the process with 1, and systemd starts it
again: a process that lives with a dead thread is worse than one that restarts.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from systemd import daemon

from appliance.errors import FoyerError

# sd-daemon(3): a line's leading "<N>" is its syslog priority.
_PRIORITY = (
    (logging.CRITICAL, 2),
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
    (logging.NOTSET, 7),
)
_SECRET = re.compile(r"(?i)\b(password|passwd|secret|token|otp|authorization)(['\"]?\s*[=:]\s*)(\S+)")
_TICK_S = 1.0


@dataclass
class _Beat:
    """The last sign of life of a thread that promised to give one every `every_s` seconds (monotonic
    clock).
    """

    every_s: float
    last: float


class Service:
    """One process. `stop` is set once it has to end; every loop of every thread waits on it with a
    time-out.
    """

    def __init__(self, name: str, *, grace_s: float = 5.0) -> None:
        """`grace_s` is how long the threads have to end once `stop` is set."""
        self.name = name
        self._grace_s = grace_s
        self.stop = threading.Event()
        self.log = logging.getLogger(name)
        self._threads: list[threading.Thread] = []
        self._beats: dict[str, _Beat] = {}
        self._lock = threading.Lock()
        self._exit_code = 0
        # Signals and failures wake run() through this pipe. A handler must not call stop.set(): it runs in
        # the main thread, which may at that moment hold the event's own lock.
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)

    def start_log(self, level: int = logging.INFO) -> None:
        """Sends the log to stderr: with priorities for the journal under systemd, readable on a terminal."""
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JournalFormatter(with_priority="JOURNAL_STREAM" in os.environ))
        root = logging.getLogger()
        root.handlers[:] = [handler]
        root.setLevel(level)

    def run_once(self, work: Callable[[], object]) -> int:
        """The whole of a program that ends by itself: its exit code, 1 if the work could not be done, with
        the reason in the log.
        """
        self.start_log()
        try:
            work()
        except FoyerError as error:
            self.log.critical("%s", error)
            return 1
        return 0

    def spawn(
        self, name: str, work: Callable[[], None], *, once: bool = False, beat_s: float | None = None
    ) -> threading.Thread:
        """Starts a thread that runs `work` until `stop` is set.

        An exception ends the process, and so does returning before `stop` is set, unless `once` says that
        the work is finite. A thread with `beat_s` must call `beat()` at least that often (seconds), else
        systemd's watchdog is left hungry and the process is restarted.
        """
        thread = threading.Thread(target=self._run_thread, args=(name, work, once), name=name, daemon=True)
        with self._lock:
            if beat_s is not None:
                self._beats[name] = _Beat(beat_s, time.monotonic())
            self._threads.append(thread)
        thread.start()
        return thread

    def beat(self) -> None:
        """The calling thread is alive and not stuck."""
        with self._lock:
            beat = self._beats.get(threading.current_thread().name)
            if beat is not None:
                beat.last = time.monotonic()

    def ready(self, status: str = "") -> None:
        """Tells systemd that the process does its work from now on. To be called from the main thread."""
        self._catch_signals()  # before systemd may send one
        daemon.notify("READY=1")
        if status:
            self.status(status)

    def status(self, text: str) -> None:
        """The one line that `systemctl status` shows."""
        daemon.notify("STATUS=" + " ".join(text.split()))

    def fail(self, reason: str, error: BaseException | None = None) -> None:
        """Ends the process with exit code 1; the reason is logged with the traceback of an unexpected
        error.
        """
        # A known error explains itself; its traceback would only hide the sentence.
        traceback = None if error is None or isinstance(error, FoyerError) else error
        self.log.critical("%s", reason, exc_info=traceback)
        self._exit_code = 1
        self.stop.set()
        self._wake()

    def run(self) -> int:
        """Waits for SIGTERM, SIGINT or a failure, feeding the watchdog meanwhile; returns the exit code.

        To be called from the main thread.
        """
        self._catch_signals()
        threading.excepthook = self._on_stray_exception
        tick_s = _watchdog_tick_s(os.environ.get("WATCHDOG_USEC", ""))
        while not self.stop.is_set():
            woken, _, _ = select.select([self._wake_read], [], [], tick_s)
            if woken:
                self.stop.set()
            elif late := self._late():
                self.log.error("No sign of life from %s: the watchdog is not fed.", ", ".join(late))
            else:
                daemon.notify("WATCHDOG=1")
        daemon.notify("STOPPING=1")
        self._join()
        return self._exit_code

    def _catch_signals(self) -> None:
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _leave_it_to_the_pipe)

    def _run_thread(self, name: str, work: Callable[[], None], once: bool) -> None:
        try:
            work()
        except FoyerError as error:
            self.fail(f"{name}: {error}", error)
        except Exception as error:  # noqa: BLE001 - the outermost frame of a thread: logged, and the process ends
            self.fail(f"{name} ended by an unexpected error.", error)
        else:
            if not once and not self.stop.is_set():
                self.fail(f"{name} returned although the process goes on.")
        finally:
            with self._lock:
                self._beats.pop(name, None)

    def _late(self) -> list[str]:
        now = time.monotonic()
        with self._lock:
            return [name for name, beat in self._beats.items() if now - beat.last > beat.every_s]

    def _join(self) -> None:
        deadline = time.monotonic() + self._grace_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        hanging = [thread.name for thread in self._threads if thread.is_alive()]
        if hanging:
            self.log.warning("Ending without %s, still busy after %g s.", ", ".join(hanging), self._grace_s)

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full: run() has been woken often enough
            os.write(self._wake_write, b"\0")

    def _on_stray_exception(self, args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread else "a thread"
        self.fail(f"{name} ended by an unexpected error.", args.exc_value)


class JournalFormatter(logging.Formatter):
    """One prefix per line (a traceback has many), and no value of anything called password, secret or
    token.
    """

    def __init__(self, *, with_priority: bool) -> None:
        super().__init__(
            "%(name)s: %(message)s" if with_priority else "%(asctime)s %(levelname)s %(name)s: %(message)s"
        )
        self._with_priority = with_priority

    def format(self, record: logging.LogRecord) -> str:
        text = _SECRET.sub(r"\1\2***", super().format(record))
        if not self._with_priority:
            return text
        priority = next(number for level, number in _PRIORITY if record.levelno >= level)
        return "\n".join(f"<{priority}>{line}" for line in text.splitlines())


def _leave_it_to_the_pipe(_number: int, _frame: FrameType | None) -> None:
    """Only there so that Python writes the signal's number to the wake-up descriptor."""


def _watchdog_tick_s(watchdog_usec: str) -> float:
    """sd_watchdog_enabled(3) advises to notify at half of WATCHDOG_USEC; a third leaves room for a busy
    box.
    """
    if not watchdog_usec.isdigit() or int(watchdog_usec) == 0:
        return _TICK_S
    return min(_TICK_S, int(watchdog_usec) / 3_000_000)
