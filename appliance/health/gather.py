"""Gathers the facts of the machine. Needs no privilege beyond reading the journal, and changes nothing."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from appliance import drivers, fault, secure_boot
from appliance.health import front_door, hardware, kernel
from appliance.health.facts import Clock, Machine, Release, Unit
from appliance.settings import Settings

UNITS = (
    "asterisk",
    "caddy",
    "foyer-apply",
    "foyer-pbx",
    "foyer-setup",
    "foyer-webui",
)
# A box inside another machine has that machine's.
MACHINE_UNITS = ("nftables", "systemd-networkd", "systemd-resolved", "systemd-timesyncd")
_PROPERTIES = ("Id", "ActiveState", "NRestarts", "MemoryCurrent", "ActiveEnterTimestamp")
_SYSTEMCTL_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Places:
    """Where the kernel and the boot leave their facts; a test has its own."""

    sys: Path = Path("/sys")
    proc: Path = Path("/proc")
    run: Path = Path("/run")
    modules: Path = Path("/usr/lib/modules") / os.uname().release
    os_release: Path = Path("/etc/os-release")
    # systemd(1): as old as the release; a clock behind it is set to it at the start.
    epoch: Path = Path("/usr/lib/clock-epoch")


def machine(settings: Settings, kernel_lines: Iterable[str], places: Places = Places()) -> Machine:  # noqa: B008 - frozen
    """Everything at this moment. `kernel_lines` is what `log.kernel_lines` reads from the journal."""
    said, booted = kernel.read(kernel_lines), release(places)
    key = secure_boot.key_now(secure_boot.key_at_start())
    # Where every driver is taken, none that is missing was refused.
    kept_out = drivers.refused(places.sys, places.modules) if key in ("unknown", "asked") else ()
    memory = psutil.virtual_memory()
    return Machine(
        release=booted,
        clock=clock(places),
        units=units((*UNITS, *MACHINE_UNITS) if booted.slot else UNITS),
        disks=hardware.disks(places.sys, said.disk_errors, places.run / "foyer-wear"),
        spaces=hardware.spaces(places.sys, _text(places.proc / "self/mountinfo"), (settings.data,)),
        memory_size=memory.total,
        memory_free=memory.available,
        temperatures=hardware.temperatures(),
        certificate=front_door.look(settings),
        interfaces=hardware.interfaces(places.sys),
        refused_modules=tuple(dict.fromkeys((*said.refused_modules, *kept_out))),
        driver_key=key,
        data_fault=fault.noted(places.run),
        failed_units=failed_units(),
    )


def release(places: Places) -> Release:
    """What runs, by os-release(5) and the kernel's command line."""
    pairs = _pairs(places.os_release)
    arguments = dict(word.partition("=")[::2] for word in _text(places.proc / "cmdline").split())
    return Release(
        pairs.get("IMAGE_VERSION", ""),
        os.uname().release,
        int(psutil.boot_time() * 1000),
        arguments.get("foyer.slot", ""),
    )


def clock(places: Places) -> Clock:
    """The clock; nobody synchronises it where systemd-timesyncd does not run."""
    timesync = places.run / "systemd/timesync"
    try:
        built = int(places.epoch.stat().st_mtime * 1000)
    except OSError:
        built = None
    return Clock(
        int(time.time() * 1000), (timesync / "synchronized").exists() if timesync.exists() else None, built
    )


def units(names: tuple[str, ...], ask: Callable[[list[str]], str] | None = None) -> tuple[Unit, ...]:
    """The state of each of these units; `ask` runs a command, and says "" if it cannot."""
    command = ["systemctl", "show", "--timestamp=unix", f"--property={','.join(_PROPERTIES)}"]
    text = (ask or _systemctl)([*command, *(f"{name}.service" for name in names)])
    found = {unit.name: unit for block in text.split("\n\n") if (unit := _unit(block))}
    return tuple(found.get(name, Unit(name, "")) for name in names)


def failed_units(ask: Callable[[list[str]], str] | None = None) -> tuple[str, ...]:
    """What systemd started and what did not go well, services without their ending."""
    command = ["systemctl", "list-units", "--state=failed", "--plain", "--no-legend", "--no-pager", "--full"]
    lines = (ask or _systemctl)(command).splitlines()
    return tuple(line.split()[0].removesuffix(".service") for line in lines if line.strip())


def _unit(block: str) -> Unit | None:
    said = dict(line.partition("=")[::2] for line in block.splitlines())
    if not said.get("Id"):
        return None
    memory, since = said.get("MemoryCurrent", ""), said.get("ActiveEnterTimestamp", "").removeprefix("@")
    return Unit(
        said["Id"].removesuffix(".service"),
        said.get("ActiveState", ""),
        int(said.get("NRestarts") or 0),
        int(memory) if memory.isdigit() and int(memory) < 2**63 else None,
        int(since) * 1000 if since.isdigit() and int(since) else None,
    )


def _systemctl(command: list[str]) -> str:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=_SYSTEMCTL_TIMEOUT_S, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _pairs(path: Path) -> dict[str, str]:
    """A file of NAME=value lines, quoted as in a shell."""
    words = shlex.split(_text(path), comments=True)
    return dict(word.partition("=")[::2] for word in words)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
