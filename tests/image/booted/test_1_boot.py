"""The image after its first boot, with a BIOS: what runs, what the screen says, how its disk lies."""

from __future__ import annotations

import pytest

from tests.image.vm import VirtualBox

pytestmark = pytest.mark.vm


def test_it_boots_on_a_bios(old: VirtualBox) -> None:
    old.assert_well()


def test_its_screen_says_where_it_is_and_with_which_password(old: VirtualBox) -> None:
    screen = old.wait_console("Number, then Enter:", 30)
    assert "https://foyer.local/" in screen
    assert "https://10.0.2.15/" in screen
    assert f"One-time administrator password:   {old.otp}" in screen


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


def test_the_drivers_of_telephony_cards_load(old: VirtualBox) -> None:
    old.run("modprobe -a wctdm24xxp wcte43x wct4xxp wcb4xxp xpp_usb")
    assert "wcb4xxp" in old.run("lsmod")
