"""The image itself, booted in QEMU, for tests: its kernel, its disk, its firmware.

The image has no way in but those of its users, and gets none for tests. What a test wants inside, it asks of
a shell that QEMU's firmware brings along: systemd takes units from the firmware's tables
(systemd.system-credentials(7)), since whoever makes the machine could change its disk as well. Nothing of it
is on the disk.

    with VirtualBox(tmp_path) as box:
        assert box.run("systemctl is-system-running") == "running"
"""

from __future__ import annotations

import base64
import os
import shlex
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import disk
from vm import DISK_GB, Forward, Machine, credential

from tests.image.wire import Wire
from tests.until import until

# Where it is emulated, and another test run shares the processor, a boot takes minutes.
READY_TIMEOUT_S = 1200.0
RUN_TIMEOUT_S = 120.0
LOG_LINES = 80
ALWAYS_UP = ("foyer.target", "asterisk", "caddy", "foyer-apply", "foyer-pbx", "foyer-webui")
PORT = "/dev/virtio-ports/foyer.test"
# The one address of the tests' own network (inside.sh).
HOST = "192.0.2.10"
ASTERISK = "asterisk -C /data/config/live/asterisk/asterisk.conf -rx"
# What the shell says first. Nothing may be sent before it: UEFI has a driver for the port, and takes the
# command that is meant for the shell.
READY = "ready"
# A line in is a command; a line out its exit code and what it printed, in base64.
SHELL = f"""
until [ -e {PORT} ]; do sleep 0.2; done
exec <>{PORT} >&0 2>/dev/null
echo {READY}
while read -r line; do
    printed=$(bash -c "$(base64 -d <<<"$line")" 2>&1 | base64 -w0; exit "${{PIPESTATUS[0]}}")
    echo "$? $printed"
done
"""
CREDENTIALS = {
    "foyer.test.shell": SHELL,
    "systemd.extra-unit.test-shell.service": """
[Unit]
DefaultDependencies=no
[Service]
ImportCredential=foyer.test.shell
ExecStart=/usr/bin/bash %d/foyer.test.shell
""",
    "systemd.unit-dropin.sysinit.target~test-shell": """
[Unit]
Wants=test-shell.service
""",
}


def chip_options(folder: Path) -> tuple[str, ...]:
    """QEMU's options for a TPM 2.0 that swtpm serves in the folder."""
    return (
        "-chardev", f"socket,id=chip,path={folder}.sock", "-tpmdev", "emulator,id=chip,chardev=chip",
        "-device", "tpm-crb,tpmdev=chip",
    )  # fmt: skip


class VirtualBox:
    """One virtual machine with a disk of its own in `folder`; `start` and `power_cut` may alternate.

    It begins with the image that was built, unless `image` names another raw disk.

    Its network has no cable to anybody's: pages, and SIP where there is a `sip_port` for it, come in through
    forwarded ports, from where the box sees HOST calling. Sound it sends to HOST, and what comes back the way
    it came reaches it; see `SoundPort`'s `follows`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        is_secure: bool = False,
        https_port: int = 12443,
        http_port: int = 12080,
        sip_port: int = 0,
        profile: str = "",
        forwards: tuple[Forward, ...] = (),
        disk_gb: int = DISK_GB,
        has_chip: bool = False,
        more: tuple[str, ...] = (),
        image: Path | None = None,
        machine: type[Machine] = Machine,
    ) -> None:
        self.folder = folder
        self.https_port, self.http_port, self.sip_port = https_port, http_port, sip_port
        self.ready_s = 0.0
        self._shell = folder / "shell.sock"
        self._console = folder / "console.log"
        self._keyboard = folder / "keyboard"
        self._keys: int | None = None
        # A TPM 2.0, by swtpm; without one QEMU's machine has none.
        self._chip = folder / "chip" if has_chip else None
        self._chip_process: subprocess.Popen[bytes] | None = None
        self._process: subprocess.Popen[str] | None = None
        self._wire: Wire | None = None
        pages = (Forward("tcp", "127.0.0.1", https_port, 443), Forward("tcp", "127.0.0.1", http_port, 80))
        phones = (Forward("udp", HOST, sip_port, 5060),) if sip_port else ()
        self._image = image
        self.machine = machine(
            folder,
            is_secure,
            (*pages, *phones, *forwards),
            profile,
            (
                "-display", "none",
                "-chardev", f"file,id=console,path={self._console},input-path={self._keyboard}",
                "-serial", "chardev:console",
                "-device", "virtio-serial-pci",
                "-chardev", f"socket,id=shell,path={self._shell},server=on,wait=off",
                "-device", "virtserialport,chardev=shell,name=foyer.test",
                *(chip_options(self._chip) if self._chip else ()),
                *(option for entry in CREDENTIALS.items() for option in credential(*entry)),
                *more,
            ),
            disk_gb,
        )  # fmt: skip

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.power_cut()

    @property
    def https_url(self) -> str:
        """The pages, through the forwarded port."""
        return f"https://localhost:{self.https_port}"

    @property
    def otp(self) -> str:
        """The one-time administrator password."""
        return self.run("cat /data/secrets/admin-otp")

    def start(self) -> None:
        """Switches it on and returns when systemd has done all that it was to do."""
        began = time.monotonic()
        self.switch_on()
        self.wait_up(READY_TIMEOUT_S)
        self.ready_s = time.monotonic() - began

    def switch_on(self) -> None:
        """Switches it on and returns at once."""
        image = self._image or disk.named_image()
        assert image.exists(), f"{image} is not there: make image makes it"
        self.machine.prepare(image)
        # What the last run left there: nobody listens behind it, and what was said, was said then.
        self._shell.unlink(missing_ok=True)
        self._console.unlink(missing_ok=True)
        if self._keys is None:
            self._keyboard.unlink(missing_ok=True)
            os.mkfifo(self._keyboard)
            # For reading, too: then neither end waits for the other one.
            self._keys = os.open(self._keyboard, os.O_RDWR)
        if self._chip:
            self._chip.mkdir(exist_ok=True)
            wire = Path(f"{self._chip}.sock")
            wire.unlink(missing_ok=True)
            # It ends with the machine.
            self._chip_process = subprocess.Popen(
                ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self._chip}", "--terminate",
                 "--ctrl", f"type=unixio,path={wire}"],
            )  # fmt: skip
            until(wire.exists, 10, "swtpm")
        self._process = subprocess.Popen(
            self.machine.command(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_up(self, timeout_s: float) -> None:
        """Returns when the start-up is over, well or not; AssertionError when it takes too long."""
        try:
            self.run("systemctl is-system-running --wait || true", timeout_s=timeout_s)
        except (AssertionError, OSError) as error:
            raise AssertionError(f"the image did not come up ({error}):\n{self.log_tail()}") from error

    def run(self, command: str, *, check: bool = True, timeout_s: float = RUN_TIMEOUT_S) -> str:
        """What a shell command, run as root inside, prints, without its last newline.

        It waits for the machine to be up as far as it must be. With `check` a non-zero exit code is an
        AssertionError.
        """
        code, printed = self._answer(command, timeout_s)
        text = printed.decode(errors="replace").rstrip("\n")
        if check and code != "0":
            raise AssertionError(f"{command} ended with {code}:\n{text}")
        return text

    def read(self, path: str) -> bytes:
        """A file inside."""
        code, printed = self._answer(f"cat {shlex.quote(path)}", RUN_TIMEOUT_S)
        assert code == "0", printed
        return printed

    def asterisk(self, command: str) -> str:
        """What Asterisk's console says."""
        return self.run(f"{ASTERISK} '{command}'")

    def assert_well(self) -> None:
        """Everything that is to be up is up."""
        failed = self.failed()
        assert failed == [], f"{failed} failed:\n{self.log_tail()}"
        assert self.run("systemctl is-system-running", check=False) == "running", self.log_tail()
        states = self.run(f"systemctl is-active {' '.join(ALWAYS_UP)}", check=False).split()
        assert states == ["active"] * len(ALWAYS_UP), dict(zip(ALWAYS_UP, states, strict=False))

    def failed(self) -> list[str]:
        """The units that failed."""
        return self.run("systemctl --failed --no-legend --plain | cut -d' ' -f1").split()

    def hang(self) -> None:
        """Its kernel stops, and nothing in it does anything any more; returns at once."""
        self._ask("echo c >/proc/sysrq-trigger", RUN_TIMEOUT_S)

    def wait_restart(self, timeout_s: float) -> None:
        """Waits until it has started again by itself, so far that `run` may be asked for something."""
        wire = self._connect(timeout_s)
        while wire.line() != READY:
            pass

    def console(self) -> str:
        """What was said on the serial port since it was switched on for the last time."""
        return self._console.read_text(errors="replace") if self._console.exists() else ""

    def type_line(self, line: str) -> None:
        """Types a line on the screen at the serial port, and waits until it stands there."""
        before = len(self.console())
        self.press(f"{line}\r")
        until(lambda: f"{line}\n" in self.console()[before:], 30, f"{line!r} on the screen")

    def press(self, keys: str) -> None:
        """Presses keys at the serial port, for what shows none: a cursor key is what a terminal sends."""
        assert self._keys is not None
        os.write(self._keys, keys.encode())

    def wait_console(self, words: str, timeout_s: float, *, after: str = "") -> str:
        """Waits until the screen at the serial port says something, behind the last place where it said
        `after`, if that is asked for; returns all that it said since.
        """

        def said() -> str:
            text = self.console()
            begin = text.rfind(after) if after else 0
            return text[begin + len(after) :] if begin >= 0 else ""

        until(lambda: words in said(), timeout_s, f"{words!r} on the screen")
        return said()

    def wait_off(self, timeout_s: float) -> None:
        """Waits until it is switched off, whoever asked for that."""
        assert self._process
        self._process.communicate(timeout=timeout_s)
        self.power_cut()

    def grow_disk(self, gb: int) -> None:
        """Puts a larger disk in, with all that is on the one of now; while it is switched off."""
        subprocess.run(["qemu-img", "resize", "-q", self.folder / "disk.qcow2", f"{gb}G"], check=True)

    def switch_off(self) -> None:
        """Switches it off in order, and returns when it is off."""
        self.run("systemctl poweroff --no-block")
        self.wait_off(RUN_TIMEOUT_S)

    def power_cut(self) -> None:
        """Switches it off at once: QEMU ends what its disk was asked for, and tells the system nothing."""
        if self._keys is not None:
            os.close(self._keys)
            self._keys = None
        if self._wire:
            self._wire.close()
            self._wire = None
        if self._process:
            self._process.terminate()
            self._process.communicate()
            self._process = None
        if self._chip_process:
            self._chip_process.wait(60)
            self._chip_process = None

    def log_tail(self) -> str:
        """The last words of the machine, for the report of a failed test."""
        parts = ["console:", *self.console().splitlines()[-LOG_LINES:]]
        if self._process and self._process.poll() is not None:
            parts += ["QEMU ended:", str(self._process.communicate()[0])]
        elif self._wire:
            try:
                parts += ["journal:", self.run(f"journalctl -q --no-pager -n {LOG_LINES}", timeout_s=30)]
            except (AssertionError, OSError) as error:
                parts.append(f"no journal: {error}")
        return "\n".join(parts)

    def _answer(self, command: str, timeout_s: float) -> tuple[str, bytes]:
        """The exit code of a command, and what it printed."""
        wire = self._ask(command, timeout_s)
        # A machine that was started again has said once more that its shell is ready.
        while (answer := wire.line()) == READY:
            pass
        code, _, printed = answer.partition(" ")
        return code, base64.b64decode(printed)

    def _ask(self, command: str, timeout_s: float) -> Wire:
        wire = self._connect(timeout_s)
        wire.send(command)
        return wire

    def _connect(self, timeout_s: float) -> Wire:
        if self._wire is None:
            until(self._is_there, 30, "QEMU to start")
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(self._shell))
            wire = Wire(connection)
            wire.wait_at_most(timeout_s)
            wire.line()
            self._wire = wire
        self._wire.wait_at_most(timeout_s)
        return self._wire

    def _is_there(self) -> bool:
        assert self._process
        if self._process.poll() is not None:
            raise RuntimeError(f"QEMU ended: {self._process.communicate()[0]}")
        return self._shell.exists()
