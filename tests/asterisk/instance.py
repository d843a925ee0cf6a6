"""A private real Asterisk for a test: own directories, ended with the test, its log kept for the report.

Started from a mapping of file names to texts (`queues.conf` ...), either written by the test or rendered
by the product. Ports are the ones in those files; `free_port` finds some. Runs as the test's own user.
"""

import itertools
import os
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.until import until

MODULES = next(iter(Path("/usr/lib").glob("*/asterisk/modules")), Path("/usr/lib/asterisk/modules"))
BOOT_S = 30.0

LOGGER = "[general]\n[logfiles]\nmessages => notice,warning,error,verbose(3)\n"
MODULES_CONF = "[modules]\nautoload=yes\nnoload=res_hep.so\nnoload=res_hep_pjsip.so\nnoload=res_hep_rtcp.so\n"


# Ports that the system gives nobody by itself: it begins at 32768.
PORTS = itertools.cycle(range(21000, 30000))


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody uses now, neither of TCP nor of UDP, and no other test is given meanwhile:
    those that run side by side have a network each.
    """
    return next(port for port in PORTS if _is_free(host, port))


def _is_free(host: str, port: int) -> bool:
    try:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as probe:
                probe.bind((host, port))
    except OSError:
        return False
    return True


class PrivateAsterisk:
    """Use as a context manager; `directory` is empty and the test's own (`tmp_path`).

    Directories below it: etc, lib (AstDB), log, run, spool, data (sounds). `asterisk.conf` and, unless
    given, `logger.conf` and `modules.conf` are written here.
    """

    def __init__(self, directory: Path, files: Mapping[str, str]) -> None:
        self.directory = directory
        self.etc = directory / "etc"
        self.log = directory / "log" / "messages"
        self.process: subprocess.Popen[bytes] | None = None
        for name in ("etc", "lib", "log", "run", "spool", "cache"):
            (directory / name).mkdir(parents=True, exist_ok=True)
        self.write({"logger.conf": LOGGER, "modules.conf": MODULES_CONF, **files})
        self.write({"asterisk.conf": self._asterisk_conf(files.get("asterisk.conf", ""))})

    def _asterisk_conf(self, given: str) -> str:
        """The given file's options with this instance's directories."""
        own = {
            "astetcdir": self.etc,
            "astmoddir": MODULES,
            "astvarlibdir": self.directory / "lib",
            "astdbdir": self.directory / "lib",
            "astkeydir": self.directory / "lib",
            "astdatadir": Path("/usr/share/asterisk"),
            "astagidir": self.directory / "lib",
            "astspooldir": self.directory / "spool",
            "astcachedir": self.directory / "cache",
            "astrundir": self.directory / "run",
            "astlogdir": self.directory / "log",
            "astsbindir": Path("/usr/sbin"),
        }
        _, _, options = given.partition("[options]")
        lines = [f"{name} => {path}" for name, path in own.items()]
        return "\n".join(["[directories]", *lines, "", "[options]", options.strip(), ""])

    def write(self, files: Mapping[str, str]) -> None:
        """Write configuration files; a running Asterisk reads them at its next reload."""
        for name, text in files.items():
            path = self.etc / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start and wait until every module is up."""
        assert self.process is None, "already running"
        command = ["asterisk", "-f", "-C", str(self.etc / "asterisk.conf")]
        environment = {**os.environ, "MALLOC_ARENA_MAX": "2"}
        with (self.directory / "log" / "console").open("ab") as console:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=console, env=environment
            )
        until(self._is_booted, BOOT_S, "Asterisk to boot", every_s=0.1)

    def _is_booted(self) -> bool:
        assert self.process is not None
        ended = self.process.poll()
        if ended is not None:
            raise RuntimeError(f"Asterisk ended with {ended}\n{self.log_tail()}")
        return "fully booted" in self._ask("core waitfullybooted").stdout

    def _ask(self, command: str) -> subprocess.CompletedProcess[str]:
        call = ["asterisk", "-C", str(self.etc / "asterisk.conf"), "-rx", command]
        return subprocess.run(call, capture_output=True, text=True, timeout=30, check=False)

    def cli(self, command: str) -> str:
        """Output of a command of Asterisk's console."""
        done = self._ask(command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}\n{self.log_tail()}"
        return done.stdout

    def kill(self) -> None:
        """End it as a crash does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order; a second stop does nothing."""
        self._end(signal.SIGTERM)

    def restart(self) -> None:
        """Crash it and start it again."""
        self.kill()
        self.start()

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=30)
        self.process = None

    def log_tail(self, lines: int = 60) -> str:
        """The last lines that it logged, for a failed test's report."""
        texts = []
        for path in (self.log, self.directory / "log" / "console"):
            if path.exists():
                last = path.read_text("utf-8", "replace").splitlines()[-lines:]
                texts.append("\n".join([f"{path}:", *last]))
        return "\n".join(texts)
