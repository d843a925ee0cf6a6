"""Boots the image in QEMU: `make vm`, and the tests of the image. Runs in the test root, which has QEMU.

The disk is an overlay on the image, larger than it, as a real one is: first boot makes the data partition.
What `make vm` changes on it stays in build/vm; FRESH=1 starts anew. The options are those of `make run`.
"""

import base64
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import disk
import options
from steps import BUILD, Failed, finish, say

DISK_GB = 8
MEMORY_MB = 2048
# Emulated, an instruction for strings goes byte by byte: told that it is slow, the kernel clears and copies
# pages eight bytes at a time, in an eighth of the time. A fifth level of page tables, and the switching of
# access to the memory of programs (SMAP), cost an emulator much and are of no use here.
EMULATED_CPU = "max,erms=off,fsrm=off,fzrm=off,fsrs=off,fsrc=off,la57=off,smap=off"
CONSOLE_PATIENCE = "Ctrl-A, then X, switches it off"
# Debian's build of OVMF with Secure Boot enforced and Microsoft's keys enrolled.
UEFI_CODE = Path("/usr/share/OVMF/OVMF_CODE_4M.ms.fd")
UEFI_VARIABLES = Path("/usr/share/OVMF/OVMF_VARS_4M.ms.fd")


@dataclass(frozen=True)
class Forward:
    """A port of this machine that leads to one of the box; protocol tcp or udp."""

    protocol: str
    host: str
    port: int
    box_port: int

    def __str__(self) -> str:
        return f"hostfwd={self.protocol}:{self.host}:{self.port}-:{self.box_port}"


@dataclass(frozen=True)
class Machine:
    """A virtual machine: its folder keeps disk and firmware variables. It has a BIOS, or UEFI that starts
    only what is signed (Secure Boot).

    It has no telephone card, so `profile` gives it lines (provisioning/profiles); "" for none.
    """

    folder: Path
    is_secure: bool = False
    forwards: tuple[Forward, ...] = ()
    profile: str = "loopback"
    more: tuple[str, ...] = field(default=())
    disk_gb: int = DISK_GB

    def prepare(self, image: Path) -> None:
        """Makes the disk, and the firmware's memory, if they are not there yet."""
        self.folder.mkdir(parents=True, exist_ok=True)
        overlay = self.folder / "disk.qcow2"
        if not overlay.exists():
            subprocess.run(
                ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", image.resolve(), overlay,
                 f"{self.disk_gb}G"],
                check=True,
            )  # fmt: skip
        variables = self.folder / "firmware.fd"
        if self.is_secure and not variables.exists():
            shutil.copy(UEFI_VARIABLES, variables)

    def disk_options(self) -> list[str]:
        """QEMU's options that make the node `disk`."""
        return ["-drive", f"if=none,id=disk,file={self.folder / 'disk.qcow2'},discard=unmap"]

    def command(self) -> list[str]:
        """QEMU's command line, without where console and monitor go."""
        flash = [
            "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={UEFI_CODE}",
            "-drive", f"if=pflash,format=raw,unit=1,file={self.folder / 'firmware.fd'}",
        ] if self.is_secure else []  # fmt: skip
        return [
            "qemu-system-x86_64", "-nodefaults", "-no-user-config",
            # System management mode protects the variables that Secure Boot rests on.
            "-machine", "q35,smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on",
            *accelerator(), "-smp", str(min(2, os.cpu_count() or 1)), "-m", str(MEMORY_MB),
            *flash,
            *self.disk_options(),
            "-device", "virtio-blk-pci,drive=disk,bootindex=1",
            "-netdev", ",".join(["user,id=office", *map(str, self.forwards)]),
            "-device", "virtio-net-pci,netdev=office",
            "-device", "virtio-rng-pci", "-action", "watchdog=reset",
            *(credential("foyer.profile", self.profile) if self.profile else ()),
            *self.more,
        ]  # fmt: skip


def credential(name: str, value: str) -> tuple[str, str]:
    """QEMU's options that hand systemd a credential in the machine's SMBIOS tables:
    systemd.system-credentials(7).
    """
    encoded = base64.b64encode(value.encode()).decode()
    return "-smbios", f"type=11,value=io.systemd.credential.binary:{name}={encoded}"


def accelerator() -> list[str]:
    """KVM where the processor can do it; a /dev/kvm without that may be there and crash the guest."""
    flags = Path("/proc/cpuinfo").read_text().split()
    if ("vmx" in flags or "svm" in flags) and os.access("/dev/kvm", os.R_OK | os.W_OK):
        return ["-accel", "kvm", "-cpu", "host"]
    return ["-accel", "tcg,thread=multi", "-cpu", EMULATED_CPU]


def kept(image: Path, folder: Path) -> Path:
    """The image that the disk in the folder is an overlay on: it stays when a newer one is made."""
    own = folder / "image.img"
    if not own.exists():
        folder.mkdir(parents=True, exist_ok=True)
        own.hardlink_to(image)
    elif not own.samefile(image):
        say("this machine has an earlier image and what was done with it; FRESH=1 begins with the new one.")
    return own


def introduce(chosen: options.Options) -> None:
    """What a person needs to know to begin."""
    host = "localhost" if chosen.bind == "127.0.0.1" else chosen.bind
    print(
        f"""
  pages      https://{host}:{chosen.https_port}   (once it is up, in a minute or two)
  phones     {host}:{chosen.sip_port} (SIP over UDP)
  password   on the console below
  end        {CONSOLE_PATIENCE}; its disk stays in build/vm
""",
        flush=True,
    )


def main() -> int:
    chosen = options.read(os.environ, BUILD)
    options.environment(chosen)  # refuses ports that are taken
    image = disk.named_image()
    if not image.exists():
        raise Failed(f"{image} is not there: make image makes it.")
    folder = BUILD / "vm"
    if chosen.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    forwards = (
        Forward("tcp", chosen.bind, chosen.https_port, 443),
        Forward("tcp", chosen.bind, chosen.http_port, 80),
        Forward("udp", chosen.bind, chosen.sip_port, 5060),
    )
    machine = Machine(folder, forwards=forwards)
    machine.prepare(kept(image, folder))
    introduce(chosen)
    code = subprocess.run(
        [*machine.command(), "-display", "none", "-serial", "mon:stdio"], check=False
    ).returncode
    say("the machine is switched off.")
    return code


if __name__ == "__main__":
    sys.exit(finish(main))
