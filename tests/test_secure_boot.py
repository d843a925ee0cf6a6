"""The state of the drivers' key, from the firmware's variables as shim and mokutil leave them."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import RejectedError
from appliance.privileged.enrolment import Code
from appliance.secure_boot import key_at_start, key_now, new_code

GLOBAL, SHIM = "8be4df61-93ca-11d2-aa0d-00e098032b8c", "605dab50-e046-4300-abb6-3dd810dd8b23"
OURS, DEBIANS = b"\x30\x82our certificate", b"\x30\x82Debian's certificate"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "driver-key.der"
    path.write_bytes(OURS)
    return path


def variable(folder: Path, name: str, value: bytes) -> None:
    (folder / name).write_bytes(b"\x07\x00\x00\x00" + value)


def test_a_machine_without_secure_boot_takes_every_driver(tmp_path: Path, certificate: Path) -> None:
    assert key_at_start(tmp_path / "none", certificate) == ""
    variable(tmp_path, f"SecureBoot-{GLOBAL}", b"\x00")
    assert key_at_start(tmp_path, certificate) == ""
    variable(tmp_path, f"SecureBoot-{GLOBAL}", b"\x01")
    assert key_at_start(tmp_path, certificate) == "unknown"
    assert key_at_start(tmp_path, tmp_path / "no certificate") == ""
    variable(tmp_path, f"MokSBStateRT-{SHIM}", b"\x01")
    assert key_at_start(tmp_path, certificate) == ""


def test_the_way_of_the_key(tmp_path: Path, certificate: Path) -> None:
    variable(tmp_path, f"SecureBoot-{GLOBAL}", b"\x01")
    variable(tmp_path, f"MokListRT-{SHIM}", DEBIANS)
    known = key_at_start(tmp_path, certificate)
    assert known == "unknown" and key_now(known, tmp_path) == "unknown"
    variable(tmp_path, f"MokNew-{SHIM}", b"list" + OURS)
    assert key_now(known, tmp_path) == "asked"
    variable(tmp_path, f"MokListRT1-{SHIM}", b"list" + OURS)
    known = key_at_start(tmp_path, certificate)
    assert known == "confirmed" and key_now(known, tmp_path) == "confirmed"
    assert key_now("", tmp_path) == ""


def test_a_code(tmp_path: Path) -> None:
    code = new_code()
    Code.parse(code).hand_over(tmp_path / "code")
    assert (tmp_path / "code").read_text() == f"{code}\n{code}\n"
    for wrong in ("", "1234567", "123456789", "1234567x", "１２３４５６７８", "1234567\n"):
        with pytest.raises(RejectedError):
            Code.parse(wrong)
