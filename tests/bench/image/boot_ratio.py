"""How long the image takes until it answers calls, beside a bare Debian until its login prompt."""

from __future__ import annotations

import socket
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.image import bare
from tests.bench.image.office import office
from tests.bench.result import Measure
from tests.image.vm import HOST, VirtualBox

PAIRS = 3
LOOKED_EVERY_S = 0.1


def options(number: int, source: tuple[str, int], target: tuple[str, int]) -> bytes:
    """The question of RFC 3261 11 whether somebody is there, as phones and providers put it."""
    here, there = (f"{host}:{port}" for host, port in (source, target))
    return (
        f"OPTIONS sip:{there} SIP/2.0\r\nVia: SIP/2.0/UDP {here};rport;branch=z9hG4bK-{number}\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:bench@{here}>;tag=bench\r\nTo: <sip:{there}>\r\n"
        f"Call-ID: {number}@{here}\r\nCSeq: 1 OPTIONS\r\nContact: <sip:bench@{here}>\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()


class Caller:
    """The provider of the box's phone line, who asks again and again whether it is there.

    Asterisk answers nothing on SIP before it is fully booted (res_pjsip's distributor).
    """

    def __init__(self, box: VirtualBox) -> None:
        self._target = (HOST, box.sip_port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self._socket.settimeout(LOOKED_EVERY_S)
        self._asked = 0

    def is_answered(self) -> bool:
        """Asks once; whether the answer, to this or an earlier question, says yes."""
        self._asked += 1
        self._socket.sendto(options(self._asked, self._socket.getsockname(), self._target), self._target)
        try:
            return self._socket.recv(65536).startswith(b"SIP/2.0 200 ")
        except TimeoutError:
            return False

    def close(self) -> None:
        """Its port is free again."""
        self._socket.close()


def has_prompt(machine: VirtualBox) -> bool:
    """Whether its serial port asks for a name."""
    time.sleep(LOOKED_EVERY_S)
    return f"{bare.NAME} login: " in machine.console()


def boot(machine: VirtualBox, is_there: Callable[[], bool], limit_s: float = 600.0) -> float:
    """Seconds from power on; the machine ends its start-up, and is switched off in order, afterwards."""
    began = time.monotonic()
    machine.switch_on()
    while not is_there():
        assert time.monotonic() - began < limit_s, machine.log_tail()
    took_s = time.monotonic() - began
    machine.wait_up(limit_s)
    machine.switch_off()
    return took_s


def answered(box: VirtualBox) -> float:
    """Seconds until a call would be answered."""
    caller = Caller(box)
    try:
        return boot(box, caller.is_answered)
    finally:
        caller.close()


def measure(folder: Path) -> Measure:
    """Both machines in turn, each after its first boot."""
    with office(folder / "box") as box, bare.machine(folder / "bare") as plain:
        boot(plain, lambda: has_prompt(plain))
        pairs = [(answered(box), boot(plain, lambda: has_prompt(plain))) for _ in range(PAIRS)]
    told = ", ".join(f"{ready:.1f}/{prompt:.1f}" for ready, prompt in pairs)
    return Measure(
        "image.boot_ratio",
        round(statistics.median(ready / prompt for ready, prompt in pairs), 2),
        "",
        1.5,
        "lower",
        "from power on until a box that is set up answers SIP OPTIONS, beside a bare Debian (same packages,"
        " kernel, GRUB, disk, QEMU options; ext4) until its login prompt; each after its first boot; median"
        f" of {PAIRS} pairs in turn ({told} s)",
    )
