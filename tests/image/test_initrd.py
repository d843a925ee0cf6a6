"""The initial RAM disk of the image finds the disk that the box was started from, whatever that hangs on.

Kernel and initial RAM disk alone, without the rest of the image, which brings every driver of its own: one
machine with a disk on each of the buses and adapters that QEMU has of them, each of another size.
"""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import base_root
import machine
import pytest
import steps
import vm

from tests.until import until

pytestmark = [pytest.mark.vm, pytest.mark.xdist_group("initrd")]

# Bus or adapter -> QEMU's devices, the last of which is the disk.
BUSES = {
    "SATA": ("ide-hd,bus=ide.0",),
    "IDE": ("piix3-ide,id=old", "ide-hd,bus=old.0"),
    "NVMe": ("nvme,serial=1",),
    "USB 3": ("qemu-xhci,id=usb3", "usb-storage,bus=usb3.0"),
    "USB 2": ("usb-ehci,id=usb2", "usb-storage,bus=usb2.0"),
    "USB attached SCSI": ("usb-uas,bus=usb3.0,id=uas", "scsi-hd,bus=uas.0"),
    "SD": ("sdhci-pci,id=sd", "sd-card,bus=sd-bus"),
    "UFS": ("ufs,id=ufs", "ufs-lu,bus=ufs,lun=0"),
    "LSI MegaRAID": ("megasas,id=raid", "scsi-hd,bus=raid.0"),
    "Symbios SCSI": ("lsi53c895a,id=symbios", "scsi-hd,bus=symbios.0"),
    "VMware": ("pvscsi,id=vmware", "scsi-hd,bus=vmware.0"),
    "virtio": ("virtio-blk-pci",),
    "virtio SCSI": ("virtio-scsi-pci,id=virtio", "scsi-hd,bus=virtio.0"),
}
# A card's size is a power of two.
SIZES = {bus: number << 20 for number, bus in enumerate(BUSES, start=33)} | {"SD": 64 << 20}
ASK = 'for disk in /sys/class/block/*; do echo "size $(cat $disk/size)"; done\n'
PROMPT = "(initramfs)"


@dataclass
class Shell:
    """The shell that initramfs-tools has for repairs, on the serial port."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    def read(self, output: IO[str]) -> None:
        """Keeps what it says, until it ends."""
        while character := output.read(1):
            self.said.append(character)

    def log_tail(self) -> str:
        """All that it said."""
        return "".join(self.said)

    def sizes(self) -> set[int]:
        """How large the disks are that it knows of by now, in bytes."""
        assert self.process.stdin
        self.process.stdin.write(ASK)
        self.process.stdin.flush()
        return {int(sectors) * 512 for sectors in re.findall(r"^size (\d+)", self.log_tail(), re.MULTILINE)}


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """The machine, stopped before it looks for the system."""
    base = steps.content_stamp(base_root.INPUTS)
    boot = steps.BUILD / "machine" / steps.content_stamp(machine.INPUTS, base) / "boot"
    disks: list[str] = []
    for number, (bus, devices) in enumerate(BUSES.items()):
        file = tmp_path / f"{number}.img"
        with file.open("wb") as empty:
            empty.truncate(SIZES[bus])
        *adapter, last = devices
        disks += ["-drive", f"if=none,id=disk{number},format=raw,file={file}"]
        disks += [word for device in adapter for word in ("-device", device)]
        disks += ["-device", f"{last},drive=disk{number}"]
    command = [
        "qemu-system-x86_64", "-nodefaults", "-no-user-config",
        "-machine", "q35", *vm.accelerator(), "-m", "512", "-display", "none", "-serial", "stdio", *disks,
        "-kernel", str(boot / "vmlinuz"), "-initrd", str(boot / "initrd.img"),
        "-append", "console=ttyS0 break=premount quiet",
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        started = Shell(process)
        assert process.stdout
        reader = threading.Thread(target=started.read, args=(process.stdout,))
        reader.start()
        yield started
        process.kill()
        reader.join()


def test_it_finds_disks_on_every_bus(shell: Shell) -> None:
    until(lambda: PROMPT in shell.log_tail(), 120, "the shell")

    def missing() -> list[str]:
        found = shell.sizes()
        return [bus for bus, size in SIZES.items() if size not in found]

    def has_all() -> bool:
        lacking = missing()
        assert not lacking, f"no disk by {lacking}"
        return True

    until(has_all, 60, "a disk on every bus", every_s=1)
