"""Makes the disk image from the box's root. Runs inside the test root, started by disk.sh:

    /mnt   the box's root     /opt   the folder image/     /srv   gets foyer.img

No loop device and no mount: file systems are written into files, and those to their places in the image.
"""

import os
import shlex
import struct
import subprocess
import sys
from pathlib import Path

BOX = Path("/mnt")
SOURCES = Path("/opt/disk")
OUT = Path("/srv")
IMAGE = OUT / "foyer.img"
SYSTEM = OUT / "system.squashfs"
ESP = OUT / "esp.img"
SECTOR = 512
MIB = 1 << 20
# What GRUB needs built in when it cannot ask UEFI for a disk; Debian's signed one has all of these.
BIOS_MODULES = "biosdisk part_gpt fat squash4 linux normal configfile regexp probe test echo"
# What lies in the slot as it is: what is packed already, and programs and libraries, which every start reads.
# To unpack these takes an old processor longer than a disk needs for their size, and a start waits for both.
# The file to download is packed as a whole. Libraries above the limit are tables of rare use.
UNPACKED = (
    "(subpathname(boot)||name(*.pyc)||subpathname(usr/bin)||subpathname(usr/sbin)"
    "||name(*.so*)&&filesize(<=7M))"
)
# How the slot is packed: GRUB reads squashfs packed with gzip or xz. The list of what stays out comes last.
PACKING = (
    "-noappend -no-progress -quiet -comp xz -b 256K"
    f" -xattrs-exclude ^trusted -action {shlex.quote(f'uncompressed@{UNPACKED}')}"
    " -wildcards -e var/cache/apt/* var/lib/apt/lists/* var/log/* tmp/* run/* dev/*"
)
ESP_FILES = {
    "EFI/BOOT/BOOTX64.EFI": Path("/usr/lib/shim/shimx64.efi.signed"),
    "EFI/BOOT/mmx64.efi": Path("/usr/lib/shim/mmx64.efi.signed"),
    "EFI/BOOT/grubx64.efi": Path("/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed"),
    # The place is Debian's, compiled into its signed GRUB.
    "EFI/debian/grub.cfg": SOURCES / "grub.cfg",
}


def run(command: str, *paths: Path, stdin: str | None = None) -> str:
    """Runs a command line, paths appended, and returns what it prints."""
    done = subprocess.run(
        [*shlex.split(command), *map(str, paths)], input=stdin, text=True, stdout=subprocess.PIPE, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{command} ended with {done.returncode}")
    return done.stdout


def make_system() -> None:
    """The slot's content."""
    run(f"mksquashfs /mnt /srv/system.squashfs {PACKING}")


def make_esp(size: int) -> None:
    """The EFI system partition, `size` bytes."""
    ESP.write_bytes(b"")
    os.truncate(ESP, size)
    run("mformat -F -v FOYER -i /srv/esp.img ::")
    folders = sorted({str(parent) for name in ESP_FILES for parent in Path(name).parents} - {"."})
    for folder in folders:
        run(f"mmd -i /srv/esp.img ::/{folder}")
    for name, source in ESP_FILES.items():
        run(f"mcopy -i /srv/esp.img {source} ::/{name}")


def partitions() -> dict[str, tuple[int, int]]:
    """Writes the partition table into the image; name -> first sector and number of sectors."""
    table = (SOURCES / "partitions.sfdisk").read_text()
    run("sfdisk --quiet --no-reread --no-tell-kernel", IMAGE, stdin=table)
    found = {}
    for line in run("sfdisk --dump", IMAGE).splitlines():
        if " : " in line:
            fields = dict(
                field.split("=", 1) for field in line.partition(" : ")[2].replace(" ", "").split(",")
            )
            found[fields["name"].strip('"')] = (int(fields["start"]), int(fields["size"]))
    return found


def boot_code(core_sector: int) -> tuple[bytes, bytes]:
    """The first 440 bytes of the disk, and GRUB's core image, which begins at that sector.

    Done by hand, since grub-bios-setup wants a device. Offsets: grub-core/boot/i386/pc/boot.S and diskboot.S,
    include/grub/i386/pc/boot.h.
    """
    run(f"grub-mkimage -O i386-pc -p (,gpt2)/EFI/debian -o /srv/core.img {BIOS_MODULES}")
    core = bytearray((OUT / "core.img").read_bytes())
    (OUT / "core.img").unlink()
    boot = bytearray(Path("/usr/lib/grub/i386-pc/boot.img").read_bytes()[:440])
    struct.pack_into("<Q", boot, 0x5C, core_sector)
    # GRUB_BOOT_MACHINE_DRIVE_CHECK: trust the drive number only if it looks like a hard disk's, as firmware
    # may hand over nonsense. Two no-operations in place of a jump.
    boot[0x66:0x68] = b"\x90\x90"
    # The list of blocks at the end of the core's first sector: where the rest of it is.
    struct.pack_into("<Q", core, SECTOR - 12, core_sector + 1)
    return bytes(boot), bytes(core)


def write(offset: int, content: bytes) -> None:
    """Writes into the image."""
    with IMAGE.open("r+b") as image:
        image.seek(offset)
        image.write(content)


def copy(source: Path, sector: int, room: int) -> None:
    """Copies a file to its partition, leaving holes where it has zeros."""
    if source.stat().st_size > room * SECTOR:
        sys.exit(f"{source.name} has {source.stat().st_size >> 20} MiB, its partition {room * SECTOR >> 20}.")
    with source.open("rb") as file, IMAGE.open("r+b") as image:
        image.seek(sector * SECTOR)
        while block := file.read(MIB):
            if any(block):
                image.write(block)
            else:
                image.seek(len(block), os.SEEK_CUR)


def main() -> None:
    make_system()
    # Everything, the gap before it, and the second copy of the partition table.
    sizes = (1, 1, 64, 1, 768, 1)
    IMAGE.write_bytes(b"")
    os.truncate(IMAGE, sum(sizes) * MIB)
    places = partitions()
    make_esp(places["foyer-esp"][1] * SECTOR)
    copy(ESP, *places["foyer-esp"])
    copy(SYSTEM, *places["foyer-a"])
    boot, core = boot_code(places["foyer-bios"][0])
    write(0, boot)
    write(places["foyer-bios"][0] * SECTOR, core)
    ESP.unlink()
    SYSTEM.unlink()


if __name__ == "__main__":
    main()
