"""A box whose disk comes loose, one that hangs, one whose data is damaged or lost, and the way out: each is
said on the screen and by a page, and the screen's menu leads on.
"""

from __future__ import annotations

import pytest

from tests.image.trouble import LOOK_S, MENU, is_said
from tests.image.vm import READY_TIMEOUT_S, VirtualBox

pytestmark = [pytest.mark.vm, pytest.mark.xdist_group("old")]

NOISE = "dd if=/dev/urandom bs=1M status=none"
PARTITION = "/dev/disk/by-partlabel/foyer-data"
PASSWORD = "One-time administrator password:"
# Emulated, the watchdog lets its time run out twice, and a kernel that hangs keeps a processor busy.
WATCHDOG_S = 10
SET_WATCHDOG = (
    "busctl set-property org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager"
    f" RuntimeWatchdogUSec t {WATCHDOG_S * 1_000_000}"
)


def test_a_disk_that_comes_loose(old: VirtualBox) -> None:
    # The beginning of the file system is lost, and then all of the disk.
    old.run(f"{NOISE} of=/dev/mapper/foyer-data count=96 oflag=direct")
    old.run("dmsetup wipe_table --force --noflush --nolockfs foyer-data")
    # A reset would not find a disk either.
    assert "Factory reset" not in is_said(old, "cannot reach its data")
    # Whoever speaks goes on speaking.
    assert old.run("systemctl is-active asterisk caddy").split() == ["active"] * 2


def test_a_box_that_hangs_starts_again_and_says_that_its_data_is_damaged(old: VirtualBox) -> None:
    # The same watchdog, with less patience than the half minute that test_2_walls finds it has.
    old.run(SET_WATCHDOG)
    assert int(old.run("cat /sys/class/watchdog/watchdog0/timeout")) == WATCHDOG_S
    old.hang()
    old.wait_restart(READY_TIMEOUT_S)
    assert "9  Factory reset" in is_said(old, "is damaged and could not be repaired")
    assert old.failed() == ["box-data.service"], old.log_tail()


def test_a_lost_beginning_of_the_data_is_said(old: VirtualBox) -> None:
    """LUKS keeps there how the data opens. As a start finds it, which waits for nobody and tries once."""
    old.run("cryptsetup close foyer-data")
    old.run(f"dd if=/dev/zero of={PARTITION} bs=1M count=16 oflag=direct status=none")
    assert "not a valid LUKS device" in old.run(f"cryptsetup luksDump {PARTITION}", check=False)
    old.run("systemctl restart box-data.service", check=False)
    assert "9  Factory reset" in is_said(old, "cannot be opened")
    assert old.failed() == ["box-data.service"], old.log_tail()
    restarts = old.run("systemctl show -P NRestarts box-data foyer-fault-door")
    assert restarts.split() == ["0", "0"]
    # What somebody may still save is left as it is.
    assert old.run(f"head -c {1 << 20} {PARTITION} | tr -d '\\0' | wc -c") == "0"


def test_a_factory_reset_at_its_screen_makes_it_new(old: VirtualBox) -> None:
    old.type_line("9")
    old.wait_console("Type DELETE:", LOOK_S)
    old.type_line("DELETE")
    old.wait_console("Type yes:", LOOK_S)
    old.type_line("yes")
    old.wait_restart(READY_TIMEOUT_S)
    # The wizard's password, which is used up, comes back as another one, once all is made anew.
    old.wait_console(PASSWORD, READY_TIMEOUT_S, after="Type yes:")
    screen = old.wait_console(MENU, LOOK_S, after=PASSWORD)
    assert old.otp in screen
    assert old.run("cat /run/foyer-data-fault 2>/dev/null", check=False) == ""
    assert old.run("find /data/asterisk/recordings -name '*.wav'") == ""
