"""What the checks look at and the system page shows: values only, gathered elsewhere.

Unknown is None, never a guess: a virtual machine has no temperature, a development box no slots. Sizes are
bytes, moments are UTC in milliseconds.
"""

from __future__ import annotations

import types
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

from appliance.errors import TransientError


@dataclass(frozen=True)
class Unit:
    """A service as systemd sees it: `state` is active, activating, failed, inactive, ... or "" if unknown."""

    name: str
    state: str
    restarts: int = 0
    memory: int | None = None
    since: int | None = None


@dataclass(frozen=True)
class Disk:
    """A whole disk. `life_used` is per cent of its rated life, as the flash itself estimates; `errors` counts
    requests that failed since the box was switched on; `is_other_system`: Foyer is on it, too, but it is not
    the one that the box was started from.
    """

    name: str
    model: str
    size: int
    life_used: int | None = None
    is_worn_out: bool = False
    errors: int = 0
    is_other_system: bool = False


@dataclass(frozen=True)
class Space:
    """A file system that the box writes to; `errors` counts what its own driver found damaged, ever."""

    place: str
    size: int
    free: int
    is_read_only: bool = False
    errors: int = 0


@dataclass(frozen=True)
class Temperature:
    """A sensor, in degrees Celsius; its maker worries from `high` on, and damage begins at `critical`."""

    name: str
    now: float
    high: float | None = None
    critical: float | None = None


@dataclass(frozen=True)
class Clock:
    """The box's clock. `is_synchronised` is None where another machine keeps it; `built` is when the release
    was made, before which no true clock can be.
    """

    now: int
    is_synchronised: bool | None = None
    built: int | None = None


@dataclass(frozen=True)
class Certificate:
    """What a browser meets at the front door. `state` is good, silent, expired, early (not valid yet), bad,
    or "" where nobody looked.
    """

    state: str = ""
    until: int | None = None


@dataclass(frozen=True)
class Interface:
    """A network card or a part of one; `addresses` as "192.0.2.10/24"."""

    name: str
    mac: str
    is_up: bool
    addresses: tuple[str, ...] = ()
    is_card: bool = False


@dataclass(frozen=True)
class Release:
    """What runs; `slot` is the one that was booted, "" on a machine without slots."""

    version: str
    kernel: str
    booted: int
    slot: str = ""


@dataclass(frozen=True)
class Machine:
    """The box without its calls: what foyer-health gathers. `data_fault` is the name of what keeps it from
    its data (appliance.fault), "" for nothing; `driver_key` is as in appliance.secure_boot. `units` are those
    that a box always needs, `failed_units` all that systemd calls failed.
    """

    release: Release
    clock: Clock
    units: tuple[Unit, ...] = ()
    disks: tuple[Disk, ...] = ()
    spaces: tuple[Space, ...] = ()
    memory_size: int = 0
    memory_free: int = 0
    temperatures: tuple[Temperature, ...] = ()
    certificate: Certificate = Certificate()
    interfaces: tuple[Interface, ...] = ()
    refused_modules: tuple[str, ...] = ()
    driver_key: str = ""
    data_fault: str = ""
    failed_units: tuple[str, ...] = ()


@dataclass(frozen=True)
class LineState:
    """A phone line: does it sign in at its provider, and did that work (None: not known yet)?"""

    name: str
    signs_in: bool
    is_registered: bool | None = None
    is_reachable: bool | None = None


@dataclass(frozen=True)
class Contact:
    """The contact center: what the store knows. `is_key_unseen`: there is a recovery key, and nobody has
    looked at it.
    """

    database_problem: str = ""
    is_set_up: bool = True
    is_telephone_up: bool = True
    lines: tuple[LineState, ...] = ()
    queues_without_agents: tuple[str, ...] = ()
    failed_revision: int | None = None
    is_guard_on: bool = False
    is_key_unseen: bool = False


@dataclass(frozen=True)
class Facts:
    """Everything. A half that could not be asked is None, which is a finding of its own."""

    machine: Machine | None
    contact: Contact | None


def to_plain(machine: Machine) -> dict[str, Any]:
    """For JSON."""
    return asdict(machine)


def from_plain(plain: object) -> Machine:
    """The facts again. TransientError: this is not what `to_plain` made, say of another release."""
    try:
        found = _value(Machine, plain)
    except (KeyError, TypeError, ValueError) as error:
        raise TransientError("The box's own report could not be understood.", "Try again.") from error
    assert isinstance(found, Machine)
    return found


def _value(kind: Any, plain: object) -> object:
    """`plain` as a value of the type `kind`: a dataclass, a tuple of one type, an optional one, or itself."""
    if is_dataclass(kind):
        if not isinstance(plain, dict):
            raise TypeError(kind)
        hints = get_type_hints(kind)
        return kind(**{field.name: _value(hints[field.name], plain[field.name]) for field in fields(kind)})  # type: ignore[operator]
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple:
        if not isinstance(plain, list | tuple):
            raise TypeError(kind)
        return tuple(_value(inner[0], part) for part in plain)
    if origin in (Union, types.UnionType):
        return None if plain is None else _value(inner[0], plain)
    if kind is float and type(plain) is int:
        return float(plain)
    if type(plain) is not kind:
        raise TypeError(kind)
    return plain
