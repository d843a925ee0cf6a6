"""Drivers of analog cards are told the country: by modprobe's file, and by being loaded again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from appliance.errors import RejectedError, TransientError
from appliance.hw.dahdi import line_mode
from appliance.hw.dahdi.plan import MODES, CardPlan, PlannedPort
from appliance.store import countries

FXO = PlannedPort(97, 4, "PCI Bus 03 Slot 01", 1, 97)


class Machine:
    """Drivers that are loaded, with what they were told; what `broken` names fails."""

    def __init__(self, folder: Path, **loaded: str) -> None:
        self.file, self.sys = folder / "modprobe.conf", folder / "sys"
        self.told: list[Sequence[str]] = []
        self.broken = ""
        for driver, mode in loaded.items():
            place = self.sys / "module" / driver / "parameters"
            place.mkdir(parents=True)
            (place / "opermode").write_text(f"{mode}\n")

    def apply(self, mode: str) -> list[Sequence[str]]:
        self.told.clear()
        line_mode.apply(mode, self.file, self.sys, self._tool)
        return self.told

    def _tool(self, command: Sequence[str]) -> None:
        self.told.append(command)
        if command[0] == self.broken:
            raise TransientError("The driver of an analog card was not loaded again.")


def test_only_a_driver_that_was_told_otherwise_is_loaded_again(tmp_path: Path) -> None:
    machine = Machine(tmp_path, wctdm="FCC", wctdm24xxp="UK", wcfxo="0")
    reloads = [(tool, name) for name in ("wctdm", "wcfxo") for tool in ("rmmod", "modprobe")]
    assert machine.apply("UK") == reloads
    assert machine.file.read_text().splitlines() == [
        "options opvxa1200 opermode=UK",
        "options wcaxx opermode=UK",
        "options wctdm opermode=UK",
        "options wctdm24xxp opermode=UK",
        # This one has numbers: its second mode is that of western Europe.
        "options wcfxo opermode=1",
    ]
    assert machine.apply("FCC") == [("rmmod", "wctdm24xxp"), ("modprobe", "wctdm24xxp")]
    assert machine.file.read_text().endswith("options wcfxo opermode=0\n")


def test_a_driver_in_use_is_left_alone(tmp_path: Path) -> None:
    machine = Machine(tmp_path, wctdm="FCC", wcaxx="FCC")
    machine.broken = "rmmod"
    assert machine.apply("THAILAND") == [("rmmod", "wcaxx"), ("rmmod", "wctdm")]
    machine.broken = "modprobe"
    with pytest.raises(TransientError):
        machine.apply("THAILAND")


def test_a_box_without_analog_ports_is_told_nothing(tmp_path: Path) -> None:
    machine = Machine(tmp_path, wctdm="FCC")
    assert machine.apply("") == [] and not machine.file.exists()


def test_the_plan_tells_it() -> None:
    plan = CardPlan(ports=(FXO,), mode="ROMANIA")
    assert CardPlan.parse(plan.to_text()) == plan
    # As a release before wrote it.
    assert CardPlan.parse(CardPlan(ports=(FXO,)).to_text()).mode == ""
    for wrong in ("MOON", "UK debug=1", "uk"):
        with pytest.raises(RejectedError, match=r"cards\.conf, analog, mode"):
            CardPlan.parse(plan.to_text().replace("ROMANIA", wrong))
    with pytest.raises(RejectedError, match=r"cards\.conf, analog"):
        CardPlan.parse(plan.to_text().replace("mode", "opermode"))


def test_the_drivers_have_what_the_countries_say() -> None:
    modes = {one.code: one.line_mode for one in countries.load()}
    assert {mode for mode in modes.values() if mode} <= set(MODES)
    assert (modes["GB"], modes["US"], modes["TH"], modes["VN"]) == ("UK", "FCC", "THAILAND", "")
    assert set(MODES) >= line_mode._CTR21
