"""Errors and alarms of ports: added up from what drivers count since they were loaded, written down seldom,
kept for a week.
"""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

import pytest

from appliance.hw import cards, watch
from appliance.hw.dahdi import sysfs
from appliance.hw.port_tally import PortTally, Reading, readings
from appliance.store import Store, events, migrate, port_history
from appliance.store.port_history import KEPT_MS, QUARTER_MS, Quarter
from tests.hw.dahdi import real
from tests.hw.machines import Machine

PORT, QUARTER = "PCI Bus 04 Slot 06:1", 1_900_000 * QUARTER_MS
CARD = "0000:04:05.0"
FINE = Reading((), {})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    path = tmp_path / "foyer.db"
    migrate(path)
    return Store.open(path)


def port(machine: Machine, proc: str, alarms: str = "0x0") -> None:
    """A card of two ports, one of which is in use."""
    machine.device(CARD, "pci:a", "PCI Bus 04 Slot 06", {1: "E1", 2: "E1"})
    facts = {"name": "TE4/0/2", "is_digital": "1", "alarms": alarms, "local_spanno": "1"}
    machine.span(2, f"{CARD}/pci:a", facts, proc)


def test_what_a_port_says_of_errors(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    port(machine, real.TE4XX_RED + "\tBPV count: 3\n\tCRC4 error count: 65\n\tTiming slips: 7\n", "0x108")
    machine.device(CARD, "pci:b", "", {1: "FXO"})
    found = readings(sysfs.devices(machine.sys), sysfs.spans(machine.sys, machine.places.proc))
    assert found == {PORT: Reading(("red", "los"), {"bipolar": 3, "crc": 65, "slips": 7})}


def test_what_was_counted_before_is_not_counted_again() -> None:
    tally = PortTally()
    for second, count in enumerate((65, 65, 70)):
        tally.add({PORT: Reading((), {"crc": count})}, float(second), QUARTER + second)
    batch = tally.due(3.0, QUARTER + 3, is_end=True)
    assert batch and (batch.quarter, batch.ports) == (QUARTER, {PORT: {"seen": 2000, "crc": 5}})
    tally.written()
    assert tally.due(4.0, QUARTER + 4, is_end=True) is None
    # The driver was loaded anew: all that it has counted since is new.
    tally.add({PORT: Reading((), {"crc": 2})}, 3.0, QUARTER + 3)
    batch = tally.due(3.0, QUARTER + 3, is_end=True)
    assert batch and batch.ports[PORT]["crc"] == 2


@pytest.mark.parametrize(
    ("alarms", "wanted"),
    [
        ((), {}),
        (("red", "los"), {"red": 1000}),
        (("yellow", "red"), {"red": 1000}),
        (("yellow", "blue"), {"blue": 1000}),
        (("recovering",), {}),
        (("notopen",), {}),
    ],
)
def test_how_long_a_port_is_in_alarm(alarms: tuple[str, ...], wanted: dict[str, int]) -> None:
    tally = PortTally()
    tally.add({PORT: FINE}, 5.0, QUARTER)
    tally.add({PORT: Reading(alarms, {})}, 6.0, QUARTER)
    batch = tally.due(6.0, QUARTER, is_end=True)
    assert batch and batch.ports == {PORT: {"seen": 1000, **wanted}}


def test_a_machine_that_slept_saw_nothing() -> None:
    tally = PortTally()
    tally.add({PORT: FINE}, 5.0, QUARTER)
    tally.add({PORT: FINE}, 9000.0, QUARTER)
    batch = tally.due(9000.0, QUARTER, is_end=True)
    assert batch and batch.ports[PORT]["seen"] == 10_000


@pytest.mark.parametrize(("is_bad", "wanted"), [(False, 1), (True, 15)])
def test_the_disk_is_written_to_seldom(is_bad: bool, wanted: int) -> None:
    """A quarter of an hour, looked at every second, and a bit of the next."""
    tally, batches = PortTally(), []
    for second in range(901):
        counters = {"slips": second} if is_bad else {}
        tally.add({PORT: Reading((), counters)}, float(second), QUARTER + second * 1000)
        if batch := tally.due(float(second), QUARTER + second * 1000):
            batches.append(batch)
            tally.written()
    assert {batch.quarter for batch in batches} == {QUARTER}
    assert abs(len(batches) - wanted) <= 1
    assert sum(batch.ports[PORT]["seen"] for batch in batches) == 900_000


def test_a_week_is_kept(store: Store) -> None:
    with store.change() as change:
        now = change.now - change.now % QUARTER_MS
        for at in (now - KEPT_MS - QUARTER_MS, now - KEPT_MS + QUARTER_MS, now + 3 * QUARTER_MS):
            port_history.add(change, at, {PORT: {"seen": 900_000}})
        port_history.add(change, now, {PORT: {"seen": 400_000, "crc": 3}, "another:1": {"seen": 1}})
        port_history.add(change, now, {PORT: {"seen": 200_000, "crc": 4, "red": 1000}})
        before = events.latest_id(change.db)
        port_history.add(change, now, {})
        assert events.latest_id(change.db) == before
    with store.read() as db:
        assert port_history.of_port(db, PORT, 0) == [
            Quarter(now - KEPT_MS + QUARTER_MS, {"seen": 900_000}),
            Quarter(now, {"seen": 600_000, "red": 1000, "crc": 7}),
        ]
        assert port_history.of_port(db, PORT, now)[0].at == now
        assert port_history.of_port(db, "nobody's:1", 0) == []


def test_what_was_seen_is_kept_when_the_process_ends(store: Store, tmp_path: Path) -> None:
    machine = Machine(tmp_path / "machine")
    port(machine, real.TE4XX_RED, "0x8")
    looker, stop, looks = watch.Looker(cards.load(), machine.places, is_locked=False), threading.Event(), 0
    counts = itertools.count(3)

    def look() -> watch.Sight:
        nonlocal looks
        looks += 1
        if looks == 5:
            stop.set()
        (machine.places.proc / "dahdi/2").write_text(real.TE4XX_RED + f"\tBPV count: {next(counts)}\n")
        return looker.look()

    watch.Watch(store, look, every_s=0.01).run(stop, lambda: None)
    with store.read() as db:
        found = port_history.of_port(db, PORT, 0)
    assert sum(quarter.counts["bipolar"] for quarter in found) == 4
    assert all(0 < quarter.counts["red"] <= quarter.counts["seen"] for quarter in found)
