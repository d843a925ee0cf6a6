"""The processes of a booted box as its host sees them: start, ready, commands inside, end."""

import contextlib
import http.client
import json
import os
import secrets
import signal
import ssl
import subprocess
import threading
import time
from pathlib import Path

from steps import BUILD, IMAGE, REPOSITORY, Failed, children_of, say

READY_TIMEOUT_S = 90.0
END_TIMEOUT_S = 20.0
VISITORS_END_S = 1.0
# systemd(1): orderly shutdown of a container, without the host's power.
SIGRTMIN_PLUS_3 = signal.SIGRTMIN + 3
# systemd's own message catalogue (SD_MESSAGE_UNIT_FAILURE_RESULT): a unit failed.
UNIT_FAILED = "d9b373ed55a64feb8242e02dbe79a49c"
FAILURE_SHOWN_EVERY_S = 60.0


def inside(pid: int, command: list[str]) -> list[str]:
    """The command line that runs `command` inside the box whose first process is `pid`, as root, in its
    /root.
    """
    return [
        "nsenter", f"--target={pid}", "--mount", "--pid", "--ipc", "--uts", "--net", "--cgroup",
        "--wdns=/root", "/usr/bin/env", "-i", "HOME=/root", f"TERM={os.environ.get('TERM', 'dumb')}",
        "LANG=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *command,
    ]  # fmt: skip


def answers(bind: str, port: int) -> bool:
    """Whether the pages say that they are well. Who they are is not checked: the authority may be new."""
    tls = ssl.create_default_context()
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    host = "127.0.0.1" if bind == "0.0.0.0" else bind  # noqa: S104 - only compared
    connection = http.client.HTTPSConnection(host, port, timeout=5, context=tls)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def visitors(pid: int) -> list[int]:
    """The processes in the box of this first process that came in from outside, as `inside` does it."""
    box = namespace(pid)
    found = []
    for path in Path("/proc").iterdir():
        if not path.name.isdigit() or path.name == str(pid) or namespace(int(path.name)) != box:
            continue
        with contextlib.suppress(OSError, ValueError):  # ended meanwhile
            # proc(5): the fourth field; the second is in brackets and may have spaces in it.
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if namespace(parent) != box:
                found.append(int(path.name))
    return found if box else []


def namespace(pid: int) -> str:
    """The name of a process's process namespace; "" if it has ended."""
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:
        return ""


def end_visitors(pid: int) -> None:
    """Ends who looks into a box that is about to end.

    systemd-shutdown waits for them, but as they are not its children it does not learn that they ended, and
    waits for ten seconds.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        for visitor in visitors(pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(visitor, number)
        deadline = time.monotonic() + VISITORS_END_S
        while visitors(pid) and time.monotonic() < deadline:
            time.sleep(0.02)


def show_failures(journal: subprocess.Popen[str]) -> None:
    """Reads what `journalctl -o json` says of failed units until it ends."""
    assert journal.stdout is not None
    shown: dict[str, float] = {}
    for line in journal.stdout:
        entry = json.loads(line)
        unit = str(entry.get("UNIT", ""))
        if time.monotonic() - shown.get(unit, -FAILURE_SHOWN_EVERY_S) < FAILURE_SHOWN_EVERY_S:
            continue
        shown[unit] = time.monotonic()
        why = f"image/boot.py exec journalctl -u {unit}"
        say(f"{time.strftime('%H:%M:%S')} {unit} failed ({entry.get('UNIT_RESULT')}); see: {why}")


class Box:
    """A box that was started. `pid` is its systemd; `process` waits for it and dies with it, and with us."""

    def __init__(self, process: subprocess.Popen[bytes], pid: int, cgroup: str) -> None:
        self.process = process
        self.pid = pid
        self._cgroup = cgroup
        self._journal: subprocess.Popen[str] | None = None

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command inside; for short ones of systemd's."""
        return subprocess.run(
            inside(self.pid, list(command)), capture_output=True, text=True, timeout=30, check=False
        )

    def wait_ready(self, pages: tuple[str, int] | None) -> None:
        """Returns when foyer.target is reached and, where `pages` says where, the pages answer.

        From then on, and while it waits, a unit that fails is shown. Failed when it takes too long.
        """
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not (self._is_reached() and (pages is None or answers(*pages))):
            if self.process.poll() is not None:
                raise Failed("the box ended while it started: the lines above say why.")
            if time.monotonic() > deadline:
                errors = self.run("journalctl", "-q", "-p", "err", "-n", "10", "-o", "cat").stdout
                raise Failed(f"the box did not become ready within {READY_TIMEOUT_S:.0f} s.\n{errors}")
            if self._journal is None and self._is_up():
                self._show_failures()
            time.sleep(0.1)
        if self._journal is None:
            self._show_failures()

    def _is_up(self) -> bool:
        """Whether systemd takes orders and the journal is written."""
        return self.run("systemctl", "is-active", "systemd-journald.service").stdout.strip() == "active"

    def _is_reached(self) -> bool:
        return self.run("systemctl", "is-active", "foyer.target").stdout.strip() == "active"

    def _show_failures(self) -> None:
        """From now on, a line for a unit that fails; at most one a minute for each."""
        command = inside(
            self.pid, ["journalctl", "-q", "-b", "-f", "-n", "all", "-o", "json", f"MESSAGE_ID={UNIT_FAILED}"]
        )
        self._journal = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace")
        threading.Thread(target=show_failures, args=(self._journal,), daemon=True).start()

    def end(self) -> None:
        """Shuts the box down in order; what is left after a while is killed with its process namespace."""
        end_visitors(self.pid)
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
    deadline = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < deadline:
        if found := children_of(process.pid):
            return Box(process, found[0], cgroup)
        time.sleep(0.01)
    process.kill()
    raise Failed("the box could not be started in namespaces of its own: the lines above say why.")
