"""foyer-load-firmware: keeps a file of a card's maker that somebody uploaded, and gives it to the driver.

Run as root before cards are set up, and when a page has taken in a file: `python3 -m appliance.hw.firmware`.
Nothing that comes from a page is believed: the checksum in the card table says which file it is. The kernel
looks in `Settings.firmware` first (image/disk/grub.cfg), but drivers are loaded before /data is open, and
look once, when they get their card: so a card gets its driver anew whenever a file of its own is new.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import logging
import os
import stat
import sys
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from appliance.durable import place_file, sync_folder
from appliance.errors import RejectedError, TransientError
from appliance.hw import bus, cards, finding
from appliance.hw.bus import Device
from appliance.hw.cards import ARCHIVE_MAX, Archive, CardTable
from appliance.hw.dahdi import sysfs
from appliance.service import Service
from appliance.settings import Settings

log = logging.getLogger(__name__)

# Which files were there when a card's driver took it: a file for each card, named by its address. foyer-hw
# reads them, too.
RUN = Path("/run/foyer-load-firmware")
# The largest has less than 4 million bytes.
FILE_MAX = 16 * 1024 * 1024


@dataclass(frozen=True)
class Places:
    """Where things are; a test has its own."""

    kept: Path
    run: Path = RUN
    sys: Path = sysfs.SYS
    proc: Path = Path("/proc")


def take(source: Path, kept: Path, table: CardTable) -> Archive | None:
    """Keeps the file that comes in the archive `source`; None if there is no archive. RejectedError: it is
    not one of the table's. TransientError: it could not be kept.
    """
    try:
        data = _read(source)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TransientError("The file cannot be read.") from error
    archive = table.archive(hashlib.sha256(data).hexdigest())
    if archive is None or archive.size != len(data):
        raise RejectedError("No card of the table has this file.")
    try:
        place_file(kept / archive.file, _member(data, archive.file), 0o644)
        sync_folder(kept)
    except OSError as error:
        raise TransientError("The file cannot be kept.", "Is the disk full?") from error
    log.info("Kept %s of %s.", archive.file, archive.name)
    return archive


def _read(source: Path) -> bytes:
    """Never through a link, and never more than an archive has: another account makes this file."""
    handle = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError("this is no file")
        return file.read(ARCHIVE_MAX + 1)


def _member(data: bytes, name: str) -> bytes:
    """The file of that name in a .tar.gz, in whatever folder; nothing else is taken out. RejectedError: there
    is none, or more than one.
    """
    try:
        with gzip.open(io.BytesIO(data)) as packed:
            plain = io.BytesIO(packed.read(FILE_MAX))
        with tarfile.open(fileobj=plain) as tar:
            (found,) = (one for one in tar if one.isfile() and PurePosixPath(one.name).name == name)
            content = tar.extractfile(found)
            return content.read() if content else b""
    except (ValueError, OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise RejectedError("The file is not in this archive.") from error


def load(places: Places, table: CardTable) -> None:
    """Has drivers look for the files of their cards that are new since they did. A card with calls, or ready
    for them, is left alone: it has its turn at the next start.
    """
    for device, names in _given(places, table):
        note = places.run / device.address
        if note.exists() and note.read_text("ascii").split() == names:
            continue
        if _is_in_use(device, places):
            log.info("%s is in use: its driver looks for its file at the next start.", device.address)
            note.touch()
            continue
        log.info("%s gets its driver with %s.", device.address, ", ".join(names))
        _bind(device, places.sys)
        note.write_text(" ".join(names), "ascii")


def _given(places: Places, table: CardTable) -> Iterator[tuple[Device, list[str]]]:
    """The cards whose drivers ask the kernel for files, with those that there are. An Astribank's come by a
    program.
    """
    for device in bus.devices(places.sys):
        card = table.find(device.bus, device.id) if device.bus == "pci" else None
        if card is None or not card.is_supported or device.driver not in ("", card.driver):
            continue
        names = sorted(file.file for file in card.firmware if (places.kept / file.file).is_file())
        if names:
            yield device, names


def _is_in_use(device: Device, places: Places) -> bool:
    """Whether Asterisk has one of its channels open."""
    return any(
        channel.is_open
        for span in sysfs.spans(places.sys, places.proc)
        if span.more and finding.belongs(span, device)
        for channel in span.more.channels
    )


def _bind(device: Device, sys_root: Path) -> None:
    """Takes the card from its driver, and has the kernel look for one; a driver that is not loaded gets it
    when it is. A driver that refuses says so by not having it.
    """
    folder = sys_root / "bus/pci"
    try:
        if device.driver:
            (folder / "devices" / device.address / "driver/unbind").write_text(device.address, "ascii")
        (folder / "drivers_probe").write_text(device.address, "ascii")
    except OSError as error:
        log.warning("%s was not given to its driver: %s", device.address, error)


def main() -> int:
    def work() -> None:
        settings, table = Settings.load(), cards.load()
        take(settings.card_file, settings.firmware, table)
        load(Places(settings.firmware), table)

    return Service("foyer-load-firmware").run_once(work)


if __name__ == "__main__":
    sys.exit(main())
