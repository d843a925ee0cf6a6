"""`make vm`: what it tells whoever starts it, what it refuses, what it keeps. QEMU is real; its disk is
empty, since what the image does in there is for the tests that boot it.
"""

from __future__ import annotations

import base64
import json
import os
import queue
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
import release

from tests.until import until

VM = Path(__file__).parents[2] / "image/vm.py"
PATIENCE_S = 60
# QEMU's own keys, in the terminal that is its console.
SWITCH_OFF = b"\x01x"
EARLIER = "this machine has an earlier image and what was done with it; FRESH=1 begins with the new one."
PORTS = {"PORT": 18443, "HTTP_PORT": 18080, "SIP_PORT": 18060}


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A build folder with an image in it."""
    put_image(tmp_path)
    return tmp_path


def put_image(build: Path) -> Path:
    """Another image under the name of the one that is made of these sources."""
    image = build / f"{release.release().image_name}.img"
    image.unlink(missing_ok=True)
    image.write_bytes(bytes(1 << 20))
    return image


def environment(build: Path, **options: str) -> dict[str, str]:
    ports = {name: str(port) for name, port in PORTS.items()}
    return {**os.environ, "FOYER_BUILD": str(build), **ports, **options}


class Running:
    """`make vm` in a terminal."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._said: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._words = b""
        assert process.stdout
        self._reader = threading.Thread(target=self._read, args=(process.stdout,))
        self._reader.start()

    def _read(self, output: IO[bytes]) -> None:
        while said := os.read(output.fileno(), 4096):
            self._said.put(said)

    def said(self) -> str:
        """All that stands in the terminal by now."""
        while not self._said.empty():
            self._words += self._said.get()
        return self._words.decode(errors="replace")

    def press(self, keys: bytes) -> None:
        assert self._process.stdin
        self._process.stdin.write(keys)
        self._process.stdin.flush()

    def qemu(self) -> list[str]:
        """The command line of its QEMU."""
        own = Path("/proc", str(self._process.pid))
        (child,) = (own / "task" / own.name / "children").read_text().split()
        return Path("/proc", child, "cmdline").read_text().split("\0")

    def end(self) -> int:
        """Its exit code, once it has ended."""
        code = self._process.wait(PATIENCE_S)
        self._reader.join()
        return code

    def log_tail(self) -> str:
        return self.said()


@contextmanager
def running(build: Path, **options: str) -> Iterator[Running]:
    """It was started; whatever comes, it has ended afterwards."""
    with subprocess.Popen(
        [sys.executable, VM],
        env=environment(build, **options),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
    ) as process:
        vm = Running(process)
        try:
            yield vm
        finally:
            # With its QEMU.
            if process.poll() is None:
                os.killpg(process.pid, 9)


def refused(build: Path, **options: str) -> str:
    """What it says when it does not start anything."""
    done = subprocess.run(
        [sys.executable, VM], env=environment(build, **options), capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 1 and done.stdout == "", done
    assert not (build / "vm").exists()
    return done.stderr.strip()


def is_reached(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def test_it_says_where_the_box_will_be_and_leads_there(build: Path) -> None:
    with running(build) as vm:
        until(lambda: is_reached(PORTS["PORT"]) and is_reached(PORTS["HTTP_PORT"]), PATIENCE_S, "the pages")
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone,
            pytest.raises(OSError, match="in use"),
        ):
            phone.bind(("127.0.0.1", PORTS["SIP_PORT"]))
        said = vm.said()
        assert re.search(r"^  pages      https://localhost:18443 ", said, re.MULTILINE)
        assert re.search(r"^  phones     localhost:18060 \(SIP over UDP\)", said, re.MULTILINE)
        assert "password   on the console below" in said and "Ctrl-A, then X, switches it off" in said
        assert profile(vm.qemu()) == "loopback"
        vm.press(SWITCH_OFF)
        assert vm.end() == 0
        assert "foyer: the machine is switched off." in vm.said()
    info = subprocess.run(
        ["qemu-img", "info", "--output=json", build / "vm/disk.qcow2"], capture_output=True, check=True
    )
    below = json.loads(info.stdout)["full-backing-filename"]
    assert Path(below).samefile(build / f"{release.release().image_name}.img")


def profile(qemu: list[str]) -> str:
    """The profile that systemd finds in this machine's tables: a folder of provisioning/profiles."""
    (given,) = (option for option in qemu if "io.systemd.credential.binary:foyer.profile=" in option)
    name = base64.b64decode(given.partition("foyer.profile=")[2]).decode()
    assert (VM.parents[1] / "provisioning/profiles" / name).is_dir()
    return name


def a_run(build: Path, **options: str) -> str:
    """What it says from its start until it is switched off."""
    with running(build, **options) as vm:
        until(lambda: is_reached(PORTS["PORT"]), PATIENCE_S, "the pages")
        vm.press(SWITCH_OFF)
        assert vm.end() == 0
        return vm.said()


def test_its_machine_stays_with_its_image_until_a_new_one_is_asked_for(build: Path) -> None:
    a_run(build)
    machine = build / "vm"
    (machine / "kept").touch()
    put_image(build)
    assert EARLIER in a_run(build)
    assert (machine / "kept").exists()
    assert EARLIER not in a_run(build, FRESH="1")
    assert not (machine / "kept").exists()


def test_without_an_image_it_says_what_makes_one(tmp_path: Path) -> None:
    assert refused(tmp_path).endswith(".img is not there: make image makes it.")


def test_a_port_that_is_taken_is_named_before_anything_starts(build: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", PORTS["HTTP_PORT"]))
        other.listen()
        assert refused(build) == (
            "foyer: port 18080 of 127.0.0.1 is taken by another program:"
            " end it or choose another with HTTP_PORT=."
        )


def test_an_address_that_is_not_this_machines_is_refused(build: Path) -> None:
    assert "is not an address of this machine" in refused(build, BIND="198.51.100.7")
