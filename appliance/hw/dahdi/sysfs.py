"""The devices and spans of DAHDI, as sysfs shows them (DAHDI 3.4.0, drivers/dahdi/dahdi-sysfs.c). Needs no
device to be opened.

A device is a card, or a part of one: `hardware_id` is its serial number, `location` its slot, and
`dahdi_spantype` lists its ports as "<port>:<type>". A port that has the number of a span is a folder
`span-<number>` in it. Called by foyer-hw, foyer-apply and foyer-set-up-cards. What goes away while it is read
is not there.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import RejectedError
from appliance.hw.bus import text
from appliance.hw.dahdi import alarms, proc_span
from appliance.hw.dahdi.proc_span import ProcSpan

# What a device is told to do: "<port>:<number>:<first channel>", "<port>", "<port>:<type>".
ASSIGN, UNASSIGN, TYPES = "assign_span", "unassign_span", "dahdi_spantype"
SYS = Path("/sys")
_MOST = 64 * 1024
_SPAN = re.compile(r"span-([0-9]{1,4})", re.ASCII)
_TYPE = re.compile(r"([0-9]{1,4}):(\S+)", re.ASCII)


@dataclass(frozen=True)
class Device:
    """`place` is its folder in sysfs and `path` the devices that it is below, the outermost first; `key` the
    name that stays the same when it is found again: its serial number, else its slot, else what the system
    calls it. `types` is port to type, `numbers` port to the number of the span, for those that have one;
    `first` the first channel of each number.
    """

    place: Path
    path: tuple[str, ...]
    key: str
    types: dict[int, str]
    numbers: dict[int, int]
    first: dict[int, int]


@dataclass(frozen=True)
class Span:
    """A span. `port` is its number on its own card, from 1; `path` are the devices that it is below, the
    outermost first. `more` is what /proc/dahdi tells of it, None if it does not.
    """

    number: int
    port: int
    name: str
    description: str
    path: tuple[str, ...]
    is_digital: bool
    channels: int
    alarms: tuple[str, ...]
    more: ProcSpan | None


def devices(sys: Path = SYS) -> tuple[Device, ...]:
    """Every device that is there, by name; none where there is no DAHDI."""
    root = sys / "bus/dahdi_devices/devices"
    return tuple(map(_device, sorted(root.iterdir()))) if root.is_dir() else ()


def there(sys: Path = SYS) -> frozenset[tuple[str, int, frozenset[str]]]:
    """Differs once a card came, went or came back (the kernel gives its folder another inode then), or one of
    its ports got or lost its number. Costs two system calls a card.
    """
    found = []
    root = sys / "bus/dahdi_devices/devices"
    with contextlib.suppress(OSError):
        for place in root.iterdir():
            with contextlib.suppress(OSError):
                names = frozenset(one.name for one in place.iterdir() if _SPAN.fullmatch(one.name))
                found.append((place.name, place.stat().st_ino, names))
    return frozenset(found)


def _device(place: Path) -> Device:
    numbers, first = {}, {}
    with contextlib.suppress(OSError):
        for span in place.iterdir():
            if found := _SPAN.fullmatch(span.name):
                number = int(found[1])
                numbers[_number(text(span / "local_spanno"))] = number
                first[number] = _number(text(span / "basechan"))
    return Device(
        place=place,
        path=_path(place),
        key=text(place / "hardware_id") or text(place / "location") or place.name,
        types={int(port): kind for port, kind in _TYPE.findall(_all(place / TYPES))},
        numbers=numbers,
        first=first,
    )


def spans(sys: Path, proc: Path) -> tuple[Span, ...]:
    """Every span that DAHDI has numbered, in the order of the numbers."""
    return tuple(sorted(_spans(sys, proc), key=lambda span: span.number))


def _spans(sys: Path, proc: Path) -> Iterator[Span]:
    with contextlib.suppress(OSError):
        for place in (sys / "bus/dahdi_spans/devices").iterdir():
            number = place.name.removeprefix("span-")
            if number.isascii() and number.isdigit() and (name := text(place / "name")):
                yield Span(
                    number=int(number),
                    port=_number(text(place / "local_spanno")),
                    name=name,
                    description=text(place / "desc"),
                    path=_path(place),
                    is_digital=text(place / "is_digital") == "1",
                    channels=_number(text(place / "channels")),
                    alarms=alarms.from_bits(_number(text(place / "alarms"))),
                    more=_more(proc / "dahdi" / number),
                )


def _path(place: Path) -> tuple[str, ...]:
    """A span lies below its card in the tree of all devices."""
    with contextlib.suppress(OSError):
        return place.readlink().parent.parts
    return ()


def _more(path: Path) -> ProcSpan | None:
    try:
        with path.open("rb") as file:
            return proc_span.parse(file.read(_MOST).decode("utf-8", "replace"))
    except (OSError, RejectedError):
        return None


def _all(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST).decode("ascii", "replace")
    except OSError:
        return ""


def _number(said: str) -> int:
    try:
        return int(said, 0)
    except ValueError:
        return 0
