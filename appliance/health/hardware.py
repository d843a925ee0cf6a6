"""Disks, file systems, sensors and network cards as sysfs and the kernel's counters show them.

`sys` is where sysfs is; a test gives its own. A file that a kernel does not have is a fact that is not known.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from appliance.health import wear
from appliance.health.facts import Disk, Interface, Space, Temperature

_SECTOR = 512  # whatever the disk's own sectors are: Documentation/ABI/stable/sysfs-block
# The last two are fs/ext4/super.c's words for what it has given up.
_NOT_WRITABLE = frozenset(("ro", "emergency_ro", "shutdown"))
# JEDEC eMMC 5.1, EXT_CSD DEVICE_LIFE_TIME_EST: tenths of the life, 0x0B is beyond it; of PRE_EOL_INFO, 3 is
# urgent.
_BEYOND_LIFE, _EOL_URGENT = 0x0B, 3
# A partition that every disk with Foyer on it has: image/disk/partitions.sfdisk.
_FOYERS = "PARTNAME=foyer-key"


def disks(
    sys: Path, errors: Mapping[str, int], wears: Path = wear.FOLDER, root: Path = Path("/")
) -> tuple[Disk, ...]:
    """Every real disk: with a device behind it, and a medium in it. `errors` counts failures by name,
    `wears` is where foyer-wear writes, `root` lies on the disk that the box was started from.
    """
    found = []
    started_from = _disk_below(sys, root)
    for block in sorted((sys / "block").glob("*")):
        device = block / "device"
        if not device.exists() or block.name.startswith(("sr", "fd", "nbd")):
            continue
        size = int(_text(block / "size") or 0) * _SECTOR
        if size:
            model = _text(device / "model") or _text(device / "name")
            told = wear.of_disk(block.name, wears)
            used, is_worn_out = (told.life_used, told.is_worn_out) if told else _life(device)
            # A box in another machine's namespaces was started from no disk.
            is_other = started_from not in ("", block.name) and _has_foyer(block)
            count = errors.get(block.name, 0)
            found.append(Disk(block.name, model, size, used, is_worn_out, count, is_other))
    return tuple(found)


def _disk_below(sys: Path, root: Path) -> str:
    """The disk that this file system is on, "" where it is on none."""
    device = root.stat().st_dev
    partition = sys / "dev/block" / f"{os.major(device)}:{os.minor(device)}"
    return partition.resolve().parent.name if partition.exists() else ""


def _has_foyer(block: Path) -> bool:
    return any(_FOYERS in _text(part).splitlines() for part in block.glob(f"{block.name}*/uevent"))


def _life(device: Path) -> tuple[int | None, bool]:
    """Per cent of an eMMC's life that is used (rounded up to tens), and whether that is all of it."""
    try:
        tenths = max(int(part, 16) for part in _text(device / "life_time").split())
        eol = int(_text(device / "pre_eol_info") or "0", 16)
    except ValueError:
        return None, False
    if not 0 < tenths <= _BEYOND_LIFE:
        return None, eol >= _EOL_URGENT
    return min(tenths * 10, 100), tenths >= _BEYOND_LIFE or eol >= _EOL_URGENT


def spaces(sys: Path, mounts: str, places: tuple[Path, ...]) -> tuple[Space, ...]:
    """The file systems at `places`; one that is not there is left out. `mounts` is /proc/self/mountinfo."""
    return tuple(space for place in places if (space := _space(sys, mounts, place)))


def is_read_only(mounts: str, device: str) -> bool:
    """Whether nobody can write to the file system on `device` ("8:1").

    Not by its mount, which a sandbox makes read-only for its own process: proc_pid_mountinfo(5), the options
    behind the dash are the file system's.
    """
    for line in mounts.splitlines():
        mount, _, system = line.partition(" - ")
        if mount.split()[2:3] == [device]:
            return not _NOT_WRITABLE.isdisjoint(system.split()[-1].split(","))
    return False


def _space(sys: Path, mounts: str, place: Path) -> Space | None:
    try:
        status, device = os.statvfs(place), place.stat().st_dev
    except OSError:
        return None
    # ext4 keeps the count in its superblock; /sys/fs/ext4 has it by the device's name.
    number = f"{os.major(device)}:{os.minor(device)}"
    name = (sys / "dev/block" / number).resolve().name
    errors = _text(sys / "fs/ext4" / name / "errors_count")
    return Space(
        str(place),
        status.f_blocks * status.f_frsize,
        status.f_bavail * status.f_frsize,
        is_read_only(mounts, number),
        int(errors) if errors.isdigit() else 0,
    )


def temperatures() -> tuple[Temperature, ...]:
    """Every sensor that tells a plausible temperature."""
    return tuple(
        Temperature(
            f"{chip} {sensor.label}".strip(), sensor.current, sensor.high or None, sensor.critical or None
        )
        for chip, sensors in sorted(psutil.sensors_temperatures().items())
        for sensor in sensors
        if 0 < sensor.current < 150
    )


def interfaces(sys: Path) -> tuple[Interface, ...]:
    """Network cards and their parts, but not loopback."""
    states = psutil.net_if_stats()
    return tuple(
        Interface(
            name,
            next((entry.address for entry in entries if entry.family == psutil.AF_LINK), ""),
            name in states and states[name].isup,
            tuple(_addresses(entries)),
            (sys / "class/net" / name / "device").exists(),
        )
        for name, entries in sorted(psutil.net_if_addrs().items())
        if name != "lo"
    )


def _addresses(entries: list[psutil._common.snicaddr]) -> Iterator[str]:
    for entry in entries:
        if entry.family == socket.AF_INET:
            bits = sum(int(part).bit_count() for part in (entry.netmask or "255.255.255.255").split("."))
            yield f"{entry.address}/{bits}"
        elif entry.family == socket.AF_INET6 and not entry.address.startswith("fe80:"):
            yield entry.address


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
