"""The image after its first boot, with a BIOS: what runs, what the screen says, how its disk lies."""

from __future__ import annotations

import filecmp

import disk
import pytest

from tests.image.booted.conftest import WORN, WORN_BEFORE
from tests.image.trouble import LOOK_S, MENU
from tests.image.vm import VirtualBox
from tests.powercut.recording import Office
from tests.until import until

SECTOR, MIB = 512, 1 << 20
# The ends of the profile's spans that have a number from the start.
SPANS = ("DYN/loc/1:0", "DYN/loc/2:0")

pytestmark = [pytest.mark.vm, pytest.mark.xdist_group("old")]


def test_it_boots_on_a_bios(old: VirtualBox, office: Office) -> None:
    old.assert_well()
    # What the disk was told so far is what cuts in the first boot are chosen from.
    assert office.up > 0


def test_its_screen_says_where_it_is_and_with_which_password(old: VirtualBox) -> None:
    """In the end: it is drawn as soon as there is something to show, and anew when there is more."""
    for words in shown_when_ready(old) + tuple(f"({span})" for span in SPANS):
        old.wait_console(words, LOOK_S)
    old.wait_console(MENU, LOOK_S, after=shown_when_ready(old)[0])


def test_so_does_the_screen_of_a_machine_that_has_one(old: VirtualBox) -> None:
    words = shown_when_ready(old)

    def is_shown() -> bool:
        shown = old.run("cat /dev/vcs1")
        missing = [one for one in (*words, MENU) if one not in shown]
        assert not missing, shown
        return True

    until(is_shown, LOOK_S, "all of it on the first console", 1)


def shown_when_ready(box: VirtualBox) -> tuple[str, ...]:
    """What a box without an owner has on its screen."""
    return (
        f"One-time administrator password:   {box.otp}",
        "https://foyer.local/",
        "https://10.0.2.15/",
        "Telephone cards:",
    )


def test_the_manifest_beside_the_image_names_every_package(old: VirtualBox) -> None:
    manifest = disk.named_image().with_suffix(".manifest").read_text().splitlines()
    inside = old.run(r"dpkg-query --show --showformat 'deb ${Package} ${Version}\n'").splitlines()
    assert "asterisk" in {line.split()[1] for line in inside}
    # That one stands for drivers that the image has, which are in the manifest by their own name.
    assert [line for line in inside if line not in manifest] == ["deb foyer-drivers 1"]


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


def test_another_box_s_disk_is_left_alone(old: VirtualBox) -> None:
    assert old.run("lsblk -rno PARTLABEL /dev/nvme0n1 | grep .").split() == [
        "foyer-key",
        "foyer-a",
        "foyer-data",
    ]
    assert filecmp.cmp(old.folder / WORN, old.folder / WORN_BEFORE, shallow=False)


def test_the_data_take_the_rest_of_the_disk(old: VirtualBox) -> None:
    disk = int(old.run("blockdev --getsize64 /dev/vda"))
    partition = old.run("lsblk -rno PARTLABEL,NAME /dev/vda | sed -n 's/^foyer-data //p'")
    start, length = old.run(
        f"cat /sys/class/block/{partition}/start /sys/class/block/{partition}/size"
    ).split()
    end = (int(start) + int(length)) * SECTOR
    assert disk - end < 2 * MIB
    files = int(old.run("df -B1 --output=size /data | tail -1"))
    # ext4 keeps some of it for its own tables.
    assert files > 0.9 * int(length) * SECTOR


def test_the_drivers_of_telephony_cards_load(old: VirtualBox) -> None:
    old.run("modprobe -a wctdm24xxp wcte43x wct4xxp wcb4xxp xpp_usb")
    assert "wcb4xxp" in old.run("lsmod")
