"""The image on a new machine: UEFI that starts nothing but what is signed, and a chip for keys (a TPM).
Its first disk is too small; its owner confirms the key of the drivers; then its chip is cleared.
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

pytestmark = [pytest.mark.vm, pytest.mark.xdist_group("new")]

TOO_SMALL_GB = 3
# Its own, since others are up at the same time.
HTTPS_PORT, HTTP_PORT = 15443, 15080
PAGE_S = 60
# As a terminal sends them.
DOWN, ENTER = "\x1b[B", "\r"
PARTITION = "/dev/disk/by-partlabel/foyer-data"
# TCG's TPM 2.0 library, part 3: TPM2_Clear, by TPM_RH_LOCKOUT with its empty password, as a firmware's menu
# does it.
CLEAR_CHIP = """python3 -c "
chip = open('/dev/tpmrm0', 'r+b', buffering=0)
chip.write(bytes.fromhex('8002 0000001b 00000126 4000000a 00000009 40000009 0000 00 0000'))
print(chip.read(4096)[6:10].hex())
" """


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBox]:
    """Switched on for the first time."""
    folder = tmp_path_factory.mktemp("new")
    with VirtualBox(
        folder,
        is_secure=True,
        disk_gb=TOO_SMALL_GB,
        has_chip=True,
        https_port=HTTPS_PORT,
        http_port=HTTP_PORT,
    ) as box:
        yield box


def doctor(box: VirtualBox) -> str:
    """What `foyer doctor` says."""
    return box.run("foyer doctor", check=False)


@pytest.fixture(scope="module")
def secrets(new: VirtualBox) -> tuple[str, str]:
    """The recovery key and the one-time password, as they were made first."""
    return new.run("cat /data/secrets/recovery-key"), new.otp


def sealed_slots(box: VirtualBox) -> list[str]:
    """The ways in which the data opens, in systemd-cryptenroll(1)'s words; none of them lies on the disk."""
    assert box.run("head -c 64 /dev/disk/by-partlabel/foyer-key | tr -d '\\0' | wc -c") == "0"
    return sorted(box.run(f"systemd-cryptenroll {PARTITION} | awk 'NR > 1 {{ print $2 }}'").split())


def type_recovery_key(box: VirtualBox, key: str, answer: str) -> None:
    """Types it at the box's screen; returns when the screen has answered."""
    box.type_line("5")
    box.wait_console("eight groups of eight letters:", LOOK_S, after=MENU)
    box.type_line(key)
    box.wait_console(answer, LOOK_S)


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


def test_the_data_opens_by_the_chip_alone(new: VirtualBox, secrets: tuple[str, str]) -> None:
    assert sealed_slots(new) == ["recovery", "tpm2"]
    assert len(secrets[0].split("-")) == 8
    assert new.run("stat -c '%U %a' /data/secrets/recovery-key") == "foyer-webui 400"


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
    assert new.run(CLEAR_CHIP) == "00000000"
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


def test_with_its_chip_cleared_its_screen_takes_the_recovery_key(
    new: VirtualBox, secrets: tuple[str, str]
) -> None:
    new.wait_restart(READY_TIMEOUT_S)
    assert "5  Open the data" in is_said(new, "is locked to another machine")
    type_recovery_key(new, "-".join(["c" * 8] * 8), "does not open the data.")
    new.type_line("")
    new.wait_console(MENU, LOOK_S, after="does not open the data.")
    type_recovery_key(new, secrets[0], "It fits")


def test_it_has_its_data_and_its_drivers(new: VirtualBox, secrets: tuple[str, str]) -> None:
    new.wait_restart(READY_TIMEOUT_S)
    new.wait_up(READY_TIMEOUT_S)
    new.assert_well()
    # With what it had, and by the chip from now on.
    assert (new.run("cat /data/secrets/recovery-key"), new.otp) == secrets
    assert sealed_slots(new) == ["recovery", "tpm2"]
    new.run("modprobe -a dahdi wctdm24xxp wcte43x")
    assert "wctdm24xxp" in new.run("lsmod")
    assert "driver" not in doctor(new)
