"""The yardstick of `boot_ratio`: a Debian with nothing but a kernel and a login prompt.

Made of the same packages as the image, with Debian's own settings: an initial RAM disk for any machine, ext4.
It lies on the image's own disk in place of the system, so that firmware, boot loader and places are the same.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import base_root
import disk
import dpkg
import machine as machine_layer
import steps

from tests.image.debs import repository, required
from tests.image.vm import VirtualBox

PACKAGES = ("e2fsprogs", "initramfs-tools", "linux-image-amd64", "systemd-sysv", "udev", "zstd")
NAME = "bare"
GRUB = Path("/usr/lib/grub/i386-pc")
# What GRUB in the image's core has not built in.
GRUB_MODULES = ("fshelp.mod", "ext2.mod")
FSTAB = "/dev/disk/by-partlabel/foyer-a / ext4 errors=remount-ro 0 1\n"
GRUB_CFG = """\
regexp --set=1:disk '^([^,]+),' "$root"
insmod ext2
set root="$disk,gpt4"
probe --set=uuid --part-uuid "$root"
linux {kernel} root=PARTUUID=$uuid ro quiet console=ttyS0,115200 console=tty0
initrd {initrd}
boot
"""


@contextmanager
def machine(folder: Path) -> Iterator[VirtualBox]:
    """A virtual machine like the image's, with a bare Debian on its disk; not switched on yet."""
    folder.mkdir()
    plain = VirtualBox(folder, image=make(folder))
    try:
        yield plain
    finally:
        plain.power_cut()


def make(folder: Path) -> Path:
    """The raw disk."""
    root, image = folder / "root", folder / "bare.img"
    bootstrap(root)
    # Holes stay holes: the folder is in memory.
    subprocess.run(["cp", "--sparse=always", disk.named_image(), image], check=True)
    table = subprocess.run(["sfdisk", "--json", image], check=True, capture_output=True, text=True).stdout
    places = {
        partition["name"]: (partition["start"] * 512, partition["size"] * 512)
        for partition in json.loads(table)["partitiontable"]["partitions"]
    }
    start, size = places["foyer-a"]
    write_system(root, image, start, size)
    kernel, initrd = (
        f"/boot/{next((root / 'boot').glob(name)).name}" for name in ("vmlinuz-*", "initrd.img-*")
    )
    (folder / "grub.cfg").write_text(GRUB_CFG.format(kernel=kernel, initrd=initrd))
    esp = f"{image}@@{places['foyer-esp'][0]}"
    subprocess.run(["mcopy", "-o", "-i", esp, folder / "grub.cfg", "::/EFI/debian/grub.cfg"], check=True)
    subprocess.run(["mmd", "-i", esp, "::/EFI/debian/i386-pc"], check=True)
    modules = [GRUB / name for name in GRUB_MODULES]
    subprocess.run(["mcopy", "-i", esp, *modules, "::/EFI/debian/i386-pc"], check=True)
    shutil.rmtree(root)
    return image


def bootstrap(root: Path) -> None:
    """Installs Debian into the new folder `root`, from the packages that the build keeps."""
    base = base_root.build()
    installed = dpkg.packages([machine_layer.build(), base])
    with tempfile.TemporaryDirectory(prefix="bare-", dir=steps.BUILD) as place:
        Path(place).chmod(0o755)
        needed = required(base)
        source = repository([each for each in installed if not each.is_ours], Path(place) / "debs", needed)
        subprocess.run(
            [
                "mmdebstrap", "--quiet", "--variant=minbase", "--format=directory",
                *(f"--aptopt={option}" for option in base_root.APT_OPTIONS),
                f"--include={','.join(PACKAGES)}",
                steps.SUITE, root, source,
            ],
            check=True,
        )  # fmt: skip
    (root / "etc/fstab").write_text(FSTAB)
    (root / "etc/hostname").write_text(f"{NAME}\n")


def write_system(root: Path, image: Path, start: int, size: int) -> None:
    """Writes the root into its partition, `size` bytes from byte `start` of the image on."""
    hole = ["fallocate", "--punch-hole", "--offset", str(start), "--length", str(size), str(image)]
    subprocess.run(hole, check=True)
    subprocess.run(
        ["mke2fs", "-q", "-F", "-t", "ext4", "-E", f"offset={start},root_owner=0:0", "-d", root, image,
         f"{size // 1024}k"],
        check=True,
    )  # fmt: skip
