"""Which cards are in a machine, and what each is in need of: from trees made of facts of real cards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.hw import bus, cards
from appliance.hw.dahdi import sysfs
from appliance.hw.watch import Looker
from tests.hw.dahdi import real
from tests.hw.machines import Machine

TABLE = cards.load()
# A TDM410P and a TE420, as `lspci -nn` has them: tests/hw/dahdi/real.py, and for the TE420
# https://github.com/geerlingguy/raspberry-pi-pcie-devices/issues/469
TDM410 = ("0000:04:05.0", "d161:8005:d161:8005")
TE420 = ("0000:02:08.0", "d161:1420:0005:0000")
# A Sangoma A104d: https://github.com/geerlingguy/raspberry-pi-pcie-devices/issues/471
A104D = ("0000:02:04.0", "1923:0100:a114:4213")


def look(machine: Machine, *, is_locked: bool = False) -> dict[str, dict[str, dict[str, Any]]]:
    return Looker(TABLE, machine.places, is_locked=is_locked).look().rows


def state(machine: Machine, key: str, *, is_locked: bool = False) -> str:
    return str(look(machine, is_locked=is_locked)["card"][key]["state"])


def test_a_machine_without_cards(tmp_path: Path) -> None:
    rows = look(Machine(tmp_path))
    assert rows == {
        "card": {},
        "span": {},
        "socket": {},
        "port": {},
        "dahdi": {"state": {"built": True, "loaded": False}},
    }
    nothing = look(Machine(tmp_path / "other", ()))
    assert nothing["dahdi"]["state"] == {"built": False, "loaded": False}


def test_a_card_from_its_slot_to_its_ports(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    address, device_id = TDM410
    place = machine.pci(address, device_id)
    machine.slot("3", "0000:04:05")
    key = f"pci:{address}"
    assert state(machine, key) == "waiting"
    assert state(machine, key, is_locked=True) == "refused"
    machine.load("dahdi", "wctdm24xxp")
    assert state(machine, key) == "silent"
    machine.bind(place, "wctdm24xxp")
    assert state(machine, key) == "setup"
    facts = {
        "name": "WCTDM/0",
        "desc": "Wildcard TDM410P",
        "is_digital": "0",
        "channels": "3",
        "alarms": "0x0",
    }
    machine.span(1, f"{address}/pci:{address}", facts, real.SIXTEEN_FXO)
    row = look(machine)["card"][key]
    assert row["state"] == "ready" and row["name"] == "Digium Wildcard TDM410P" and row["slot"] == "3"
    assert [port["alarms"] for port in row["spans"][0]["ports"]] == [["red"], [], ["red"]]
    assert [file["file"] for file in row["firmware"]] == ["dahdi-fw-vpmoct032.bin"]
    machine.firmware("dahdi-fw-vpmoct032.bin")
    assert look(machine)["card"][key]["firmware"] == []
    machine.remove("pci", address)
    assert look(machine)["card"] == {}


def test_a_driver_whose_module_has_another_name(tmp_path: Path) -> None:
    """A T100P: the driver is called t1xxp, its module wct1xxp."""
    machine = Machine(tmp_path)
    machine.bind(machine.pci("0000:05:00.0", "e159:0001:6159:0001"), "t1xxp", "wct1xxp")
    assert state(machine, "pci:0000:05:00.0") == "setup"


def test_two_astribanks(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    for at, port in enumerate(("3-2", "3-2.1")):
        machine.usb(port, "e4e4:1162", driver="xpp_usb")
        place = f"usb3/{port}/{port}:1.0/xbus-0{at}/astribanks:xbus-0{at}"
        machine.span(at + 1, place, {"name": f"XBUS-0{at}/XPD-00"})
    found = look(machine)["card"]
    assert [[span["name"] for span in row["spans"]] for row in found.values()] == [
        ["XBUS-00/XPD-00"], ["XBUS-01/XPD-00"],
    ]  # fmt: skip


def test_four_cards(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.load("dahdi", "wct4xxp")
    for at in range(4):
        address = f"0000:02:0{at}.0"
        machine.pci(address, TE420[1], driver="wct4xxp")
        machine.span(at + 1, f"{address}/pci:{address}", {
            "local_spanno": "1", "name": f"TE4/{at}/1", "desc": "", "is_digital": "1", "channels": "31",
            "alarms": "0x8" if at else "0x0",
        })  # fmt: skip
    rows = look(machine)
    assert [(row["state"], row["spans"][0]["alarms"]) for row in rows["card"].values()] == [
        ("ready", []), ("ready", ["red"]), ("ready", ["red"]), ("ready", ["red"]),
    ]  # fmt: skip
    assert rows["span"] == {}


@pytest.mark.parametrize(
    ("device", "kind", "driver", "wanted"),
    [
        (A104D, "0280", "", "unsupported"),
        (("0000:05:00.0", "1397:08b4:1397:e888"), "0204", "hfcmulti", "unsupported"),
        # Digium's own, which no table has; a computer telephony device of nobody's.
        (("0000:05:00.0", "d161:ffff:0000:0000"), "0780", "", "unknown"),
        (("0000:05:00.0", "1234:5678:0000:0000"), "0402", "", "unknown"),
        (("0000:05:00.0", "e159:0001:b119:0003"), "0780", "netjet", "taken"),
        # No driver of ours is built for it here.
        (("0000:05:00.0", "e159:0001:b119:0003"), "0780", "", "no-driver"),
    ],
)
def test_cards_that_do_not_work(
    tmp_path: Path, device: tuple[str, str], kind: str, driver: str, wanted: str
) -> None:
    machine = Machine(tmp_path)
    machine.pci(*device, kind, driver)
    row = look(machine)["card"][f"pci:{device[0]}"]
    assert row["state"] == wanted and (row["name"] or wanted == "unknown")
    assert row["taken_by"] == (driver if wanted == "taken" else "")


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    """A TE435 whose own firmware is old, and an Astribank that has just been plugged in."""
    machine = Machine(tmp_path)
    machine.pci("0000:02:00.0", "d161:800e:0000:0000")
    machine.load("dahdi", "wcte43x")
    bank = machine.usb("3-2", "e4e4:1160")
    rows = look(machine)["card"]
    te435, astribank = rows["pci:0000:02:00.0"], rows["usb:3-2"]
    assert te435["state"] == astribank["state"] == "firmware"
    assert "dahdi-fw-te435.bin" in [file["file"] for file in te435["firmware"]]
    machine.firmware(
        "dahdi-fw-te435.bin", "USB_FW.hex", "FPGA_1161.hex", "USB_FW.201.hex", "FPGA_1161.201.hex"
    )
    assert state(machine, "pci:0000:02:00.0") == "silent"
    # With its firmware it comes back under another name.
    assert state(machine, "usb:3-2") == "waiting"
    (bank / "idProduct").write_text("1162")
    machine.bind(bank.with_name("3-2:1.0"), "xpp_usb")
    assert state(machine, "usb:3-2") == "setup"
    machine.span(
        1,
        "usb3/3-2/3-2:1.0/xbus-00/astribanks:xbus-00",
        {"name": "XBUS-00/XPD-00", "desc": "", "channels": "14"},
    )
    assert state(machine, "usb:3-2") == "ready"


def test_lines_without_a_card(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.span(
        1, "dahdi_dynamic", {"name": "DYN/loc/1:0", "desc": "Dynamic", "is_digital": "1", "channels": "31"}
    )
    rows = look(machine)
    assert rows["card"] == {} and rows["span"]["1"]["name"] == "DYN/loc/1:0"


def pair(machine: Machine, number: int, signalling: str) -> Machine:
    """Two ends inside the machine, of three channels each: one has a number and is set up, the other not."""
    facts = {
        "name": "DYN/loc/2:0",
        "is_digital": "1",
        "local_spanno": "1",
        "basechan": "545",
        "channels": "3",
    }
    channels = "".join(f" {545 + at} DYN/loc/2:0/{at + 1} {signalling}\n" for at in range(3))
    for end in (0, 1):
        machine.device("virtual", f"dynamic:loc:{end}", f"DYN/loc/2:{end}", {1: "DYNAMIC"})
    machine.span(number, "virtual/dynamic:loc:0", facts, f'Span {number}: DYN/loc/2:0 "Dynamic"\n{channels}')
    return machine


def test_an_end_that_is_rung_has_analog_ports(tmp_path: Path) -> None:
    machine = pair(Machine(tmp_path), 18, "FXOKS")
    rows = look(machine)
    # The end that rings is no port for a telephone.
    assert set(rows["socket"]) == {"DYN/loc/2:0:1"} and rows["socket"]["DYN/loc/2:0:1"]["number"] == 18
    assert set(rows["port"]) == {f"DYN/loc/2:1:1:{port}" for port in (1, 2, 3)}
    unset = {"kind": "FXO", "card": "", "number": 0, "signalling": "", "open": False}
    assert unset.items() <= rows["port"]["DYN/loc/2:1:1:2"].items()
    facts = {"name": "DYN/loc/2:1", "is_digital": "1", "local_spanno": "1", "basechan": "33", "channels": "3"}
    channels = " 33 DYN/loc/2:1/1\n 34 DYN/loc/2:1/2 FXSKS (In use)\n"
    machine.span(2, "virtual/dynamic:loc:1", facts, f'Span 2: DYN/loc/2:1 "Dynamic"\n{channels}')
    rows = look(machine)
    assert set(rows["socket"]) == {"DYN/loc/2:0:1"}
    used = {"kind": "FXO", "number": 2, "signalling": "FXSKS", "open": True}
    assert used.items() <= rows["port"]["DYN/loc/2:1:1:2"].items()


def test_an_end_that_nothing_rings_takes_a_digital_line(tmp_path: Path) -> None:
    rows = look(pair(Machine(tmp_path), 17, "Clear"))
    assert set(rows["socket"]) == {"DYN/loc/2:0:1", "DYN/loc/2:1:1"} and rows["port"] == {}


def test_what_is_torn_or_strange_is_left_out(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    (machine.sys / "bus/pci/devices/0000:09:00.0").mkdir()
    (machine.sys / "bus/usb/devices/1-1").mkdir()
    (machine.sys / "bus/usb/devices/1-1/idVendor").write_bytes(b"\xff\xfe")
    machine.span(7, "pci:0000:09:00.0", {"desc": "of a driver that is about to go"})
    machine.span(8, "pci:0000:09:00.0", {"name": "X", "alarms": "many", "channels": ""}, "no span at all")
    assert [one.address for one in bus.devices(machine.sys)] == ["0000:00:03.0"]
    (span,) = sysfs.spans(machine.sys, machine.places.proc)
    assert (span.name, span.alarms, span.channels, span.more) == ("X", (), 0, None)
    assert bus.devices(tmp_path / "nowhere") == ()
