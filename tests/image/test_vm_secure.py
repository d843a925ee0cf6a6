"""The image on a machine with UEFI that starts nothing but what is signed."""

from __future__ import annotations

import ssl
import urllib.request
from collections.abc import Iterator

import pytest

from tests.image.test_vm import asterisk, is_well
from tests.image.vm import VirtualBox

pytestmark = pytest.mark.vm


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBox]:
    """Switched on for the first time."""
    with VirtualBox(tmp_path_factory.mktemp("new"), is_secure=True) as box:
        yield box


def test_it_boots_with_secure_boot(new: VirtualBox) -> None:
    is_well(new)
    assert new.run("mokutil --sb-state").splitlines()[0] == "SecureBoot enabled"
    with urllib.request.urlopen(f"http://127.0.0.1:{new.http_port}/foyer-ca.crt", timeout=60) as answer:
        ssl.create_default_context(cadata=answer.read().decode())


def test_drivers_with_a_key_that_nobody_enrolled_are_refused(new: VirtualBox) -> None:
    assert "Key was rejected by service" in new.run("modprobe dahdi", check=False)
    assert "0 modules loaded" in asterisk(new, "module show like chan_dahdi")
