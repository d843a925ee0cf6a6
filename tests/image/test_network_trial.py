"""A trial of another network in a booted box: real systemd-networkd, real timer, root's real actions.

A box of the tests has no kernel of its own, so the units that only real machines start are let go by drop-ins
in /run; the network card is one end of a cable.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image.box import Box
from tests.image.test_boot import user_group
from tests.until import until

pytestmark = pytest.mark.box

CARD = "eth9"
UNITS = (
    "foyer-network@.service",
    "systemd-networkd.service",
    "systemd-networkd.socket",
    "systemd-resolved.service",
)
# RFC 6762: asks for the address of foyer.local on the link, prints who answered with which.
QUERY = """
import socket, struct, sys
group, asked = "224.0.0.251", b"\\x05foyer\\x05local\\x00"
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
    link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    link.bind(("", 5353))
    here = socket.inet_aton("198.51.100.1")
    link.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + here)
    link.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, here)
    link.settimeout(1)
    for _ in range(15):
        link.sendto(struct.pack("!6H", 0, 0, 1, 0, 0, 0) + asked + struct.pack("!2H", 1, 1), (group, 5353))
        try:
            answer, (host, _) = link.recvfrom(2000)
            while host == "198.51.100.1":
                answer, (host, _) = link.recvfrom(2000)
        except TimeoutError:
            continue
        if asked in answer:
            print(host, socket.inet_ntoa(answer[answer.index(asked) + len(asked) + 10 :][:4]))
            sys.exit()
"""
# Time enough to see the other network before it goes; the product's two minutes are long to wait.
TRIAL_S = 30
TRY = """
import subprocess, sys
from pathlib import Path
from appliance.network.plan import NetworkPlan
from appliance.privileged.client import Privileged
root = Privileged(Path("/run/foyer-privileged.sock"))
match sys.argv[1:]:
    case ["try", plan, token]: root.try_network(NetworkPlan.parse(plan), token)
    case ["confirm", token]: root.confirm_network(token)
    case ["hurry", plan, token]:
        root.try_network(NetworkPlan.parse(plan), token)
        root.confirm_network(token)
    case ["leave", card]:
        root.leave_network()
        print(subprocess.run(["ip", "-4", "-brief", "address", "show", "dev", card], stdout=-1).stdout)
"""


@pytest.fixture(scope="module")
def machine(box: Box) -> Iterator[Box]:
    """The box with a network card that systemd-networkd manages."""
    for unit in UNITS:
        drop_in(box, unit, "[Unit]\nConditionKernelCommandLine=\n")
    box.run("systemctl", "daemon-reload")
    box.run("ip", "link", "add", CARD, "type", "veth", "peer", "name", "wall9")
    for name in (CARD, "wall9"):
        box.run("ip", "link", "set", name, "up")
    try:
        box.run("systemctl", "start", "foyer-network@start.service", "systemd-networkd.service")
        yield box
    finally:
        box.run(
            "systemctl", "stop", "systemd-resolved", "systemd-networkd.socket", "systemd-networkd.service"
        )
        # Gone already with the visitor at its other end.
        box.run("ip", "link", "delete", CARD, check=False)
        box.run("rm", "-rf", *(f"/run/systemd/system/{unit}.d" for unit in UNITS), "/data/network/plan.json")
        box.run("systemctl", "daemon-reload")


def drop_in(box: Box, unit: str, text: str) -> None:
    box.run("mkdir", "-p", f"/run/systemd/system/{unit}.d")
    box.run("sh", "-c", f"printf '{text}' >/run/systemd/system/{unit}.d/zz-test.conf")


@pytest.fixture
def soon_back(machine: Box) -> Iterator[None]:
    """A trial ends sooner than the product's."""
    timer = "foyer-network-back.timer"
    drop_in(machine, timer, f"[Timer]\nOnActiveSec=\nOnActiveSec={TRIAL_S}s\n")
    machine.run("systemctl", "daemon-reload")
    yield
    machine.run("rm", "-rf", f"/run/systemd/system/{timer}.d")
    machine.run("systemctl", "daemon-reload")


def ask(box: Box, *arguments: str, check: bool = True) -> str:
    """As the pages do it, by their account; what is in force right after it, if somebody gives up."""
    group = user_group(box, "foyer-webui")
    account = ("setpriv", "--reuid=foyer-webui", f"--regid={group}", "--groups=foyer-console")
    return box.run(*account, "python3", "-P", "-c", TRY, *arguments, check=check)


def plan(address: str, **more: object) -> str:
    whole = {
        "card": CARD,
        "address": address,
        "gateway": "",
        "dns": [],
        "phones_vlan": 0,
        "phones_address": "",
    }
    return json.dumps(whole | more)


def addresses(box: Box, card: str = CARD) -> str:
    return box.run("ip", "-4", "-brief", "address", "show", "dev", card, check=False)


def knows_vlans(box: Box) -> bool:
    """Whether this kernel can divide a card; the box's own can."""
    command = f"ip link add link {CARD} name probe type vlan id 9 && ip link delete probe && echo yes"
    return "yes" in box.run("sh", "-c", command, check=False)


def test_unconfirmed_it_goes_back_by_itself(machine: Box, soon_back: None) -> None:
    phones: dict[str, object] = (
        {"phones_vlan": 7, "phones_address": "10.7.0.1/16"} if knows_vlans(machine) else {}
    )
    ask(machine, "try", plan("198.51.100.7/24", **phones), "a" * 24)
    until(lambda: "198.51.100.7/24" in addresses(machine), 10, "the new address")
    until(lambda: not phones or "10.7.0.1/16" in addresses(machine, "phones"), 10, "the phones' network")
    # Whoever asked is gone; the way back is systemd's.
    machine.kill("foyer-webui")
    until(lambda: "198.51.100.7/24" not in addresses(machine), TRIAL_S + 10, "the box to go back")
    until(lambda: addresses(machine, "phones") == "", 10, "the phones' network to be gone")
    ask(machine, "confirm", "a" * 24, check=False)
    assert machine.run("ls", "/data/network") == ""


def test_the_answer_goes_out_before_the_network_that_it_goes_by(machine: Box) -> None:
    before = ("systemctl", "show", "--property=ExecStartPre", "--value")
    for name in ("again", "back"):
        assert "sleep" in machine.run(*before, f"foyer-network@{name}.service")


def test_whoever_gives_up_has_the_answer_before_the_network_goes(machine: Box) -> None:
    ask(machine, "try", plan("198.51.100.7/24"), "e" * 24)
    until(lambda: "198.51.100.7/24" in addresses(machine), 10, "the new address")
    assert "198.51.100.7/24" in ask(machine, "leave", CARD), "the page was cut off"
    until(lambda: "198.51.100.7/24" not in addresses(machine), 10, "the box to go back")
    assert not machine.is_active("foyer-network-back.timer")


def test_confirmed_it_stays_and_survives_a_start(machine: Box) -> None:
    ask(machine, "hurry", plan("198.51.100.8/24"), "b" * 24, check=False)
    assert machine.run("ls", "/data/network") == "", "it was confirmed before the network changed"
    until(lambda: "198.51.100.8/24" in addresses(machine), 10, "the new address")
    until(lambda: "applied" in machine.run("ls", "/run/foyer-network"), 5, "the mark that it has changed")
    ask(machine, "confirm", "c" * 24, check=False)
    assert machine.run("ls", "/data/network") == "", "another word confirmed it"
    ask(machine, "confirm", "b" * 24)
    assert "198.51.100.8/24" in machine.run("cat", "/data/network/plan.json")
    assert not machine.is_active("foyer-network-back.timer")
    # As after a start: memory is empty.
    machine.run("sh", "-c", "rm -f /run/systemd/network/* /run/foyer-network/*")
    machine.run("systemctl", "start", "foyer-network@start.service")
    machine.run("systemctl", "restart", "systemd-networkd.service")
    until(lambda: "198.51.100.8/24" in addresses(machine), 10, "the kept address")


def test_a_start_in_between_goes_back(machine: Box) -> None:
    ask(machine, "try", plan("198.51.100.9/24"), "d" * 24)
    until(lambda: "198.51.100.9/24" in addresses(machine), 10, "the new address")
    machine.run("sh", "-c", "rm -f /run/systemd/network/* /run/foyer-network/*")
    machine.run("systemctl", "stop", "foyer-network-back.timer")
    machine.run("systemctl", "start", "foyer-network@start.service")
    machine.run("systemctl", "restart", "systemd-networkd.service")
    until(lambda: "198.51.100.8/24" in addresses(machine), 10, "the kept address")
    assert "198.51.100.9" not in addresses(machine)


def test_the_box_is_found_by_its_name(machine: Box) -> None:
    """Real systemd-resolved answers over the cable to somebody in another network namespace."""
    machine.run("systemctl", "start", "systemd-resolved.service")
    with subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE) as visitor:
        inside = ["nsenter", f"--net=/proc/{visitor.pid}/ns/net"]
        until(lambda: is_apart(visitor.pid), 5, "a network namespace")
        subprocess.run(["ip", "link", "set", "wall9", "netns", str(visitor.pid)], check=True)
        for command in ("link set lo up", "address add 198.51.100.1/24 dev wall9", "link set wall9 up"):
            subprocess.run([*inside, "ip", *command.split()], check=True)
        until(lambda: "198.51.100.8/24" in addresses(machine), 10, "the kept address")
        said = subprocess.run(
            [*inside, sys.executable, "-c", QUERY], capture_output=True, text=True, check=False
        )
        visitor.terminate()
    assert said.stdout == "198.51.100.8 198.51.100.8\n", (said, machine.journal("systemd-resolved"))


def is_apart(pid: int) -> bool:
    return Path(f"/proc/{pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
