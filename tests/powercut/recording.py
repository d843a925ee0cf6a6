"""A box on its first day, every write to its disk logged: first boot, the wizard, people at work.

Whatever the box acknowledges to the outside is noted with the length that the log has by then: all that made
it last stands before. So for every moment of the log it is known what may not be lost any more.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import disk
from vm import Machine

from tests.box import wizard
from tests.box.client import WebClient, trust
from tests.image.vm import VirtualBox
from tests.powercut import write_log
from tests.powercut.write_log import Entry
from tests.until import until

ADMIN = wizard.CLINIC
# Two boxes at a time: half of the time a start-up waits, and it uses one processor mostly. Not the ports of
# the tests of the image, which may run beside.
PORTS = ((16443, 16080), (17443, 17080))
# On an emulated machine, checking a password alone takes seconds.
PATIENCE_S = 120.0
WRITER = Path(__file__).with_name("writer.py")
PORT, SOCKET = "foyer.told", "told.sock"
# What a recording consists of, in its folder.
IMAGE, LOG, TOLD = "image.img", "writes.log", "told.json"
QUEUE = "/settings/queues/q1"
LIVE = "Everything works with these settings."


@dataclass(frozen=True)
class Ack:
    """Something told to the outside when the log had `size` bytes: what kind of thing, and which."""

    size: int
    kind: str
    value: str


@dataclass(frozen=True)
class Recording:
    """What happened: the disk at the beginning, the log; `up` is how much of it the first boot wrote."""

    image: Path
    log: Path
    entries: tuple[Entry, ...]
    up: int
    acks: tuple[Ack, ...]

    @classmethod
    def load(cls, folder: Path) -> Recording:
        """The recording that lies in a folder; FileNotFoundError if there is none."""
        told = json.loads((folder / TOLD).read_text())
        log = folder / LOG
        entries = tuple(entry for entry in write_log.read(log) if entry.end <= told["end"])
        first = sum(1 for entry in entries if entry.end <= told["up"])
        return cls(folder / IMAGE, log, entries, first, tuple(Ack(*ack) for ack in told["acks"]))

    def told(self, done: int) -> dict[str, list[str]]:
        """What was acknowledged when the first `done` requests were done, oldest first, by kind."""
        size = self.entries[done - 1].end if done else 0
        found: dict[str, list[str]] = {}
        for ack in self.acks:
            if ack.size <= size:
                found.setdefault(ack.kind, []).append(ack.value)
        return found


class LoggedMachine(Machine):
    """A machine whose disk keeps a log. Its files need not survive a power cut of the host."""

    @property
    def log(self) -> Path:
        """The log of writes."""
        return self.folder / LOG

    def disk_options(self) -> list[str]:
        """QEMU's options that make the node `disk`."""
        self.log.write_bytes(b"")
        lower = f"file.driver=qcow2,file.file.driver=file,file.file.filename={self.folder / 'disk.qcow2'}"
        log = f"log.driver=file,log.filename={self.log},log.cache.no-flush=on"
        options = f"{lower},file.discard=unmap,file.cache.no-flush=on,{log}"
        return ["-blockdev", f"driver=blklogwrites,node-name=disk,discard=unmap,{options}"]


@dataclass
class Office:
    """What goes on in the box while it is recorded: a LoggedMachine that has just done its first boot."""

    box: VirtualBox
    acks: list[Ack] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    up: int = field(init=False)

    def __post_init__(self) -> None:
        self.up = self.log.stat().st_size

    @property
    def log(self) -> Path:
        """The log of writes, which grows as long as the box is on."""
        return self.box.folder / LOG

    def ack(self, kind: str, value: str) -> None:
        """Notes that this was told just now."""
        self.acks.append(Ack(self.log.stat().st_size, kind, value))

    def meet(self) -> str:
        """What the new box tells of itself; returns its one-time password."""
        self.ack("authority", authority(self.box))
        one_time = self.box.otp
        self.ack("otp", one_time)
        return one_time

    def settle(self) -> None:
        """The wizard was gone through, with ADMIN's login and password."""
        self.ack("login", ADMIN.admin_login)
        self.ack("saved", "1")

    def work(self, client: WebClient, duration_s: float) -> None:
        """Saves settings and notes as administrator, and waits for each setting to be in use, while a process
        of the box writes to the store.
        """
        with self._writer():
            self._save_and_wait(client, duration_s)

    def keep(self) -> None:
        """Writes down what was told: with that the box's folder is a recording, up to this moment."""
        acks = [(ack.size, ack.kind, ack.value) for ack in self.acks]
        told = {"up": self.up, "end": self.log.stat().st_size, "acks": acks}
        (self.box.folder / TOLD).write_text(json.dumps(told))

    def _save_and_wait(self, client: WebClient, duration_s: float) -> None:
        until(partial(self.is_live, client, 1), PATIENCE_S, "the wizard's settings in use", every_s=0.5)
        end = time.monotonic() + duration_s
        wrap_up = 30
        while time.monotonic() < end:
            number = self.save(client, wrap_up)
            wrap_up += 1
            self.describe(client, self.people[-1])
            until(partial(self.is_live, client, number), PATIENCE_S, f"number {number} in use", every_s=0.5)

    def save(self, client: WebClient, wrap_up_s: int) -> int:
        """Saves the queue with another time for notes; the revision's number."""
        answer = client.save(QUEUE, wrap_up_seconds=str(wrap_up_s))
        number = answer.location.rpartition("/")[2]
        assert answer.status in (302, 303) and number.isdecimal(), (answer.status, answer.text[:2000])
        self.ack("saved", number)
        return int(number)

    def describe(self, client: WebClient, person: str) -> None:
        """Writes a note about somebody."""
        client.post(f"/people/{person}", {"note": f"called at {time.time():.0f}"})
        self.ack("note", person)

    def is_live(self, client: WebClient, number: int) -> bool:
        """Whether the page says that these settings are in use."""
        if LIVE not in client.get(f"/settings/state?number={number}").text:
            return False
        self.ack("live", str(number))
        return True

    @contextmanager
    def _writer(self) -> Iterator[None]:
        """A process of the box that writes to the store, as long as the block lasts."""
        with socket.socket(socket.AF_UNIX) as told:
            told.connect(str(self.box.folder / SOCKET))
            listener = threading.Thread(target=self._listen, args=(told,), name="commits")
            listener.start()
            account = "setpriv --reuid=foyer-webui --regid=$(id -g foyer-webui) --init-groups"
            program = f"exec {account} python3 -P -c {shlex.quote(WRITER.read_text())}"
            self.box.run(
                "systemd-run --quiet --unit=test-writer bash -c "
                + shlex.quote(f"{program} >/dev/virtio-ports/{PORT}")
            )
            try:
                until(lambda: self.people, PATIENCE_S, f"a first commit: {self._complaints()}")
                yield
            finally:
                self.box.run("systemctl stop test-writer")
                told.shutdown(socket.SHUT_RDWR)
                listener.join()

    def _complaints(self) -> str:
        return self.box.run("journalctl -q --no-pager -u test-writer -n 20", check=False)

    def _listen(self, told: socket.socket) -> None:
        with told.makefile("r") as lines:
            for line in lines:
                event, person = line.split()
                self.ack("event", event)
                self.people.append(person)


def copy(disk_image: Path, to: Path) -> None:
    """Copies a raw disk, leaving holes where it has zeros."""
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", disk_image, to], check=True)


def visit(box: VirtualBox) -> WebClient:
    """A new session with the box's pages."""
    return WebClient(box.https_port, trust(box.http_port), "localhost", PATIENCE_S)


def authority(box: VirtualBox) -> str:
    """The certificate of the box's own authority, as its users fetch it."""
    certificates = trust(box.http_port).get_ca_certs(binary_form=True)
    return hashlib.sha256(b"".join(certificates)).hexdigest()


def ear(folder: Path) -> tuple[str, ...]:
    """QEMU's options for a box in this folder to be heard by its Office."""
    return (
        "-chardev", f"socket,id=told,path={folder / SOCKET},server=on,wait=off",
        "-device", f"virtserialport,chardev=told,name={PORT}",
    )  # fmt: skip


def record(folder: Path, duration_s: float) -> Recording:
    """Boots a new box in the empty `folder` and works for a while (seconds) once it is set up."""
    folder.mkdir(parents=True, exist_ok=True)
    copy(disk.named_image(), folder / IMAGE)
    https_port, http_port = PORTS[0]
    with VirtualBox(
        folder, https_port=https_port, http_port=http_port, more=ear(folder), machine=LoggedMachine,
        image=folder / IMAGE,
    ) as box:  # fmt: skip
        office = Office(box)
        one_time = office.meet()
        with visit(box) as client:
            wizard.send(client, one_time, ADMIN)
            office.settle()
            office.work(client, duration_s)
        office.keep()
    return Recording.load(folder)
