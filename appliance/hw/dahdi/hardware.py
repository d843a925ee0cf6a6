"""What `dahdi_hardware` prints: the cards that DAHDI's own tools know (dahdi-tools 3.4.0,
xpp/dahdi_hardware).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_DEVICE = re.compile(
    r"(?P<bus>pci|usb):(?P<address>\S+)\s+(?P<driver>[A-Za-z0-9_]*)(?P<state>[-+]?)(?:\[T\])?\s+"
    r"(?P<id>[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4})(?:\s+(?P<description>.*))?"
)


@dataclass(frozen=True)
class Device:
    """A card. `is_driven`: a driver has it, which is `driver`; else that is the one that it would need."""

    bus: Literal["pci", "usb"]
    address: str
    driver: str
    is_driven: bool
    id: str
    description: str


def parse(text: str) -> tuple[Device, ...]:
    """The cards, in their order; what `dahdi_hardware -v` tells of them besides is left out."""
    found = (_DEVICE.fullmatch(line.rstrip()) for line in text.splitlines())
    return tuple(
        Device(
            "usb" if one["bus"] == "usb" else "pci",
            one["address"],
            one["driver"],
            one["state"] == "+",
            one["id"].lower(),
            (one["description"] or "").strip(),
        )
        for one in found
        if one
    )
