"""A tree like /sys with its dahdi_devices, which takes what it is told as the drivers do
(drivers/dahdi/dahdi-sysfs.c of dahdi-linux 3.4).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from appliance.hw.dahdi import sysfs


@dataclass
class Tree:
    """`told` is what was written since, in order: device, file, text."""

    root: Path
    told: list[tuple[str, str, str]] = field(default_factory=list)

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
