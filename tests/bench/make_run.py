"""How long a second `make run` takes until it says that the box is ready. Called by `make bench`.

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
from pathlib import Path

from tests.bench.result import Measure, measure_alone

REPOSITORY = Path(__file__).parents[2]
BUILD = Path(os.environ.get("FOYER_BUILD") or REPOSITORY / "build")
NAME = "first_call.ready_s"
RUNS = 3


def free_port(kind: socket.SocketKind) -> str:
    """A port that nobody uses now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def run_once(state: Path) -> float:
    """Seconds from calling make until it says that the box is ready; then ends it, as Ctrl-C does."""
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
                os.killpg(process.pid, signal.SIGINT)
    if not took_s:
        raise SystemExit(f"make run ended with {process.returncode} after {took_s:.1f} s")
    return took_s


def measure() -> Measure:
    """The slowest of some second runs: the promise is of each."""
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD, prefix="bench-state-") as folder:
        run_once(Path(folder))
        times = [run_once(Path(folder)) for _ in range(RUNS)]
    return Measure(
        NAME,
        round(max(times), 2),
        "s",
        10,
        "lower",
        "from calling make run, on the state of a box that was run and ended before, until it says that it"
        f" is ready: its pages answer; the slowest of {RUNS} ({', '.join(f'{one:.1f}' for one in times)} s)",
    )


if __name__ == "__main__":
    measure_alone(NAME, measure, BUILD / "bench.json")
