"""What the screen shows, gathered from where an account without rights may look."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from pathlib import Path

import psutil

from appliance.fault import Fault, fault, noted
from appliance.secure_boot import VARIABLES, KeyState, key_now
from appliance.settings import Settings

# dahdi-base.c, dahdi_seq_show(): Span 1: WCTDM/4 "Wildcard TDM410P Board 5" (MASTER)
_SPAN = re.compile(r'Span \d+: (\S+) "([^"]*)"')


@dataclass(frozen=True)
class Status:
    """`addresses` are those of this moment; `password` is the one-time one, "" once it was used; `lines` are
    the telephone cards' parts that were found; `fault` is what keeps the box from its data.
    """

    addresses: tuple[str, ...]
    https_port: int = 443
    http_port: int = 80
    password: str = ""
    lines: tuple[str, ...] = ()
    fault: Fault | None = None
    cards: tuple[str, ...] = ()
    driver_key: KeyState = ""


def status(settings: Settings, key_at_start: KeyState, root: Path = Path("/")) -> Status:
    """Everything at this moment; `key_at_start` is as in appliance.secure_boot, `root` is where /proc, /sys
    and /run are.
    """
    return Status(
        addresses(),
        settings.https_port,
        settings.http_port,
        text(settings.secrets / "admin-otp"),
        lines(root / "proc/dahdi"),
        fault(noted(root / "run")),
        tuple(sorted(path.parent.name for path in (root / "sys/class/net").glob("*/device"))),
        key_now(key_at_start, root / VARIABLES.relative_to("/")),
    )


def addresses() -> tuple[str, ...]:
    """The box's IPv4 addresses, without loopback."""
    return tuple(
        entry.address
        for name, entries in sorted(psutil.net_if_addrs().items())
        for entry in entries
        if name != "lo" and entry.family == socket.AF_INET
    )


def lines(dahdi: Path) -> tuple[str, ...]:
    """The spans that DAHDI's drivers found."""
    spans = sorted((path for path in dahdi.glob("*") if path.name.isdigit()), key=lambda path: int(path.name))
    found = (_SPAN.match(text(span)) for span in spans)
    return tuple(f"{span[2]} ({span[1]})" for span in found if span)


def text(path: Path) -> str:
    """A short file's text; "" if it is not there, or not for this account."""
    try:
        return path.read_text("utf-8", "replace")[:1000].strip()
    except OSError:
        return ""
