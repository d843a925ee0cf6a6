"""What opens, makes and destroys the data partition, on files in place of a disk: which disk it takes, and
when it may format. That it opens what it made is shown in virtual machines (tests/image/booted).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.until import until

LIBEXEC = Path("/usr/libexec")
KEY_BYTES, SECTOR = 64, 512
READY = b"k" * KEY_BYTES + bytes(SECTOR - KEY_BYTES) + b"ready" + bytes(2**20)
TABLE = """label: gpt
size=4MiB, name=foyer-key
size=32MiB, name=foyer-a
size=32MiB, name=foyer-data
"""
KEY, SYSTEM, DATA = 1, 2, 3
FAULT = Path("/run/foyer-data-fault")
# Whatever would change a disk, and the kernel's part of opening one: the name is noted, and that is all.
NOTED = (
    *("systemd-repart", "cryptsetup", "systemd-cryptenroll", "wipefs", "mkfs.ext4", "e2fsck"),
    *("resize2fs", "mount", "systemctl"),
)
CHANGING = ("systemd-repart", "cryptsetup", "wipefs", "mkfs.ext4")


@dataclass(frozen=True)
class Disks:
    """Two disks, "foyerx" and "foyery", both flashed with Foyer; the system runs from the second."""

    folder: Path

    def part(self, disk: str, number: int) -> Path:
        """A partition's content."""
        return Path(f"/dev/{disk}{number}")

    def put(self, name: str, text: str) -> None:
        """A stand-in for a command."""
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def command(self, script: Path) -> list[str]:
        """What runs a script of the box where these are the machine's disks."""
        block, numbers, bin_ = (self.folder / name for name in ("block", "numbers", "bin"))
        inside = (
            f"mount --bind {block} /sys/class/block && mount --bind {numbers} /sys/dev/block"
            f' && PATH={bin_}:$PATH exec "$0"'
        )
        return ["unshare", "--mount", "sh", "-c", inside, str(script)]

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        """Runs one of the box's scripts to its end."""
        return subprocess.run(
            self.command(LIBEXEC / name), capture_output=True, text=True, check=False, timeout=60
        )

    def noted(self) -> list[str]:
        """The commands that were run in place of real ones."""
        place = self.folder / "noted"
        return place.read_text().split() if place.exists() else []


@pytest.fixture
def disks(tmp_path: Path) -> Iterator[Disks]:
    made = []
    for name in ("block", "numbers", "bin"):
        (tmp_path / name).mkdir()
    for disk in ("foyerx", "foyery"):
        whole = Path(f"/dev/{disk}")
        made.append(whole)
        with whole.open("wb") as file:
            file.truncate(80 * 2**20)
        subprocess.run(["sfdisk", "--quiet", whole], input=TABLE, text=True, check=True)
        for number in (KEY, SYSTEM, DATA):
            (tmp_path / "devices" / disk / f"{disk}{number}").mkdir(parents=True)
            device = tmp_path / "devices" / disk / f"{disk}{number}"
            (device / "partition").write_text(f"{number}\n")
            (device / "uevent").write_text(f"DEVTYPE=partition\nPARTUUID={disk}-{number}\n")
            (tmp_path / "block" / device.name).symlink_to(device)
            made.append(Path(f"/dev/{disk}{number}"))
            made[-1].write_bytes(b"LUKS" * 2**23 if number == DATA else READY)
        (tmp_path / "block" / disk).symlink_to(tmp_path / "devices" / disk)
    root = Path("/").stat().st_dev
    system = tmp_path / "devices" / "foyery" / f"foyery{SYSTEM}"
    (tmp_path / "numbers" / f"{os.major(root)}:{os.minor(root)}").symlink_to(system)
    disks = Disks(tmp_path)
    for name in NOTED:
        disks.put(name, f"echo {name} >>{tmp_path}/noted")
    FAULT.unlink(missing_ok=True)
    yield disks
    for path in made:
        path.unlink()
    FAULT.unlink(missing_ok=True)


def test_a_reset_destroys_the_key_and_the_keys_of_the_data(disks: Disks) -> None:
    done = disks.run("foyer-factory-reset")
    assert done.returncode == 0, done
    assert disks.part("foyery", KEY).read_bytes() == bytes(len(READY))
    left = disks.part("foyery", DATA).read_bytes()
    assert len(left) == 2**25 and b"LUKSLUKS" not in left[: 2**24] and left[2**24 :] == b"LUKS" * 2**22


def test_a_reset_leaves_another_disk_of_foyers_alone(disks: Disks) -> None:
    assert disks.run("foyer-factory-reset").returncode == 0
    assert disks.part("foyerx", KEY).read_bytes() == READY
    assert disks.part("foyerx", DATA).read_bytes() == b"LUKS" * 2**23


def test_a_reset_that_cannot_reach_the_disk_fails(disks: Disks) -> None:
    disks.part("foyery", DATA).unlink()
    assert disks.run("foyer-factory-reset").returncode != 0
    assert not disks.part("foyery", DATA).exists()
    disks.part("foyery", DATA).touch()


def test_data_that_was_made_whole_is_opened_and_never_formatted(disks: Disks) -> None:
    disks.run("box-data")
    assert "cryptsetup" in disks.noted() and "e2fsck" in disks.noted()
    assert not {"wipefs", "mkfs.ext4"} & set(disks.noted())
    assert not FAULT.exists()


def is_refused(disks: Disks, fault: str) -> bool:
    """Whether the start ends with that fault noted, and nothing opened or changed."""
    before = [
        disks.part(disk, number).read_bytes() for disk in ("foyerx", "foyery") for number in (KEY, DATA)
    ]
    done = disks.run("box-data")
    after = [disks.part(disk, number).read_bytes() for disk in ("foyerx", "foyery") for number in (KEY, DATA)]
    assert before == after and not set(CHANGING) & set(disks.noted())
    return done.returncode != 0 and FAULT.read_text() == f"{fault}\n"


def test_data_whose_beginning_is_lost_is_left_as_it_is(disks: Disks) -> None:
    """LUKS keeps there how they open; cryptsetup(8) ends with 1 then."""
    disks.put("cryptsetup", "echo 'Device is not a valid LUKS device.' >&2; exit 1")
    before = disks.part("foyery", DATA).read_bytes()
    done = disks.run("box-data")
    assert done.returncode != 0 and FAULT.read_text() == "locked\n"
    assert (
        disks.part("foyery", DATA).read_bytes() == before and disks.part("foyery", KEY).read_bytes() == READY
    )
    assert not {"wipefs", "mkfs.ext4", "mount"} & set(disks.noted())
    page = Path("/run/foyer-fault/index.html").read_text()
    assert "The data on the disk cannot be opened" in page


@pytest.mark.parametrize("number", [KEY, DATA])
def test_a_disk_that_lost_a_partition_is_left_as_it_is(disks: Disks, number: int) -> None:
    subprocess.run(["sfdisk", "--quiet", "--part-label", "/dev/foyery", str(number), "odd"], check=True)
    assert is_refused(disks, "no-partition")


@pytest.mark.parametrize("is_new", [True, False])
def test_of_two_disks_with_the_same_numbers_none_is_taken(disks: Disks, is_new: bool) -> None:
    """As two are that were written from the same image, or one from the other: who mounted the system went by
    a number that both have.
    """
    system = disks.folder / "devices/foyerx" / f"foyerx{SYSTEM}" / "uevent"
    system.write_text(f"DEVTYPE=partition\nPARTUUID=foyery-{SYSTEM}\n")
    if is_new:
        disks.part("foyery", KEY).write_bytes(bytes(len(READY)))
    assert is_refused(disks, "twins")


def test_a_new_disk_gets_its_data_made(disks: Disks) -> None:
    disks.part("foyery", KEY).write_bytes(bytes(len(READY)))
    disks.run("box-data")
    assert "wipefs" in disks.noted()


@pytest.mark.parametrize("what", ["unreadable", "something else"])
def test_a_disk_that_does_not_tell_whether_it_has_data_keeps_it(disks: Disks, what: str) -> None:
    if what == "unreadable":
        disks.put("dd", "echo 'dd: error reading: Input/output error' >&2; exit 1")
    else:
        disks.part("foyery", KEY).write_bytes(READY.replace(b"ready", b"reaxy"))
    done = disks.run("box-data")
    assert done.returncode != 0 and FAULT.read_text() == "locked\n"
    assert not set(CHANGING) & set(disks.noted())


def test_a_long_check_is_told_on_the_screen(disks: Disks) -> None:
    """Once a minute; here, ten times a second."""
    kernel_log = Path("/dev/kmsg")
    kernel_log.touch()
    script = disks.folder / "box-data"
    text = (LIBEXEC / "box-data").read_text()
    assert "tell_every_s=60\n" in text
    script.write_text(text.replace("tell_every_s=60\n", "tell_every_s=0.1\n"))
    script.chmod(0o755)
    disks.put("e2fsck", f"until [ -e {disks.folder}/checked ]; do sleep 0.1; done")
    box = subprocess.Popen(disks.command(script), stdout=subprocess.DEVNULL)
    until(lambda: " for 3 min" in kernel_log.read_text(), 10, "the third minute")
    (disks.folder / "checked").touch()
    assert box.wait(60) == 0
    kernel_log.unlink()
