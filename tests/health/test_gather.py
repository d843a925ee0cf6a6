"""The facts, from files as a kernel shows them and from lines as it says them."""

from __future__ import annotations

import http.server
import os
import ssl
import threading
from pathlib import Path

import pytest

from appliance.health import front_door, gather, hardware, kernel
from appliance.health.facts import Certificate, Disk, Unit
from appliance.health.gather import Places
from appliance.settings import Settings

SAID = """\
Linux version 7.2
secureboot: Secure boot enabled
Failed to insert module 'wcte13xp': Key was rejected by service
wctdm24xxp: Loading of unsigned module is rejected
modprobe: ERROR: could not insert 'wcte13xp': Operation not permitted
Failed to find module 'dahdi-dummy'
blk_update_request: I/O error, dev sda, sector 12345 op 0x0:(READ) flags 0x80700
critical medium error, dev sda, sector 99
I/O error, dev nvme0n1, sector 7
"""
SHOWN = """\
Id=asterisk.service
ActiveState=active
NRestarts=2
MemoryCurrent=52428800
ActiveEnterTimestamp=@1800000000

Id=caddy.service
ActiveState=failed
NRestarts=0
MemoryCurrent=[not set]
ActiveEnterTimestamp=
"""


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


@pytest.fixture
def sys(tmp_path: Path) -> Path:
    root = tmp_path / "sys"
    for name, size, files in (
        ("sda", 1000, {"model": "Samsung SSD 870 "}),
        ("mmcblk0", 2000, {"name": "DG4064", "life_time": "0x02 0x03", "pre_eol_info": "0x01"}),
        ("mmcblk1", 2000, {"name": "OLD", "life_time": "0x0b 0x01", "pre_eol_info": "0x03"}),
        ("mmcblk2", 2000, {"name": "ODD", "life_time": "0x00 0x00"}),
        ("sr0", 2000, {"model": "DVD"}),
        ("sdz", 0, {"model": "empty card reader"}),
    ):
        write(root / f"block/{name}/size", str(size))
        for file, text in files.items():
            write(root / f"block/{name}/device/{file}", text)
    write(root / "block/loop0/size", "5")
    return root


def test_disks(sys: Path) -> None:
    assert hardware.disks(sys, {"sda": 2}) == (
        Disk("mmcblk0", "DG4064", 1_024_000, 30),
        Disk("mmcblk1", "OLD", 1_024_000, 100, True),
        Disk("mmcblk2", "ODD", 1_024_000),
        Disk("sda", "Samsung SSD 870", 512_000, None, False, 2),
    )


def test_another_disk_with_the_system_on_it(tmp_path: Path, sys: Path) -> None:
    write(sys / "block/sdb/size", "1000")
    write(sys / "block/sdb/device/model", "Stick")
    for disk in ("sda", "sdb"):
        write(sys / f"block/{disk}/{disk}3/uevent", "PARTN=3\nPARTNAME=foyer-key")
        write(sys / f"block/{disk}/{disk}4/uevent", "PARTN=4\nPARTNAME=foyer-a")
    # Started from none of them, as a box in another machine's namespaces is.
    assert not [disk for disk in hardware.disks(sys, {}, root=tmp_path) if disk.is_other_system]
    device = tmp_path.stat().st_dev
    (sys / "dev/block").mkdir(parents=True)
    (sys / "dev/block" / f"{os.major(device)}:{os.minor(device)}").symlink_to(sys / "block/sdb/sdb4")
    others = [disk.name for disk in hardware.disks(sys, {}, root=tmp_path) if disk.is_other_system]
    assert others == ["sda"]


def test_spaces(tmp_path: Path, sys: Path) -> None:
    mounts = Path("/proc/self/mountinfo").read_text()
    (space,) = hardware.spaces(sys, mounts, (tmp_path, tmp_path / "none"))
    assert space.place == str(tmp_path) and 0 < space.free <= space.size and not space.is_read_only


def test_a_file_system_is_read_only_for_all_or_for_a_sandbox() -> None:
    mounts = (
        "36 35 98:0 / /data ro,noatime master:1 - ext4 /dev/root rw,errors=remount-ro\n"
        "37 35 98:1 / /boot rw shared:2 - vfat /dev/sda1 ro,fmask=0022\n"
        "38 35 98:3 / /lost rw - ext4 /dev/sdb1 rw,emergency_ro\n"
    )
    assert not hardware.is_read_only(mounts, "98:0")
    assert hardware.is_read_only(mounts, "98:1")
    assert not hardware.is_read_only(mounts, "98:2")
    assert hardware.is_read_only(mounts, "98:3")


def test_what_the_kernel_said() -> None:
    said = kernel.read(SAID.splitlines())
    assert said.refused_modules == ("wcte13xp", "wctdm24xxp")
    assert said.disk_errors == {"sda": 2, "nvme0n1": 1}
    assert kernel.read(["Secure boot disabled"]) == kernel.KernelFacts((), {})


def test_units() -> None:
    found = {unit.name: unit for unit in gather.units(gather.UNITS, lambda _command: SHOWN)}
    assert found["asterisk"] == Unit("asterisk", "active", 2, 52428800, 1_800_000_000_000)
    assert found["caddy"] == Unit("caddy", "failed")
    assert found["foyer-pbx"] == Unit("foyer-pbx", "")
    assert len(found) == len(gather.UNITS)


def test_failed_units() -> None:
    said = "foyer-wear.service loaded failed failed Foyer: wear\nrun-x.mount loaded failed failed /run/x\n"
    assert gather.failed_units(lambda _command: said) == ("foyer-wear", "run-x.mount")
    assert gather.failed_units(lambda _command: "") == ()


def test_release_and_clock(tmp_path: Path) -> None:
    places = Places(
        proc=tmp_path / "proc",
        run=tmp_path,
        os_release=tmp_path / "os-release",
        epoch=tmp_path / "os-release",
    )
    write(tmp_path / "proc/cmdline", "root=/dev/sda2 foyer.slot=A quiet")
    write(places.os_release, 'NAME="Foyer box"\nIMAGE_VERSION=1.4.2\n# a comment')
    release = gather.release(places)
    assert (release.version, release.slot) == ("1.4.2", "A")
    clock = gather.clock(places)
    assert clock.is_synchronised is None and clock.built is not None and clock.built <= clock.now
    (tmp_path / "systemd/timesync").mkdir(parents=True)
    assert gather.clock(places).is_synchronised is False
    write(tmp_path / "systemd/timesync/synchronized", "")
    assert gather.clock(places).is_synchronised is True


def test_the_interfaces_of_this_machine() -> None:
    found = {interface.name: interface for interface in hardware.interfaces(Path("/sys"))}
    assert "lo" not in found
    assert "192.0.2.10/24" in found["foyer0"].addresses


def test_a_front_door_that_does_not_answer() -> None:
    nobody = Settings(https_port=1, http_port=1)
    assert front_door.look(nobody) == Certificate("silent")
    assert front_door.look(Settings(bind="192.0.2.10", https_port=1, http_port=1)) == Certificate()


def test_a_front_door_without_a_certificate() -> None:
    class Nothing(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Nothing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_port
        assert front_door.look(Settings(https_port=port, http_port=port)) == Certificate("silent")
        server.shutdown()
    assert issubclass(ssl.SSLCertVerificationError, OSError)
