"""The card tables that ship are true to the drivers; a wrong one is refused with file, line and reason."""

from __future__ import annotations

import shutil
import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.errors import SetupError
from appliance.hw import cards

TABLE = cards.load()
ONE = """\
driver = "wctest"
bus = "pci"
supported = true

[[card]]
name = "A card"
ids = ["d161:0001"]
lines = ["fxo"]
ports = [4]
modular = true
echo = ""
source = "a datasheet"

[[card]]
name = "Another card"
ids = ["d161:0002"]
lines = ["fxo"]
ports = [4]
modular = true
echo = ""
source = "a datasheet"

[[card.firmware]]
file = "card.bin"
version = "1"
need = "start"
source = "a manual"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the makers and their archives alone."""
    for name in (cards.MAKERS, cards.FIRMWARE):
        shutil.copy(cards.FOLDER / name, tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("device_id", "name"),
    [
        ("d161:8005:d161:8005", "Digium Wildcard TDM410P"),
        ("d161:0800:0000:0000", "Digium Wildcard TDM800P"),
        ("e159:0001:b119:0001", "Digium Wildcard TDM400P, revision I"),
        ("e159:0001:b1d9:0003", "AX400P"),
        ("e159:0001:b100:0001", "Digium Wildcard TDM400P, revision E or F"),
        ("e159:0001:9500:0003", "OpenVox A800P"),
        ("d161:0205:0004:0000", "Digium Wildcard TE205P or TE207P"),
        ("d161:1420:0005:0000", "Digium Wildcard TE420"),
        ("d161:b410:d161:b410", "Digium Wildcard B410P"),
        ("1397:08b4:1397:e888", "OpenVox B400P"),
        ("1397:08b4:1397:ffff", "ISDN card with an HFC-4S"),
        ("1923:0100:a114:4213", "Sangoma A104d"),
        ("8086:100e:1af4:1100", None),
        # Digium's own, with no card's device id; the fifth generation's with no such subsystem.
        ("d161:9999:0000:0000", None),
        ("d161:1420:0001:0000", None),
    ],
)
def test_cards_by_their_ids(device_id: str, name: str | None) -> None:
    found = TABLE.find("pci", device_id)
    assert (found and found.name) == name


def test_an_astribank_before_and_after_its_firmware() -> None:
    for device_id in ("e4e4:1160", "e4e4:1161", "e4e4:1162"):
        found = TABLE.find("usb", device_id)
        assert found and found.name == "Xorcom Astribank, modular"
    assert TABLE.find("pci", "e4e4:1162") is None


def test_makers() -> None:
    digium, chips = TABLE.maker("pci", "d161"), TABLE.maker("pci", "1397")
    assert digium and digium.name == "Digium" and chips and not chips.name
    assert TABLE.maker("usb", "d161") is None


def test_a_wrong_table_is_refused_with_its_line(folder: Path) -> None:
    path = folder / "wctest.toml"
    path.write_text(ONE)
    assert [card.name for card in cards.load(folder).cards] == ["A card", "Another card"]
    for wrong, right, line, reason in (
        ('"d161:0001"', '"D161:0001"', 7, "D161:0001 is no id of a PCI device"),
        ('["d161:0002"]', '["d161:0001"]', 16, "d161:0001 is also an id of A card"),
        ('["d161:0002"]', "[]", 16, "ids must name at least one"),
        ('["d161:0002"]', '"d161:0002"', 16, "ids must be a list"),
        ("[4]", "[0]", 9, "ports must be numbers from 1 to 32"),
        ("modular = true", "modular = 1", 10, "modular must be true or false"),
        ('need = "start"', 'need = "stop"', 26, "need must be one of start, update, better, echo"),
        ('"card.bin"', '"../card.bin"', 24, "file must be the name of a file"),
        ('version = "1"\n', "", 23, "version is missing"),
        ('source = "a datasheet"\n', "", 5, "source is missing"),
        ('source = "a datasheet"\n', 'source = ""\n', 12, "source must be text"),
        ('lines = ["fxo"]', 'lines = ["FXO"]', 8, "lines must be of fxo, fxs, bri, e1, t1, j1"),
        ('bus = "pci"', 'bus = "isa"', 2, "bus must be one of pci, usb"),
        ("ports = [4]", "ports = [4]\ncolor = 1", 10, "nobody knows what color means"),
        ("supported = true", "supported = ", 3, "Invalid value"),
    ):
        path.write_text(ONE.replace(wrong, right, 1))
        with pytest.raises(SetupError) as refused:
            cards.load(folder)
        assert str(refused.value) == f"{path}, line {line}: {reason}."


def test_a_wrong_archive_is_refused_with_its_line(folder: Path) -> None:
    path = folder / cards.FIRMWARE
    right = path.read_text("utf-8")
    first, second = TABLE.archives[:2]
    line = next(n for n, text in enumerate(right.splitlines(), 1) if text == "[[archive]]")
    for before, after, at, reason in (
        (f'"{first.sha256}"', f'"{first.sha256.upper()}"', 5, "sha256 must be 64 hexadecimal digits"),
        (f'"{first.name}"', '"../x.tar.gz"', 1, "name must be the name of a file"),
        ('"https://', '"http://', 2, "url must be an address"),
        (str(first.size), "0", 4, f"size must be a number of bytes up to {cards.ARCHIVE_MAX}"),
        (f'file = "{second.file}"', f'file = "{first.file}"', 11, f"{first.name} has the same file"),
        (second.sha256, first.sha256, 13, f"{first.name} has the same sha256"),
        (f"size = {first.size}\n", "", 0, "size is missing"),
    ):
        path.write_text(right.replace(before, after, 1), "utf-8")
        with pytest.raises(SetupError) as refused:
            cards.load(folder)
        assert str(refused.value) == f"{path}, line {line + at}: {reason}."


def test_a_folder_without_makers_or_with_a_strange_file_is_refused(tmp_path: Path, folder: Path) -> None:
    (folder / "binary.toml").write_bytes(b"\xff")
    with pytest.raises(SetupError, match=r"binary\.toml cannot be read"):
        cards.load(folder)
    with pytest.raises(SetupError, match="cannot be read"):
        cards.load(tmp_path / "nothing")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.data())
def test_whatever_is_changed_in_a_table_it_loads_or_says_where_it_is_wrong(
    folder: Path, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(ONE)))
    end = data.draw(st.integers(start, min(start + 40, len(ONE))))
    text = data.draw(st.text(st.sampled_from(string.printable + '[]="\n'), max_size=12))
    path = folder / "wctest.toml"
    path.write_text(ONE[:start] + text + ONE[end:])
    try:
        cards.load(folder)
    except SetupError as error:
        line = str(error).removeprefix(f"{path}, line ").partition(":")[0]
        assert line.isdigit() and 1 <= int(line) <= len(path.read_text().splitlines()) + 1
