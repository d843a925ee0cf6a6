"""The thread `cards` of foyer-hw: looks at the buses every second, keeps in the store what it finds, and
looks at once when a page asks.

Nothing is opened and nothing is changed by it: sysfs tells whether a card came or went, and what its lines
say.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance import drivers, secure_boot
from appliance.errors import TransientError
from appliance.hw import bus, finding, port_tally
from appliance.hw.cards import CardTable
from appliance.hw.dahdi import sysfs
from appliance.hw.finding import Kernel
from appliance.hw.firmware import RUN
from appliance.hw.port_tally import PortTally, Reading
from appliance.store import Store, live, now_ms, port_history, requests

_log = logging.getLogger(__name__)

TARGET = "hw"
POLL_S = 0.1
LOOK_EVERY_S = 1.0
# How long it stays where there is nothing to watch: a page may have had it started, and is about to ask.
LINGER_S = 30.0
RETRY_S = 1.0
NOT_KNOWN = "Nobody here knows how to do that."


# The kernel's own, and that of the program that loads an Astribank's (xpp_fxloader).
FIRMWARE = (Path("/usr/lib/firmware"), Path("/usr/share/dahdi"))


@dataclass(frozen=True)
class Places:
    """Where the kernel shows its devices, and where files of firmware are; a test has its own."""

    sys: Path = Path("/sys")
    proc: Path = Path("/proc")
    modules: Path = Path("/usr/lib/modules") / os.uname().release
    firmware: tuple[Path, ...] = FIRMWARE
    loaded_with: Path = RUN


Rows = dict[str, dict[str, dict[str, Any]]]


@dataclass(frozen=True)
class Sight:
    """What one look shows: `rows` are live rows by their kind, `ports` what those for digital lines say of
    errors, by card and port.
    """

    rows: Rows
    ports: dict[str, Reading] = field(default_factory=dict)


class Looker:
    """Looks once: the rows of `look()` are what the store has to hold. `is_locked` says whether Secure Boot
    keeps drivers of ours out, which stays so until the machine is started again.
    """

    def __init__(self, table: CardTable, places: Places, *, is_locked: bool) -> None:
        self._table = table
        self._places = places
        self._is_locked = is_locked
        self._files = frozenset(file.file for card in table.cards for file in card.firmware)

    def look(self) -> Sight:
        """Its rows: the cards by bus and address, spans without a card by number, ports for digital lines and
        for analog ones by card and port, and the telephony drivers as a whole.
        """
        places = self._places
        kernel = self._kernel()
        there = sysfs.spans(places.sys, places.proc)
        parts = sysfs.devices(places.sys)
        cards, spans = finding.find(bus.devices(places.sys), there, self._table, kernel)
        rows: Rows = {
            "card": {f"{one.device.bus}:{one.device.address}": one.to_row() for one in cards},
            "span": {str(span.number): finding.span_row(span) for span in spans},
            "socket": finding.sockets(parts, cards, there),
            "port": finding.ports(parts, cards, there),
            "dahdi": {"state": {"built": bool(kernel.drivers), "loaded": "dahdi" in kernel.loaded}},
        }
        return Sight(rows, port_tally.readings(parts, there))

    def _kernel(self) -> Kernel:
        places = self._places
        built = drivers.ours(places.modules)
        return Kernel(
            frozenset(built),
            frozenset({*built, "dahdi"} & _names(places.sys / "module")),
            self._files & frozenset().union(*map(_names, places.firmware)),
            self._is_locked,
            _loaded_with(places.loaded_with),
        )


def _names(folder: Path) -> set[str]:
    """What is in a folder: one question a second instead of one for each name that might be there."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries}
    except OSError:
        return set()


def _loaded_with(folder: Path) -> dict[str, frozenset[str]]:
    """What foyer-load-firmware noted: the names in each file."""
    return {name: frozenset((folder / name).read_text("ascii").split()) for name in _names(folder)}


def is_locked() -> bool:
    """Whether the firmware keeps drivers of ours out. To be asked once: each look holds the machine up."""
    return secure_boot.key_at_start() == "unknown"


class Watch:
    """`run` until stopped, or until nothing was there to watch for `linger_s` seconds: it looks every
    `every_s` seconds, and whenever somebody asks.
    """

    def __init__(
        self,
        store: Store,
        look: Callable[[], Sight],
        every_s: float = LOOK_EVERY_S,
        linger_s: float = LINGER_S,
    ) -> None:
        self._store = store
        self._every_s = every_s
        self._linger_s = linger_s
        self._look = look
        self._kept: Rows | None = None
        self._tally = PortTally()

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """What this process had claimed before it was restarted has failed."""
        with self._store.change() as change:
            requests.abandon(change, TARGET)
        version, due = -1, time.monotonic()
        busy = due
        while not stop.is_set():
            beat()
            if self._has_something():
                busy = time.monotonic()
            elif time.monotonic() - busy >= self._linger_s:
                break
            try:
                if time.monotonic() >= due:
                    due = time.monotonic() + self._every_s
                    self._look_once()
                seen = self._store.version()
                if seen != version:
                    self._work()
                    version = seen
            except TransientError as error:
                _log.error("What was found could not be kept: %s", error)
                stop.wait(RETRY_S)
            stop.wait(POLL_S)
        with contextlib.suppress(TransientError):
            self._write_down(is_end=True)

    def _look_once(self) -> None:
        sight = self._look()
        self._keep(sight.rows)
        self._tally.add(sight.ports, time.monotonic(), now_ms())
        self._write_down()

    def _write_down(self, *, is_end: bool = False) -> None:
        """What the ports' errors add up to, where it is time for that."""
        batch = self._tally.due(time.monotonic(), now_ms(), is_end=is_end)
        if batch is not None:
            with self._store.change() as change:
                port_history.add(change, batch.quarter, batch.ports)
            self._tally.written()

    def _has_something(self) -> bool:
        """Whether anything is there that can change: a card, or DAHDI, which may get one."""
        kept = self._kept
        return kept is None or bool(kept["card"] or kept["span"] or kept["dahdi"]["state"]["loaded"])

    def _keep(self, rows: Rows) -> None:
        if rows == self._kept:
            return
        with self._store.change() as change:
            for kind, of_kind in rows.items():
                live.replace(change, kind, of_kind)
        before = {key: row["state"] for key, row in (self._kept or {}).get("card", {}).items()}
        for key, row in rows["card"].items():
            if before.get(key) != row["state"]:
                _log.info("%s at %s: %s", row["name"] or row["id"], key, row["state"])
        self._kept = rows

    def _work(self) -> None:
        while True:
            with self._store.read() as db:
                if not requests.is_waiting(db, TARGET):
                    return
            with self._store.change() as change:
                request = requests.claim(change, TARGET)
            if request is None:
                return
            is_known = request.kind == "look"
            if is_known:
                self._look_once()
            with self._store.change() as change:
                requests.finish(change, request.id, is_known, {} if is_known else {"error": NOT_KNOWN})
