"""Machines with telephony cards, as their kernels show them: trees of sysfs and /proc made of facts of real
cards.
"""

from __future__ import annotations

from pathlib import Path

from appliance.hw.watch import Places

DRIVERS = ("wctdm24xxp", "wct4xxp", "wcte43x", "xpp_usb")


class Machine:
    """A machine below `root`, with nothing but a network card. Drivers are built for it unless `drivers` says
    otherwise.
    """

    def __init__(
        self, root: Path, drivers: tuple[str, ...] = ("wctdm24xxp", "wct4xxp", "wcte43x", "xpp_usb")
    ) -> None:
        self.places = Places(
            root / "sys", root / "proc", root / "modules", (root / "firmware",), root / "loaded-with"
        )
        self.sys = self.places.sys
        for folder in ("bus/pci/devices", "bus/pci/slots", "bus/usb/devices", "module"):
            (self.sys / folder).mkdir(parents=True)
        (root / "firmware").mkdir()
        built = self.places.modules / "updates/dahdi"
        if drivers:
            built.mkdir(parents=True)
        for name in drivers:
            (built / f"{name}.ko").touch()
        self.pci("0000:00:03.0", "8086:100e:1af4:1100", "0200", "e1000")

    def pci(self, address: str, device_id: str, kind: str = "0780", driver: str = "") -> Path:
        """A device; `kind` is its class and subclass."""
        vendor, device, subvendor, subdevice = device_id.upper().split(":")
        name = (
            f"pci:v0000{vendor}d0000{device}sv0000{subvendor}sd0000{subdevice}bc{kind[:2]}sc{kind[2:]}i00\n"
        )
        return self._device("pci", address, {"modalias": name}, driver)

    def usb(self, address: str, device_id: str, driver: str = "") -> Path:
        """A device with one interface, which the driver has."""
        vendor, product = device_id.split(":")
        place = self._device("usb", address, {"idVendor": vendor, "idProduct": product}, "usb")
        self._device("usb", f"{address}:1.0", {}, driver)
        return place

    def slot(self, name: str, address: str) -> None:
        """A slot with a number on the board."""
        place = self.sys / "bus/pci/slots" / name
        place.mkdir()
        (place / "address").write_text(f"{address}\n")

    def load(self, *modules: str) -> None:
        """Modules of the kernel."""
        for name in modules:
            (self.sys / "module" / name).mkdir(exist_ok=True)

    def firmware(self, *names: str) -> None:
        """Files of makers."""
        for name in names:
            (self.places.firmware[0] / name).touch()

    def span(self, number: int, device: str, facts: dict[str, str], proc: str = "") -> None:
        """A span below a device, such as "0000:04:05.0"."""
        place = self.sys / "devices" / device / f"span-{number}"
        place.mkdir(parents=True)
        for name, value in facts.items():
            (place / name).write_text(f"{value}\n")
        folder = self.sys / "bus/dahdi_spans/devices"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"span-{number}").symlink_to(place)
        if proc:
            (self.places.proc / "dahdi").mkdir(parents=True, exist_ok=True)
            (self.places.proc / "dahdi" / str(number)).write_text(proc)

    def device(self, below: str, name: str, location: str, types: dict[int, str]) -> None:
        """A part of a card with ports of these types, below a device such as "0000:04:05.0"."""
        place = self.sys / "devices" / below / name
        place.mkdir(parents=True)
        (place / "location").write_text(f"{location}\n")
        (place / "dahdi_spantype").write_text("".join(f"{port}:{kind}\n" for port, kind in types.items()))
        folder = self.sys / "bus/dahdi_devices/devices"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(place)

    def remove(self, bus: str, address: str) -> None:
        """Pulls a device out."""
        place = self.sys / "bus" / bus / "devices" / address
        for path in place.iterdir():
            path.unlink()
        place.rmdir()

    def bind(self, place: Path, driver: str, module: str = "") -> None:
        """Gives a device to a driver, which is a module unless it is part of the kernel."""
        folder = self.sys / "drivers" / driver
        folder.mkdir(parents=True, exist_ok=True)
        if module and not (folder / "module").is_symlink():
            (folder / "module").symlink_to(self.sys / "module" / module)
        (place / "driver").symlink_to(folder)

    def _device(self, bus: str, address: str, facts: dict[str, str], driver: str) -> Path:
        place = self.sys / "bus" / bus / "devices" / address
        place.mkdir()
        for name, value in facts.items():
            (place / name).write_text(value)
        if driver:
            self.bind(place, driver)
        return place
