"""Disks after a power cut, opened in a box that is up: the same kernel, many cuts in the time of a few boots.

It shows what is lost, and that the file system is whole; that the box comes up is for after.py.
"""

from __future__ import annotations

import json
import shlex
import shutil
import socket
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.image.vm import VirtualBox
from tests.powercut.after import INSIDE, disk_after, lost
from tests.powercut.recording import Recording
from tests.powercut.write_log import Cut
from tests.until import until

OPEN = Path(__file__).with_name("open_disk.sh")
PORTS = (14443, 14080)
CLOSE = "umount /run/cut; cryptsetup close cut"


class Monitor:
    """QEMU's own commands, by its machine protocol (QMP)."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(60)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rw")
        self._read("QMP")
        self.ask("qmp_capabilities")

    def ask(self, command: str, **arguments: Any) -> None:
        """Gives a command; a refusal is an AssertionError."""
        json.dump({"execute": command, "arguments": arguments}, self._lines)
        self._lines.flush()
        self._read("return")

    def close(self) -> None:
        """Ends the session."""
        self._lines.close()
        self._socket.close()

    def _read(self, kind: str) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = json.loads(self._lines.readline())
            assert "error" not in message, message
            if kind in message:
                return message


class Examiner:
    """A box that is up, with a place to plug disks in."""

    def __init__(self, folder: Path, recording: Recording) -> None:
        self._folder, self._recording = folder, recording
        control = folder / "control.sock"
        self._box = VirtualBox(
            folder,
            https_port=PORTS[0],
            http_port=PORTS[1],
            more=(
                "-device", "virtio-scsi-pci,id=scsi",
                "-chardev", f"socket,id=control,path={control},server=on,wait=off",
                "-mon", "chardev=control,mode=control",
            ),
        )  # fmt: skip
        self._control = control

    def __enter__(self) -> Self:
        self._box.start()
        self._monitor = Monitor(self._control)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._monitor.close()
        self._box.power_cut()

    def examine(self, cut: Cut, told: dict[str, list[str]], name: str) -> list[str]:
        """What is wrong with the disk that this cut leaves, if these things were told before. The disk is
        deleted if nothing is.
        """
        folder = self._folder / name
        disk = disk_after(self._recording, cut, folder)
        file = {"driver": "file", "filename": str(disk)}
        self._monitor.ask("blockdev-add", **{"driver": "raw", "node-name": name, "file": file})
        self._monitor.ask("device_add", driver="scsi-hd", bus="scsi.0", drive=name, id=name, serial=name)
        try:
            self._box.run(f"set {name}; {OPEN.read_text()}")
            found = json.loads(
                self._box.run(f"FOYER_DATA=/run/cut python3 -P -c {shlex.quote(INSIDE.read_text())}")
            )
            wrong = lost(found, told)
        except AssertionError as error:
            wrong = [str(error)]
        self._box.run(CLOSE, check=False)
        self._monitor.ask("device_del", id=name)
        until(lambda: self._is_free(name), 30, f"{name} to be unplugged")
        if not wrong:
            shutil.rmtree(folder)
        return wrong

    def _is_free(self, name: str) -> bool:
        self._monitor.ask("blockdev-del", **{"node-name": name})
        return True
