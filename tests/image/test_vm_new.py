"""The image on a machine with UEFI that starts nothing but what is signed; its first disk is too small."""

from __future__ import annotations

import ssl
import urllib.request
from collections.abc import Iterator

import pytest
from vm import DISK_GB

from tests.browser.browser import Browser
from tests.image.trouble import is_said
from tests.image.vm import READY_TIMEOUT_S, VirtualBox

pytestmark = pytest.mark.vm

TOO_SMALL_GB = 3
PAGE_S = 60


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBox]:
    """Switched on for the first time."""
    folder = tmp_path_factory.mktemp("new")
    with VirtualBox(folder, is_secure=True, disk_gb=TOO_SMALL_GB) as box:
        yield box


def test_a_disk_that_is_too_small_is_said(new: VirtualBox) -> None:
    screen = is_said(new, "too small to keep data on")
    # Nothing to reset.
    assert "4 GB or more" in screen and "Factory reset" not in screen
    assert new.failed() == ["box-data.service"], new.log_tail()
    # What cannot work is not tried again and again.
    restarts = "systemctl show -P NRestarts foyer-fault-door foyer-setup asterisk caddy foyer-webui | sort -u"
    assert new.run(restarts).split() == ["0"]


def test_its_page_in_a_browser(new: VirtualBox) -> None:
    # A bookmark: with TLS, by an authority that is made for the moment.
    with Browser(new.https_url, new.folder, wait_s=PAGE_S) as browser:
        browser.open("/desk")
        assert "too small to keep data on" in browser.find("section[lang=en]").text
        assert "Ổ đĩa quá nhỏ" in browser.find("section[lang=vi]").text
        # Its style came along.
        assert browser.script("return getComputedStyle(document.body).margin") == "0px"


def test_it_is_switched_off_at_its_screen_and_boots_from_a_larger_disk(new: VirtualBox) -> None:
    new.type_line("3")
    new.wait_console("yes/no", 60, after="Switch the box off?")
    new.type_line("yes")
    new.wait_off(READY_TIMEOUT_S)
    new.grow_disk(DISK_GB)
    new.start()
    new.assert_well()
    with urllib.request.urlopen(f"http://127.0.0.1:{new.http_port}/foyer-ca.crt", timeout=60) as answer:
        ssl.create_default_context(cadata=answer.read().decode())


def test_it_boots_with_secure_boot(new: VirtualBox) -> None:
    assert new.run("mokutil --sb-state").splitlines()[0] == "SecureBoot enabled"


def test_drivers_with_a_key_that_nobody_enrolled_are_refused(new: VirtualBox) -> None:
    assert "Key was rejected by service" in new.run("modprobe dahdi", check=False)
    assert "0 modules loaded" in new.asterisk("module show like chan_dahdi")
