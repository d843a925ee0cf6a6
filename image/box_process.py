"""The processes of a booted box as its host sees them: start, ready, commands inside, end."""

import contextlib
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from steps import BUILD, IMAGE, REPOSITORY, Failed, say

READY_TIMEOUT_S = 90.0
END_TIMEOUT_S = 20.0
# systemd(1): orderly shutdown of a container, without the host's power.
SIGRTMIN_PLUS_3 = signal.SIGRTMIN + 3
# systemd's own message catalogue: a unit entered the failed state; a unit's process ended badly.
FAILURE_MESSAGES = ("d9b373ed55a64feb8242e02dbe79a49c", "98e322203f7a4ed290d09fe03c09fe15")


def inside(pid: int, command: list[str]) -> list[str]:
    """The command line that runs `command` inside the box whose first process is `pid`, as root, in its
    /root.
    """
    return [
        "nsenter", f"--target={pid}", "--mount", "--pid", "--ipc", "--uts", "--net", "--cgroup",
        "--wdns=/root", "/usr/bin/env", "-i", "HOME=/root", f"TERM={os.environ.get('TERM', 'dumb')}",
        "LANG=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *command,
    ]  # fmt: skip


class Box:
    """A box that was started. `pid` is its systemd; `process` waits for it and dies with it, and with us."""

    def __init__(self, process: subprocess.Popen[bytes], pid: int, cgroup: str) -> None:
        self.process = process
        self.pid = pid
        self._cgroup = cgroup

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command inside; for short ones of systemd's."""
        return subprocess.run(
            inside(self.pid, list(command)), capture_output=True, text=True, timeout=30, check=False
        )

    def wait_ready(self) -> None:
        """Returns when every unit of foyer.target had its start, says which failed; Failed if that never
        comes.
        """
        deadline = time.monotonic() + READY_TIMEOUT_S
        while self.run("systemctl", "is-active", "foyer.target").stdout.strip() != "active":
            if self.process.poll() is not None:
                raise Failed("the box ended while it started: the lines above say why.")
            if time.monotonic() > deadline:
                jobs = self.run("systemctl", "list-jobs", "--no-legend").stdout
                errors = self.run("journalctl", "-q", "-p", "err", "-n", "10", "-o", "cat").stdout
                raise Failed(f"the box did not become ready within {READY_TIMEOUT_S:.0f} s.\n{jobs}{errors}")
            time.sleep(0.1)
        failed = self.run("systemctl", "--failed", "--no-legend", "--plain").stdout.splitlines()
        for line in failed:
            unit = line.split()[0]
            say(f"{unit} failed: image/boot.py exec journalctl -u {unit} says why.")

    @contextlib.contextmanager
    def journal_of_failures(self) -> Iterator[subprocess.Popen[str]]:
        """A process whose output has a line for each unit that fails from now on."""
        matches = [f"MESSAGE_ID={message}" for message in FAILURE_MESSAGES]
        command = inside(self.pid, ["journalctl", "-q", "-f", "-n", "0", "-o", "cat", *matches])
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace")
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def end(self) -> None:
        """Shuts the box down in order; what is left after a while is killed with its process namespace."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, SIGRTMIN_PLUS_3)
            try:
                self.process.wait(END_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                say("it does not end by itself; killing it.")
                self.process.kill()
                self.process.wait()
        subprocess.run(["unshare", "--mount", IMAGE / "drop-cgroup.sh", self._cgroup], cwd=BUILD, check=False)


def start(layers: str, state: Path, net: str, environment: dict[str, str]) -> Box:
    """Starts systemd in namespaces of its own; returns at once."""
    cgroup = f"foyer-{secrets.token_hex(4)}"
    network = ["--net"] if net == "private" else []
    process = subprocess.Popen(
        # The box dies with unshare (--kill-child), and unshare with us (--pdeathsig), however we die.
        ["setpriv", "--pdeathsig", "KILL",
         "unshare", "--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts", *network,
         IMAGE / "inside.sh", "boot", layers],
        cwd=BUILD,
        env={
            **os.environ,
            "FOYER_REPOSITORY": str(REPOSITORY),
            "FOYER_NET": net,
            "FOYER_STATE": str(state),
            "FOYER_ENVIRONMENT": "\n".join(f"{name}={value}" for name, value in environment.items()),
            "FOYER_CGROUP": cgroup,
        },
        stdin=subprocess.DEVNULL,
        # A group of its own: the terminal's Ctrl-C is for us, who then end the box in order.
        start_new_session=True,
    )  # fmt: skip
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < deadline:
        if found := children.read_text().split():
            return Box(process, int(found[0]), cgroup)
        time.sleep(0.01)
    process.kill()
    raise Failed("the box could not be started in namespaces of its own: the lines above say why.")
