"""What NVMe disks tell of their wear: the page as the specification has it, and what is kept of it."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.health import hardware, wear
from appliance.health.facts import Disk
from appliance.health.wear import Wear


def page(warning: int, used: int) -> bytes:
    """Critical warning, temperature (kelvin), spare, its threshold, percentage used; the rest counts."""
    return struct.pack("<BHBBB", warning, 310, 100, 10, used).ljust(512, b"\x07")


@pytest.mark.parametrize(
    ("warning", "used", "told"),
    [
        (0, 0, Wear(0, False)),
        (0, 83, Wear(83, False)),
        (0, 255, Wear(100, False)),
        (0x02, 5, Wear(5, False)),  # too hot is no wear
        (0x01, 5, Wear(5, True)),
        (0x08, 101, Wear(100, True)),
    ],
)
def test_the_page(warning: int, used: int, told: Wear) -> None:
    assert wear.parse(page(warning, used)) == told


@given(st.binary(max_size=600))
def test_no_other_bytes_are_a_page(text: bytes) -> None:
    if len(text) != 512:
        with pytest.raises(ValueError, match="512"):
            wear.parse(text)
    else:
        assert 0 <= wear.parse(text).life_used <= 100


def test_what_is_no_disk_does_not_tell(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="ioctl"):
        wear.ask(Path("/dev/null"))


def test_it_is_shown_with_its_disk(tmp_path: Path) -> None:
    block = tmp_path / "block/nvme1n1"
    (block / "device").mkdir(parents=True)
    (block / "size").write_text("1000\n")
    (block / "device/model").write_text("Fast 1TB\n")
    assert hardware.disks(tmp_path, {}, tmp_path) == (Disk("nvme1n1", "Fast 1TB", 512_000),)
    (tmp_path / "nvme1").write_text(json.dumps(asdict(Wear(83, False))))
    assert hardware.disks(tmp_path, {}, tmp_path) == (Disk("nvme1n1", "Fast 1TB", 512_000, 83),)
    for damage in ("", "{}", "[]", '{"life_used": "x", "is_worn_out": 1}'):
        (tmp_path / "nvme1").write_text(damage)
        assert wear.of_disk("nvme1n1", tmp_path) is None
    assert wear.of_disk("sda", tmp_path) is None
