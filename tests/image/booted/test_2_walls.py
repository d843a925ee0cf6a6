"""What must hold of the booted image before anybody used it: nothing listens that need not, nobody signs in,
no service gets out of its walls, a box that hangs starts again.
"""

from __future__ import annotations

import http.client
import re
import urllib.request

import pytest

from tests.image.booted.conftest import STRANGER_BOX_PORT, STRANGER_PORT
from tests.image.test_listening import is_loopback, sockets
from tests.image.test_units import EXPOSURE_MAX, OURS
from tests.image.vm import ALWAYS_UP, VirtualBox
from tests.until import until

pytestmark = [pytest.mark.vm, pytest.mark.xdist_group("old")]

# Pages, phones and lines, and the name foyer.local.
LISTENING = {
    ("tcp", 80, "caddy"),
    ("tcp", 443, "caddy"),
    ("udp", 5060, "asterisk"),
    ("udp", 5353, "systemd-resolve"),
}
# Where the router's answers arrive, while an address is asked for.
ASKING = {("udp", 68, "systemd-network"), ("udp", 546, "systemd-network")}


def test_nothing_listens_beyond_what_the_box_is_for(old: VirtualBox) -> None:
    found = sockets(old.run("ss -Hlntup"))
    outside = {(kind, port, program) for kind, host, port, program in found if not is_loopback(host)}
    assert outside - ASKING == LISTENING


def is_reached() -> bool:
    """Whether a program that listens in the box, on every address, answers the network."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{STRANGER_PORT}/", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):
        return False


def test_the_firewall_keeps_out_what_listens_all_the_same(old: VirtualBox) -> None:
    old.run(f"systemd-run --unit=stranger python3 -m http.server {STRANGER_BOX_PORT}")
    until(lambda: old.run(f"ss -Hlnt sport = {STRANGER_BOX_PORT}"), 60, "the stranger to listen", 1)
    assert not is_reached()
    # It is the firewall that kept it out.
    old.run(f"nft insert rule inet foyer input tcp dport {STRANGER_BOX_PORT} accept")
    until(is_reached, 60, "the stranger, let in", 1)
    old.run("systemctl reload nftables")
    assert not is_reached()
    old.run("systemctl stop stranger")


def test_nobody_signs_in(old: VirtualBox) -> None:
    assert old.run("awk -F: '$2 !~ /^[!*]/' /etc/shadow") == ""
    assert (
        old.run(
            "systemctl list-units --all --plain --no-legend '*getty@*' '*ssh*' | grep ' active '", check=False
        )
        == ""
    )


def test_no_compiler_no_headers_no_test_tools(old: VirtualBox) -> None:
    for tool in ("gcc", "cc", "make", "ld", "sipp", "chromium", "pytest", "sshd", "qemu-system-x86_64"):
        assert old.run(f"command -v {tool}", check=False) == "", tool
    assert (
        old.run("ls -d /usr/include/linux /usr/src/linux-headers*", check=False).count("cannot access") == 2
    )


def test_the_walls_are_strict_as_they_stand(old: VirtualBox) -> None:
    names = [name.replace("@.", "@start." if "network" in name else "@ttyS0.") for name in OURS]
    said = old.run(f"systemd-analyze security --no-pager {' '.join(names)}")
    found = {name: float(level) for name, level in re.findall(r"exposure level for (\S+): ([0-9.]+)", said)}
    assert set(found) == set(names)
    assert {name: level for name, level in found.items() if level > EXPOSURE_MAX} == {}


def test_memory_is_limited_by_the_kernel(old: VirtualBox) -> None:
    services = [name for name in ALWAYS_UP if not name.endswith(".target")]
    limits = old.run(
        "cat " + " ".join(f"/sys/fs/cgroup/system.slice/{name}.service/memory.max" for name in services)
    )
    assert "max" not in limits and len(limits.split()) == len(services)


def test_calls_come_before_pages(old: VirtualBox) -> None:
    units = ("asterisk", "foyer-webui", "caddy")
    weights = old.run(
        f"cat {' '.join(f'/sys/fs/cgroup/system.slice/{unit}.service/cpu.weight' for unit in units)}"
    )
    assert weights.split() == ["1000", "100", "100"]


def test_the_journal_is_bounded(old: VirtualBox) -> None:
    # journald's own word at its start: what it uses, and what it may.
    assert "max 48M" in old.run(
        "journalctl -q --no-pager -o cat -u systemd-journald | grep '^Runtime Journal'"
    )
    assert old.run("ls /var/log/journal", check=False).count("cannot access") == 1


def test_the_hardware_watchdog_is_fed(old: VirtualBox) -> None:
    assert old.run("systemctl show -P WatchdogDevice") == "/dev/watchdog0"
    assert old.run("cat /sys/class/watchdog/watchdog0/state") == "active"
    assert int(old.run("cat /sys/class/watchdog/watchdog0/timeout")) == 30
