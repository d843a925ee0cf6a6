"""How long a second `make run` takes until it says that the box is ready, once an office works with it: it is
set up, has a history of calls, and was called. Called by `make bench`.

Measured where people run it, not in the test root: what make checks and installs beforehand counts as well.
So this runs on the host's own Python (3.11 or newer, standard library only).
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.bench.result import Measure, measure_alone
from tests.box import answers
from tests.box.client import WebClient, trust

REPOSITORY = Path(__file__).parents[2]
BUILD = Path(os.environ.get("FOYER_BUILD") or REPOSITORY / "build")
NAME = "first_call.ready_s"
RUNS = 3
CALLS = 400
SEED = """
from appliance.settings import Settings
from appliance.store import Store, users
with Store(Settings.load().db).change() as change:
    past(change, users.every(change.db)[0].id, {calls})
"""
HANG_UP = ("asterisk", "-C", "/data/config/live/asterisk/asterisk.conf", "-rx", "channel request hangup all")


def free_port(kind: socket.SocketKind) -> str:
    """A port that nobody uses now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def inside(state: Path, *command: str) -> list[str]:
    """The command line that runs this in the box on that folder."""
    return ["/usr/bin/env", f"STATE={state}", str(REPOSITORY / "image/boot.py"), "exec", *command]


def set_up(state: Path, ports: Mapping[str, str]) -> None:
    """Goes through the wizard, puts days of calls into the store, and has the test caller call."""
    with WebClient(int(ports["PORT"]), trust(int(ports["HTTP_PORT"]))) as client:
        answers.send(client, (state / "secrets/admin-otp").read_text().strip(), answers.CLINIC)
    seed = (REPOSITORY / "tests/webui/seed.py").read_text("utf-8") + SEED.format(calls=CALLS)
    account = ("runuser", "-u", "foyer-webui", "--")
    subprocess.run(inside(state, *account, "python3", "-P", "-"), input=seed, text=True, check=True)
    call(state)


def call(state: Path) -> None:
    """A caller waits for somebody, and hangs up."""
    said = ""
    for _ in range(60):  # until the settings are in use
        command = inside(state, "foyer", "test-call", "--wait")
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                said += line
                if line.startswith("Waiting in the queue"):
                    subprocess.run(inside(state, *HANG_UP), stdout=subprocess.DEVNULL, check=True)
        if process.returncode == 0:
            return
        time.sleep(0.5)
    raise SystemExit(f"no call came in: {said}")


def run_once(state: Path, use: Callable[[Path, Mapping[str, str]], None] | None = None) -> float:
    """Seconds from calling make until it says that the box is ready; then it is used, and ended as Ctrl-C
    does.
    """
    ports = {
        "PORT": free_port(socket.SOCK_STREAM),
        "HTTP_PORT": free_port(socket.SOCK_STREAM),
        "SIP_PORT": free_port(socket.SOCK_DGRAM),
    }
    began = time.monotonic()
    with subprocess.Popen(
        ["make", "--no-print-directory", "run"],
        cwd=REPOSITORY,
        env={**os.environ, **ports, "STATE": str(state), "FRESH": "", "BIND": "", "NET": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        took_s = 0.0
        for line in process.stdout:
            if line.startswith("ready in"):
                took_s = time.monotonic() - began
                try:
                    if use is not None:
                        use(state, ports)
                finally:
                    os.killpg(process.pid, signal.SIGINT)
    if not took_s:
        raise SystemExit(f"make run ended with {process.returncode} after {took_s:.1f} s")
    return took_s


def measure() -> Measure:
    """The slowest of some second runs: the promise is of each."""
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD, prefix="bench-state-") as folder:
        run_once(Path(folder), set_up)
        times = [run_once(Path(folder)) for _ in range(RUNS)]
    return Measure(
        NAME,
        round(max(times), 2),
        "s",
        10,
        "lower",
        f"from calling make run, on the state of a box that was set up, has a history of {CALLS} calls, was"
        " called and ended, until it says that it is ready: its pages answer; the slowest of"
        f" {RUNS} ({', '.join(f'{one:.1f}' for one in times)} s)",
    )


if __name__ == "__main__":
    measure_alone(NAME, measure, BUILD / "bench.json")
