"""The image on a machine with UEFI that starts nothing but what is signed; its first disk is too small, and
its owner confirms the key of the drivers.
"""

from __future__ import annotations

import re
import ssl
import urllib.request
from collections.abc import Iterator

import pytest
from vm import DISK_GB

from tests.browser.browser import Browser
from tests.image.trouble import LOOK_S, MENU, is_said
from tests.image.vm import READY_TIMEOUT_S, VirtualBox

pytestmark = pytest.mark.vm

TOO_SMALL_GB = 3
PAGE_S = 60
# As a terminal sends them.
DOWN, ENTER = "\x1b[B", "\r"


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBox]:
    """Switched on for the first time."""
    folder = tmp_path_factory.mktemp("new")
    with VirtualBox(folder, is_secure=True, disk_gb=TOO_SMALL_GB) as box:
        yield box


def doctor(box: VirtualBox) -> str:
    """What `foyer doctor` says."""
    return box.run("foyer doctor", check=False)


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
    # This machine has no card that udev would have asked for it; what asks has such words for the journal.
    new.run("systemd-cat -t modprobe modprobe dahdi", check=False)
    said = doctor(new)
    assert "Secure Boot keeps the driver dahdi from being loaded; its card does not work." in said
    assert "Let the drivers of telephone cards in" in said


def test_its_screen_lets_the_drivers_in(new: VirtualBox) -> None:
    new.type_line("6")
    new.wait_console("now? yes/no", LOOK_S, after=MENU)
    new.type_line("yes")
    shown = new.wait_console("Written down?", LOOK_S, after="now? yes/no")
    code = re.search(r"^ {5}([0-9]{8})\s*$", shown, re.MULTILINE)
    assert code, shown
    # The firmware keeps the question for the next start.
    assert "Foyer telephony drivers" in new.run("mokutil --list-new")
    assert "Start the box again at its own screen" in doctor(new)
    new.type_line("yes")

    # shim's MokManager: Enroll MOK, Continue, Yes, the code, Reboot.
    new.wait_console("Press any key to perform MOK management", READY_TIMEOUT_S)
    new.press(ENTER)
    for words in ("Enroll MOK", "View key", "Yes"):
        new.wait_console(words, LOOK_S, after="MOK management")
        new.press(DOWN + ENTER)
    new.wait_console("Password:", LOOK_S)
    new.press(code[1] + ENTER)
    new.wait_console("Reboot", LOOK_S, after="Password:")
    new.press(ENTER)


def test_with_the_key_confirmed_the_drivers_load(new: VirtualBox) -> None:
    new.wait_restart(READY_TIMEOUT_S)
    new.wait_up(READY_TIMEOUT_S)
    new.assert_well()
    new.run("modprobe -a dahdi wctdm24xxp wcte43x")
    assert "wctdm24xxp" in new.run("lsmod")
    assert "driver" not in doctor(new)
