"""The drivers of telephony cards that the box has, and those that a card asks for in vain, as the buses and
the drivers' own lists say.

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


def ours(modules: Path) -> set[str]:
    """The drivers that were built for the running kernel; none where the box runs on another machine's.
    `modules` is the folder of that kernel's modules.
    """
    return {path.stem for path in (modules / _OURS).glob("*.ko")}


def refused(sys: Path, modules: Path) -> tuple[str, ...]:
    """The drivers of ours that a card in this machine asks for and that are not loaded, each once."""
    wanted = asked_for(_aliases(sys), _lines(modules / "modules.alias"), ours(modules))
    return tuple(name for name in wanted if not (sys / "module" / name).exists())


def asked_for(devices: Iterable[str], lines: Iterable[str], known: set[str]) -> tuple[str, ...]:
    """Which of the drivers `known` the devices ask for; pure. `lines` are those of modules.alias (depmod(8)):
    the word `alias`, a pattern for the name of a device, a module.
    """
    patterns = [
        (head.removeprefix("alias "), module)
        for head, _, module in (line.rpartition(" ") for line in lines)
        if module in known
    ]
    asked = {module for name in devices for pattern, module in patterns if fnmatch.fnmatchcase(name, pattern)}
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
