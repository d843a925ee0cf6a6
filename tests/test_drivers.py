"""Cards whose driver was refused, from a sysfs and a list of drivers as the kernel's tools write it."""

from __future__ import annotations

from pathlib import Path

from appliance import drivers

ALIASES = """\
# Aliases extracted from modules themselves.
alias pci:v00008086d0000100Esv*sd*bc*sc*i* e1000
alias wct2xxp wct4xxp
alias pci:v0000D161d00000210sv*sd*bc*sc*i* wct4xxp
alias pci:v0000E159d00000001sv0000A901sd*bc*sc*i* wctdm
alias usb:vE4E4p1162d*dc*dsc*dp*ic*isc*ip*in* xpp_usb
"""
DEVICES = {
    "pci/devices/0000:00:03.0": "pci:v00008086d0000100Esv00001AF4sd00001100bc02sc00i00",
    "pci/devices/0000:05:00.0": "pci:v0000E159d00000001sv0000A901sd00000003bc07sc80i00",
    "pci/devices/0000:05:01.0": "pci:v0000E159d00000001sv0000A901sd00000003bc07sc80i00",
    "usb/devices/1-4:1.0": "usb:vE4E4p1162d0100dc00dsc00dp00icFFisc00ip00in00",
}


def test_drivers_that_cards_ask_for_and_do_not_have(tmp_path: Path) -> None:
    sys, modules = tmp_path / "sys", tmp_path / "modules"
    for place, name in DEVICES.items():
        (sys / "bus" / place).mkdir(parents=True)
        (sys / "bus" / place / "modalias").write_text(f"{name}\n")
    assert drivers.refused(sys, modules) == ()
    (modules / "updates/dahdi").mkdir(parents=True)
    for name in ("wct4xxp", "wctdm", "xpp_usb"):
        (modules / f"updates/dahdi/{name}.ko").touch()
    (modules / "modules.alias").write_text(ALIASES)
    assert drivers.refused(sys, modules) == ("wctdm", "xpp_usb")
    (sys / "module/wctdm").mkdir(parents=True)
    assert drivers.refused(sys, modules) == ("xpp_usb",)
