"""The life of a process, watched from outside as systemd does."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.service import JournalFormatter
from tests.until import Stopwatch

PROGRAM = """
import sys, time
from appliance.errors import SetupError
from appliance.service import Service

service = Service("foyer-test", grace_s=0.5)
service.start_log()

def work():
    while not service.stop.wait(0.05):
        service.beat()

def crash():
    raise ValueError("password=hunter2 at 3")

def known():
    raise SetupError("The disk is missing.", "Plug it in.")

def returns():
    pass

def finite():
    pass

def stuck():
    service.beat()
    service.stop.wait()

def stubborn():
    time.sleep(60)

service.spawn("worker", work, beat_s=30)
for name in sys.argv[1:]:
    service.spawn(name, globals()[name], beat_s=0.2 if name == "stuck" else None)
service.spawn("finite", finite, once=True)
service.ready("at work")
sys.exit(service.run())
"""


class Watched:
    """The program under a stand-in for systemd's notification socket."""

    def __init__(self, folder: Path, *threads: str) -> None:
        address = str(folder / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(60)
        environment = {
            **os.environ,
            "NOTIFY_SOCKET": address,
            "WATCHDOG_USEC": "300000",
            "JOURNAL_STREAM": "8:1",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *threads], env=environment, stderr=subprocess.PIPE, text=True
        )

    def told(self) -> str:
        return self.socket.recv(1000).decode()

    def until_told(self, text: str) -> None:
        while self.told() != text:
            pass

    def end(self) -> tuple[int, str]:
        _, log = self.process.communicate(timeout=60)
        return self.process.returncode, log


@contextlib.contextmanager
def watched(folder: Path, *threads: str) -> Iterator[Watched]:
    running = Watched(folder, *threads)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.communicate()
        running.socket.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ready_fed_and_stopped(tmp_path: Path, number: signal.Signals) -> None:
    with watched(tmp_path) as program:
        assert program.told() == "READY=1"
        assert program.told() == "STATUS=at work"
        for _ in range(3):
            assert program.told() == "WATCHDOG=1"
        watch = Stopwatch()
        program.process.send_signal(number)
        program.until_told("STOPPING=1")
        assert program.end() == (0, "")
        assert watch.seconds < 2


@pytest.mark.parametrize(
    ("thread", "said"),
    [
        ("crash", "crash ended by an unexpected error."),
        ("known", "known: The disk is missing. Plug it in."),
        ("returns", "returns returned although the process goes on."),
    ],
)
def test_a_dead_thread_ends_the_process_loudly(tmp_path: Path, thread: str, said: str) -> None:
    with watched(tmp_path, thread) as program:
        code, log = program.end()
    assert code == 1
    assert log.startswith(f"<2>foyer-test: {said}\n")
    assert all(line.startswith("<2>") for line in log.splitlines())
    assert ("Traceback" in log) == (thread == "crash")
    assert "hunter2" not in log


def test_a_stuck_thread_starves_the_watchdog(tmp_path: Path) -> None:
    with watched(tmp_path, "stuck") as program:
        program.until_told("STATUS=at work")
        time.sleep(1)
        program.process.send_signal(signal.SIGTERM)
        code, log = program.end()
        fed = 0
        while program.told() != "STOPPING=1":
            fed += 1
    assert code == 0
    assert "No sign of life from stuck" in log
    assert fed <= 3  # of ten


def test_a_thread_that_does_not_end_is_left_behind(tmp_path: Path) -> None:
    with watched(tmp_path, "stubborn") as program:
        program.until_told("STATUS=at work")
        program.process.send_signal(signal.SIGTERM)
        code, log = program.end()
    assert code == 0
    assert "Ending without stubborn" in log


@pytest.mark.parametrize(
    ("level", "priority"),
    [(logging.DEBUG, 7), (logging.INFO, 6), (logging.WARNING, 4), (logging.ERROR, 3), (logging.CRITICAL, 2)],
)
def test_priorities_and_hidden_secrets(level: int, priority: int) -> None:
    record = logging.LogRecord("x", level, "", 0, "one\nsecret: %s and 'token': 'abc'", ("s3cret",), None)
    lines = JournalFormatter(with_priority=True).format(record).splitlines()
    assert lines == [f"<{priority}>x: one", f"<{priority}>secret: *** and 'token': ***"]
    assert JournalFormatter(with_priority=False).format(record).endswith("and 'token': ***")
