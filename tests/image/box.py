"""A booted box, for tests: the root that ships, its own systemd, its units in their sandboxes.

pytest runs beside the box, not in it: both are in the test root's network namespace (loopback and
192.0.2.10), so that a browser, SIPp and the box reach each other, while the box's files, processes and
journal are its own. What a test wants inside it runs with `Box.run`.

    with Box(tmp_path / "state") as box:
        box.kill("asterisk")
        until(lambda: box.is_active("asterisk"), 10)

A box listens on the ports of a real one, and on every address, unless told others; two at a time need
different ones. `Box.state` outlives it: another Box on the same folder is the same box, switched on again.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.until import Stopwatch, until

BOOT = Path(__file__).parents[2] / "image/boot.py"
READY_TIMEOUT_S = 180.0
LOG_LINES = 60


class Box:
    """One box on one state folder. `start` and `end` may be called again and again; `ready_s` is the last
    start's.
    """

    address = "192.0.2.10"

    def __init__(
        self,
        state: Path,
        *,
        https_port: int = 443,
        http_port: int = 80,
        sip_port: int = 5060,
        bind: str = "0.0.0.0",
    ) -> None:
        self.state, self.bind = state, bind
        self.https_port, self.http_port, self.sip_port = https_port, http_port, sip_port
        self.ready_s = 0.0
        self._process: subprocess.Popen[str] | None = None
        self._output: list[str] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def https_url(self) -> str:
        """The pages, under the name that the box's certificate has in any case."""
        return f"https://localhost:{self.https_port}"

    @property
    def said(self) -> str:
        """What it has told the person at the terminal."""
        return "".join(self._output)

    @property
    def otp(self) -> str:
        """The one-time administrator password; FileNotFoundError once it was used."""
        return (self.state / "secrets/admin-otp").read_text().strip()

    def start(self) -> None:
        """Boots and returns when the box is ready; AssertionError, with what it said, when it does not get
        there.
        """
        watch = Stopwatch()
        self._output.clear()
        process = subprocess.Popen(
            ["/usr/bin/python3", BOOT, "run"],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._process = process
        ready = threading.Event()
        threading.Thread(target=self._read, args=(process, ready), daemon=True).start()
        if not ready.wait(READY_TIMEOUT_S) or process.poll() is not None:
            said = "".join(self._output)
            self.end()
            raise AssertionError(f"the box did not become ready:\n{said}")
        self.ready_s = watch.seconds

    def end(self) -> None:
        """Shuts the box down in order, as Ctrl-C does; nothing happens if it does not run."""
        self._stop(signal.SIGINT)

    def power_cut(self) -> None:
        """Every process of the box is gone at once."""
        self._stop(signal.SIGKILL)

    def run(self, *command: str, check: bool = True, timeout_s: float = 60.0) -> str:
        """What the command, run as root inside the box, prints on its standard output.

        With `check` a non-zero exit code is an AssertionError that shows both outputs.
        """
        done = subprocess.run(
            ["/usr/bin/python3", BOOT, "exec", *command],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def kill(self, unit: str, signal_name: str = "SIGKILL") -> None:
        """Kills the main process of a unit, which systemd then starts again."""
        self.run("systemctl", "kill", "--kill-whom=main", f"--signal={signal_name}", unit)

    def stop(self, *units: str) -> None:
        """Stops units; they stay stopped until `begin`."""
        self.run("systemctl", "stop", *units)

    def begin(self, *units: str) -> None:
        """Starts units and waits until they are up."""
        self.run("systemctl", "start", *units)

    def is_active(self, unit: str) -> bool:
        """Whether the unit is up."""
        return self.run("systemctl", "is-active", unit, check=False).strip() == "active"

    def main_pid(self, unit: str) -> int:
        """The unit's main process as numbered in the box; 0 if it has none."""
        return int(self.run("systemctl", "show", "-P", "MainPID", unit))

    def journal(self, unit: str, lines: int = LOG_LINES) -> str:
        """The last lines of a unit's log in this run of the box."""
        return self.run("journalctl", "-q", "--no-pager", "-o", "short-precise", "-n", str(lines), "-u", unit)

    def log_tail(self) -> str:
        """The last words of the whole box, for the report of a failed test."""
        if self._process is None or self._process.poll() is not None:
            return "".join(self._output[-LOG_LINES:])
        return self.run("journalctl", "-q", "--no-pager", "-n", str(LOG_LINES), check=False)

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "STATE": str(self.state),
            "BIND": self.bind,
            "PORT": str(self.https_port),
            "HTTP_PORT": str(self.http_port),
            "SIP_PORT": str(self.sip_port),
            "NET": "host",
        }

    def _read(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._output.append(line)
            if line.startswith("ready in "):
                ready.set()
        ready.set()

    def _stop(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        try:
            first = Path("/proc", str(json.loads((self.state / ".foyer-box").read_text())["pid"]))
        except (OSError, ValueError):
            first = Path("/proc/none")
        if self._process.poll() is None:
            self._process.send_signal(number)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        # The box's first process goes last, after all others of its namespace.
        until(lambda: not first.exists(), 10, "the box's processes to be gone")
