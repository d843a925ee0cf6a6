"""How much of its life an NVMe disk has used: only root may ask one, so foyer-wear does, now and then, and
leaves the answers in /run for everybody.

An eMMC tells in sysfs (hardware.py). A SATA disk tells in attributes that each maker means otherwise.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import logging
import os
import struct
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from appliance.service import Service

log = logging.getLogger("foyer-wear")

FOLDER = Path("/run/foyer-wear")
# linux/nvme_ioctl.h: _IOWR('N', 0x41, struct nvme_admin_cmd) and that structure.
_ADMIN_COMMAND = 0xC0484E41
_COMMAND = struct.Struct("=BBHIIIQQII6III")
# NVM Express Base Specification 2.0, 5.16: Get Log Page; 5.16.1.3 is the page of health.
_GET_LOG_PAGE, _SMART, _ALL_NAMESPACES, _PAGE_BYTES = 0x02, 0x02, 0xFFFFFFFF, 512
# Critical warnings: spare blocks run out, reliability is degraded, the medium is read-only.
_WORN_OUT = 0x01 | 0x04 | 0x08
_PERCENT_MAX = 100


@dataclass(frozen=True)
class Wear:
    """Per cent of the rated life that is used, 100 for all of it and more."""

    life_used: int
    is_worn_out: bool


def parse(page: bytes) -> Wear:
    """The health page of a disk; ValueError if it is not one."""
    if len(page) != _PAGE_BYTES:
        raise ValueError("a health page has 512 bytes")
    return Wear(min(page[5], _PERCENT_MAX), bool(page[0] & _WORN_OUT))


def ask(controller: Path) -> bytes:
    """The health page of the disk behind /dev/nvme<n>; OSError if it does not tell."""
    page = ctypes.create_string_buffer(_PAGE_BYTES)
    # Dwords less one, and the page's number.
    which = (_PAGE_BYTES // 4 - 1) << 16 | _SMART
    command = bytearray(
        _COMMAND.pack(
            _GET_LOG_PAGE, 0, 0, _ALL_NAMESPACES, 0, 0, 0, ctypes.addressof(page), 0, _PAGE_BYTES,
            which, 0, 0, 0, 0, 0, 0, 0,
        )
    )  # fmt: skip
    handle = os.open(controller, os.O_RDONLY)
    try:
        status = fcntl.ioctl(handle, _ADMIN_COMMAND, command)
    finally:
        os.close(handle)
    if status:
        raise OSError(f"{controller} refuses with status {status}")
    return page.raw


def of_disk(name: str, folder: Path = FOLDER) -> Wear | None:
    """What was written down of the disk that the kernel calls "nvme0n1"; None if nothing was."""
    controller = name.rpartition("n")[0]
    if not name.startswith("nvme") or not controller:
        return None
    try:
        plain = json.loads((folder / controller).read_text())
        return Wear(int(plain["life_used"]), bool(plain["is_worn_out"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def main() -> int:
    """Asks every NVMe disk, and writes down what it says."""
    Service("foyer-wear").start_log()
    for controller in sorted(Path("/dev").glob("nvme[0-9]")):
        try:
            wear = parse(ask(controller))
        except OSError as error:
            log.warning("%s does not tell how worn it is: %s", controller.name, error)
            continue
        part = FOLDER / f".{controller.name}.part"
        part.write_text(json.dumps(asdict(wear)))
        part.rename(FOLDER / controller.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
