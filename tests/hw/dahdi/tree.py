"""A tree like /sys with its dahdi_devices, which takes what it is told as the drivers do
(drivers/dahdi/dahdi-sysfs.c of dahdi-linux 3.4).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from appliance.errors import TransientError
from appliance.hw.dahdi import sysfs
from appliance.hw.dahdi.sysfs import Device


@dataclass
class Tree:
    """`told` is what was written since, in order: device, file, text. Cards of `refusing` take nothing."""

    root: Path
    told: list[tuple[str, str, str]] = field(default_factory=list)
    refusing: set[str] = field(default_factory=set)

    def card(self, name: str, types: dict[int, str], *, hardware_id: str = "", location: str = "") -> Path:
        """A card with its plugs."""
        path = self.root / "bus/dahdi_devices/devices" / name
        path.mkdir(parents=True)
        (path / "hardware_id").write_text(f"{hardware_id}\n")
        (path / "location").write_text(f"{location}\n")
        for file in (sysfs.ASSIGN, sysfs.UNASSIGN):
            (path / file).touch()
        (path / sysfs.TYPES).write_text("".join(f"{port}:{kind}\n" for port, kind in types.items()))
        return path

    def span(self, card: Path, port: int, number: int, first: int) -> None:
        """A plug has a number."""
        folder = card / f"span-{number}"
        folder.mkdir()
        (folder / "local_spanno").write_text(f"{port}\n")
        (folder / "basechan").write_text(f"{first}\n")

    def tell(self, device: Device, what: str, text: str) -> None:
        """A number is given to a port that has none, if nobody has it, and taken from one that has one; a
        type is for a port without a number.
        """
        self.told.append((device.place.name, what, text))
        port, *rest = text.split(":")
        place = self.root / "bus/dahdi_devices/devices" / device.place.name
        numbered = [one.parent for one in place.glob("span-*/local_spanno") if one.read_text() == f"{port}\n"]
        match what:
            case sysfs.UNASSIGN:
                is_taken = bool(numbered)
            case sysfs.ASSIGN:
                is_taken = not numbered and not list(place.parent.glob(f"*/span-{rest[0]}"))
            case _:
                is_taken = not numbered
        if not is_taken or device.place.name in self.refusing:
            raise TransientError("The card {card} does not take its settings.", card=device.key)
        if what == sysfs.UNASSIGN:
            shutil.rmtree(numbered[0])
        elif what == sysfs.ASSIGN:
            self.span(place, int(port), int(rest[0]), int(rest[1]))
        else:
            lines = (place / sysfs.TYPES).read_text().splitlines()
            lines = [text if line.startswith(f"{port}:") else line for line in lines]
            (place / sysfs.TYPES).write_text("\n".join(lines) + "\n")
