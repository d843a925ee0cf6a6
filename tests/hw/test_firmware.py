"""Files of cards' makers: only what the table has is kept, and only cards without calls get their drivers
anew.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import RejectedError, TransientError
from appliance.hw import cards, firmware, watch
from appliance.hw.cards import ARCHIVE_MAX, Archive, CardTable
from appliance.settings import Settings
from tests.hw.dahdi import real
from tests.hw.machines import Machine
from tests.lint.source import ROOT

CARD, ADDRESS, FILE = "d161:800e:0000:0000", "0000:04:05.0", "dahdi-fw-te435.bin"
ECHO_CARD, ECHO_FILE = "d161:8005:d161:8005", "dahdi-fw-vpmoct032.bin"
CONTENT = b"what the card runs" * 1000


def packed(*members: tuple[str, bytes], link: str = "") -> bytes:
    """A .tar.gz as makers make them; `link` is the name of a link to /etc/shadow in it."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        if link:
            entry = tarfile.TarInfo(link)
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/shadow"
            tar.addfile(entry)
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)


def table_with(data: bytes, file: str = FILE) -> CardTable:
    """The table that ships, with an archive of ours in the place of the maker's."""
    digest = hashlib.sha256(data).hexdigest()
    ours = Archive("maker.tar.gz", "https://example.org/maker.tar.gz", file, len(data), digest)
    return replace(cards.load(), archives=(ours,))


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    (tmp_path / "kept").mkdir()
    return tmp_path / "kept"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "archive"


GOOD = packed(("LICENSE", b"none"), (FILE, CONTENT))


@pytest.mark.parametrize("name", [FILE, f"./{FILE}", f"firmware/1.0/{FILE}", f"../../{FILE}"])
def test_the_file_is_taken_out_of_the_archive(source: Path, kept: Path, name: str) -> None:
    data = packed(("LICENSE", b"none"), (name, CONTENT))
    source.write_bytes(data)
    taken = firmware.take(source, kept, table_with(data))
    assert taken and taken.name == "maker.tar.gz"
    assert [path.name for path in kept.iterdir()] == [FILE]
    assert (kept / FILE).read_bytes() == CONTENT and (kept / FILE).stat().st_mode & 0o777 == 0o644


def test_nothing_came(source: Path, kept: Path) -> None:
    assert firmware.take(source, kept, table_with(GOOD)) is None


@pytest.mark.parametrize(
    "data",
    [b"", GOOD[:-1], GOOD + b"\0", GOOD[:100] + b"x" + GOOD[101:], CONTENT, b"x" * (ARCHIVE_MAX + 10)],
    ids=["empty", "short", "long", "another byte", "not packed", "huge"],
)
def test_what_the_table_does_not_have_is_refused(source: Path, kept: Path, data: bytes) -> None:
    source.write_bytes(data)
    with pytest.raises(RejectedError, match="No card of the table"):
        firmware.take(source, kept, table_with(GOOD))
    assert list(kept.iterdir()) == []


@pytest.mark.parametrize(
    "data",
    [
        packed(("LICENSE", b"none")),
        packed((FILE, b"one"), (f"more/{FILE}", b"two")),
        packed(link=FILE),
        GOOD[:-20],
        gzip.compress(b"no archive"),
        CONTENT,
    ],
    ids=["without it", "twice", "a link", "cut off", "not a tar", "not packed"],
)
def test_an_archive_without_the_file_keeps_nothing(source: Path, kept: Path, data: bytes) -> None:
    source.write_bytes(data)
    with pytest.raises(RejectedError, match="not in this archive"):
        firmware.take(source, kept, table_with(data))
    assert list(kept.iterdir()) == []


def test_nothing_is_read_through_a_link_or_from_a_pipe(source: Path, kept: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(GOOD)
    source.symlink_to(tmp_path / "secret")
    for _ in range(2):
        with pytest.raises(TransientError, match="cannot be read"):
            firmware.take(source, kept, table_with(GOOD))
        source.unlink()
        os.mkfifo(source)
    assert list(kept.iterdir()) == []


def places_of(machine: Machine, kept: Path) -> firmware.Places:
    """The kernel's two files that give a card to a driver and take it away are there."""
    run = machine.places.loaded_with
    run.mkdir(exist_ok=True)
    (machine.sys / "bus/pci/drivers_probe").touch()
    return firmware.Places(kept, run, machine.sys, machine.places.proc)


def probed(machine: Machine) -> str:
    """The card that was given to a driver, once."""
    path = machine.sys / "bus/pci/drivers_probe"
    said = path.read_text()
    path.write_text("")
    return said


def test_a_card_that_waits_for_its_file_gets_its_driver_once(tmp_path: Path, kept: Path) -> None:
    machine = Machine(tmp_path / "machine")
    machine.pci(ADDRESS, CARD)
    machine.usb("3-2", "e4e4:1160")
    places, table = places_of(machine, kept), cards.load()
    firmware.load(places, table)
    assert probed(machine) == "" and list(places.run.iterdir()) == []
    (kept / FILE).write_bytes(CONTENT)
    (kept / "USB_FW.hex").write_bytes(CONTENT)
    firmware.load(places, table)
    assert probed(machine) == ADDRESS
    firmware.load(places, table)
    assert probed(machine) == "", "its driver has looked already"


def test_a_card_whose_driver_runs_is_taken_from_it_unless_it_is_in_use(tmp_path: Path, kept: Path) -> None:
    machine = Machine(tmp_path / "machine")
    place = machine.pci(ADDRESS, ECHO_CARD, driver="wctdm24xxp")
    unbind = place / "driver" / "unbind"
    machine.span(1, f"{ADDRESS}/pci:{ADDRESS}", {"name": "WCTDM/0", "is_digital": "0"}, real.SIXTEEN_FXO)
    assert "(In use)" in real.SIXTEEN_FXO
    places, table = places_of(machine, kept), cards.load()
    (kept / ECHO_FILE).write_bytes(CONTENT)
    seen = replace(machine.places, firmware=(kept,))
    looker = watch.Looker(table, seen, is_locked=False)
    firmware.load(places, table)
    (row,) = looker.look().rows["card"].values()
    assert not unbind.exists() and probed(machine) == "" and row["late"] and row["state"] == "ready"
    (machine.places.proc / "dahdi/1").write_text(real.SIXTEEN_FXO.replace("(In use)", ""))
    firmware.load(places, table)
    (row,) = looker.look().rows["card"].values()
    assert unbind.read_text() == ADDRESS and probed(machine) == ADDRESS and not row["late"]


@pytest.mark.parametrize("driver", ["vfio-pci", ""])
def test_a_card_of_another_driver_is_left_alone(tmp_path: Path, kept: Path, driver: str) -> None:
    machine = Machine(tmp_path / "machine")
    machine.pci(ADDRESS, CARD if driver else "d161:ffff:0000:0000", driver=driver)
    (kept / FILE).write_bytes(CONTENT)
    firmware.load(places_of(machine, kept), cards.load())
    assert probed(machine) == ""


def test_a_driver_that_does_not_let_go_ends_nothing(tmp_path: Path, kept: Path) -> None:
    machine = Machine(tmp_path / "machine")
    place = machine.pci(ADDRESS, ECHO_CARD, driver="wctdm24xxp")
    (place / "driver" / "unbind").mkdir()
    (kept / ECHO_FILE).write_bytes(CONTENT)
    firmware.load(places_of(machine, kept), cards.load())


def test_the_table_says_where_every_file_of_a_supported_card_comes_from() -> None:
    table = cards.load()
    without = {
        file.file
        for card in table.cards
        for file in card.firmware
        if card.is_supported and file.archive is None
    }
    assert without and all(name.startswith(("USB_FW", "FPGA_")) for name in without), without
    wanted = {file.file for card in table.cards for file in card.firmware}
    for archive in table.archives:
        assert archive.file in wanted and archive.url.endswith(f"/{archive.name}")
        assert table.archive(archive.sha256) is archive
    assert table.archive("0" * 64) is None


def test_a_card_tells_what_to_download(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.pci(ADDRESS, CARD)
    machine.load("wcte43x")
    (row,) = watch.Looker(cards.load(), machine.places, is_locked=False).look().rows["card"].values()
    (file,) = (file for file in row["firmware"] if file["file"] == FILE)
    assert file["archive"]["name"] == "dahdi-fw-te435-13001e.tar.gz" and row["state"] == "firmware"


def test_the_kernel_is_told_where_the_files_are() -> None:
    grub = (ROOT / "image/disk/grub.cfg").read_text("utf-8")
    assert f" firmware_class.path={Settings().firmware} " in grub
