"""The drivers of telephony cards that the image has, as they were built: which cards they ask for."""

from __future__ import annotations

import fnmatch
import subprocess
from pathlib import Path

import base_root
import dahdi
import machine
import pytest
import steps

from appliance.hw import cards

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built() -> Path:
    """The tree that the image's drivers are taken from."""
    base = steps.content_stamp(base_root.INPUTS)
    layer = steps.BUILD / "machine" / steps.content_stamp(machine.INPUTS, base)
    return steps.BUILD / "dahdi" / dahdi.stamp(machine.kernel_version(layer)) / dahdi.TREE


@pytest.fixture(scope="module")
def drivers(built: Path) -> dict[str, list[str]]:
    """Each driver that asks for cards, with its patterns for them (modules.alias: depmod(8))."""
    found = {path.stem: aliases(path) for path in built.rglob("*.ko")}
    return {name: patterns for name, patterns in found.items() if patterns}


def test_cards_that_dahdi_3_left_out_are_driven_again(drivers: dict[str, list[str]]) -> None:
    """TDM410, AEX410, TDM800 and AEX800: image/dahdi-patches."""
    for device in ("8005", "8006", "0800", "8002", "2400", "8003"):
        assert f"pci:v0000D161d0000{device}sv*sd*bc*sc*i*" in drivers["wctdm24xxp"]


def test_the_card_tables_have_the_cards_of_the_drivers_and_no_others(drivers: dict[str, list[str]]) -> None:
    supported = [card for card in cards.load().cards if card.is_supported]
    assert {card.driver for card in supported} == set(drivers)
    for driver, patterns in drivers.items():
        ids = {(card.bus, one) for card in supported if card.driver == driver for one in card.ids}
        assert {as_id(pattern) for pattern in patterns} <= ids, driver
        for bus, one in ids:
            assert any(fnmatch.fnmatchcase(as_name(bus, one), pattern) for pattern in patterns), one


def test_the_drivers_ask_for_the_firmware_of_the_card_tables(built: Path) -> None:
    """By name; but the Astribank's, which a program brings to it, and a part's (VPMOCT032), whose driver is
    another's.
    """
    for card in cards.load().cards:
        if card.is_supported and card.bus == "pci":
            driver, voicebus = (next(built.rglob(f"{name}.ko")) for name in (card.driver, "dahdi_voicebus"))
            content = driver.read_bytes() + voicebus.read_bytes()
            for file in card.firmware:
                assert file.file.encode() + b"\0" in content, card.name


def aliases(module: Path) -> list[str]:
    asked = subprocess.run(["modinfo", "-F", "alias", module], capture_output=True, text=True, check=True)
    return [line for line in asked.stdout.split() if line.startswith(("pci:", "usb:"))]


def as_id(pattern: str) -> tuple[str, str]:
    """What a driver asks for, as the tables write it."""
    bus, _, rest = pattern.partition(":")
    if bus == "usb":
        return bus, f"{rest[1:5]}:{rest[6:10]}".lower()
    subvendor = rest[18:].removeprefix("sv")
    parts = [rest[5:9], rest[14:18], *([] if subvendor.startswith("*") else [subvendor[4:8]])]
    return bus, ":".join(parts).lower()


def as_name(bus: str, device_id: str) -> str:
    """What the kernel would call a device with this id (modalias)."""
    parts = device_id.upper().split(":")
    if bus == "usb":
        return f"usb:v{parts[0]}p{parts[1]}d0101dc00dsc00dp00icFFisc00ip00in00"
    vendor, device, subvendor, subdevice = [*parts, "FFFF", "FFFF"][:4]
    return f"pci:v0000{vendor}d0000{device}sv0000{subvendor}sd0000{subdevice}bc07sc80i00"
