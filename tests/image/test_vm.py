"""The image boots on a BIOS, keeps its data, and shows its pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.browser import Browser
from tests.image.vm import VirtualBox

pytestmark = pytest.mark.vm


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBox]:
    """A machine with a BIOS, switched on for the first time; the last test of it replaces it."""
    with VirtualBox(tmp_path_factory.mktemp("old")) as box:
        yield box


def is_well(box: VirtualBox) -> None:
    """Everything that is to be up is up."""
    assert box.run("systemctl --failed --no-legend --plain") == "", box.log_tail()
    assert box.run("systemctl is-system-running", check=False) == "running", box.log_tail()
    assert box.run("systemctl is-active foyer.target asterisk caddy foyer-webui").split() == ["active"] * 4


def test_it_boots_on_a_bios(old: VirtualBox) -> None:
    is_well(old)


def test_the_system_is_read_only_and_the_data_encrypted(old: VirtualBox) -> None:
    assert old.run("findmnt -no FSTYPE,OPTIONS / | grep -c '^squashfs *ro'") == "1"
    assert old.run("findmnt -no SOURCE,FSTYPE /data") == "/dev/mapper/foyer-data ext4"
    assert "type:    LUKS2" in old.run("cryptsetup status foyer-data")
    written = "touch /usr/x /etc/x /x 2>&1; findmnt -rno TARGET,SOURCE,OPTIONS -t ext4,vfat,xfs,btrfs"
    assert [line.split()[0] for line in old.run(written).splitlines() if " rw" in line] == [
        "/data",
        "/var/lib/systemd/timesync",
    ]
    labels = old.run("lsblk -rno PARTLABEL /dev/vda | grep .").split()
    assert labels == ["foyer-bios", "foyer-esp", "foyer-key", "foyer-a", "foyer-b", "foyer-data"]


def test_no_compiler_no_headers_no_test_tools(old: VirtualBox) -> None:
    for tool in ("gcc", "cc", "make", "ld", "sipp", "chromium", "pytest", "sshd", "qemu-system-x86_64"):
        assert old.run(f"command -v {tool}", check=False) == "", tool
    assert (
        old.run("ls -d /usr/include/linux /usr/src/linux-headers*", check=False).count("cannot access") == 2
    )


def test_the_drivers_of_telephony_cards_load(old: VirtualBox) -> None:
    old.run("modprobe -a dahdi_dynamic_loc wctdm24xxp wcte43x wct4xxp wcb4xxp xpp_usb")
    assert "dahdi_dynamic_loc" in old.run("lsmod")


def test_the_pages_open_in_a_browser_through_the_forwarded_port(old: VirtualBox, tmp_path: Path) -> None:
    with Browser(old.https_url, tmp_path) as browser:
        browser.open("/")
        browser.find("#password_once", 60)
        browser.fill("#password_once", old.otp)
        browser.click("form[action='/setup/unlock'] button")
        browser.find("input[name=language]", 60)


def test_it_comes_up_again_after_a_power_cut(old: VirtualBox) -> None:
    password = old.otp
    old.power_cut()
    old.start()
    is_well(old)
    assert old.otp == password
