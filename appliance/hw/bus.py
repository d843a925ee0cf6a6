"""The devices on the PCI and USB buses, as sysfs shows them: Documentation/ABI/testing/sysfs-bus-pci and
sysfs-bus-usb of the kernel.

Called by foyer-hw, every second: it reads one small file a device. `sys` is where sysfs is; a test gives its
own. A device that is pulled out meanwhile is not there.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.hw.cards import Bus

# A name that says all that tells devices apart: file2alias.c of the kernel.
_PCI = re.compile(
    r"pci:v0000(?P<vendor>\w{4})d0000(?P<device>\w{4})sv0000(?P<subvendor>\w{4})sd0000(?P<subdevice>\w{4})"
    r"bc(?P<base>\w{2})sc(?P<sub>\w{2})i\w{2}",
    re.ASCII,
)
_USB = re.compile(r"[0-9a-f]{4}", re.ASCII)
# Computer telephony devices, ISDN controllers: PCI Code and ID Assignment Specification; pci.ids, C 04 and C
# 02.
_TELEPHONY = ("0402", "0204")


@dataclass(frozen=True)
class Device:
    """A device. `address` is its name on its bus ("0000:04:05.0", "3-2"), `id` what the card tables know it
    by, `slot` the number on the machine's own board, "" if that does not tell. `driver` is the one that has
    it, "" for none; `is_telephony` is what the device says of itself.
    """

    bus: Bus
    address: str
    id: str
    driver: str = ""
    slot: str = ""
    is_telephony: bool = False

    @property
    def vendor(self) -> str:
        """The first part of its id."""
        return self.id[:4]


def devices(sys: Path) -> tuple[Device, ...]:
    """Every device on both buses."""
    return (*_pci(sys), *_usb(sys))


def _pci(sys: Path) -> Iterator[Device]:
    slots = {text(place / "address"): place.name for place in _in(sys / "bus/pci/slots")}
    for place in _in(sys / "bus/pci/devices"):
        if found := _PCI.fullmatch(text(place / "modalias")):
            yield Device(
                "pci",
                place.name,
                ":".join(found.group("vendor", "device", "subvendor", "subdevice")).lower(),
                _driver(place),
                slots.get(place.name.partition(".")[0], ""),
                found["base"] + found["sub"] in _TELEPHONY,
            )


def _usb(sys: Path) -> Iterator[Device]:
    folder = sys / "bus/usb/devices"
    for place in _in(folder):
        # Interfaces have a colon in their names; a driver has an interface, not the device.
        if ":" in place.name:
            continue
        vendor, product = text(place / "idVendor"), text(place / "idProduct")
        if _USB.fullmatch(vendor) and _USB.fullmatch(product):
            drivers = (_driver(part) for part in sorted(folder.glob(f"{place.name}:*")))
            yield Device("usb", place.name, f"{vendor}:{product}", next(filter(None, drivers), ""))


def _driver(place: Path) -> str:
    """The module of the driver that has the device, which may have another name (wct1xxp's is t1xxp); the
    driver's own where that is part of the kernel.
    """
    for link in ("driver/module", "driver"):
        with contextlib.suppress(OSError):
            return (place / link).readlink().name
    return ""


def _in(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def text(path: Path) -> str:
    """The first line of a small file; "" if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(4096).decode("utf-8", "replace").partition("\n")[0].strip()
    except OSError:
        return ""
