"""Telephony cards whose driver is not there, as the buses and the drivers' own lists say.

A machine with Secure Boot refuses a driver whose key it does not know, and udev, which asked for it, tells
nobody: what the kernel says then names no driver.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from pathlib import Path

# Where image/dahdi.sh puts the drivers, below the modules of a kernel.
_OURS = "updates/dahdi"
_BUSES = ("pci", "usb")


def refused(sys: Path, modules: Path) -> tuple[str, ...]:
    """The drivers of ours that a card in this machine asks for and that are not loaded, each once. `modules`
    is the folder of the running kernel's modules.
    """
    ours = {path.stem for path in (modules / _OURS).glob("*.ko")}
    wanted = drivers(_aliases(sys), _lines(modules / "modules.alias"), ours)
    return tuple(name for name in wanted if not (sys / "module" / name).exists())


def drivers(devices: Iterable[str], lines: Iterable[str], ours: set[str]) -> tuple[str, ...]:
    """Which of `ours` the devices ask for; pure. `lines` are those of modules.alias (depmod(8)): the word
    `alias`, a pattern for the name of a device, a module.
    """
    known = [
        (head.removeprefix("alias "), module)
        for head, _, module in (line.rpartition(" ") for line in lines)
        if module in ours
    ]
    asked = {module for name in devices for pattern, module in known if fnmatch.fnmatchcase(name, pattern)}
    return tuple(sorted(asked))


def _aliases(sys: Path) -> list[str]:
    return [
        line
        for bus in _BUSES
        for path in sorted((sys / "bus" / bus / "devices").glob("*/modalias"))
        for line in _lines(path)
    ]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("ascii", "replace").splitlines()
    except OSError:  # a device that was pulled out, a box inside another machine
        return []
