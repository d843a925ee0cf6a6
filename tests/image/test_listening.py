"""Who can reach what: nothing but loopback listens unless the office is let in."""

import ipaddress
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.asterisk import sound
from tests.asterisk.phone import Phone
from tests.asterisk.registrar import PORT, Registrar
from tests.box import wizard
from tests.box.conftest import AGENT_PASSWORD, MICROPHONE_HZ
from tests.box.desk import Desk
from tests.browser.browser import Browser
from tests.image.box import Box
from tests.image.conftest import OTHER_PORTS
from tests.until import until

pytestmark = pytest.mark.box

type Socket = tuple[str, str, int, str]
# Asterisk asks the name servers from a socket of each address family, at a port that is another each time.
RESOLVER = {"0.0.0.0", "::"}
EPHEMERAL = 32768
SOUND_PORTS = range(10000, 20000)
CALLER_HZ = 440
SIGNS_IN = replace(wizard.CLINIC, provider="127.0.0.5", username="u24", line_password="p;w,${X} \\;")
GATEWAY = "127.0.0.6"


def listening(box: Box) -> set[Socket]:
    """Sockets of the box's own processes that wait for strangers."""
    return sockets(box.run("ss", "-Hlntup"))


def sockets(printed: str) -> set[Socket]:
    """What `ss -Hlntup` printed: (tcp or udp, address, port, program)."""
    found: set[Socket] = set()
    for line in printed.splitlines():
        program = re.search(r'users:\(\("([^"]+)"', line)
        if program is None:  # another box's in the same network: its processes are not to be seen here
            continue
        kind, *_, local, _peer, _users = line.split(maxsplit=6)
        host, _, port = local.rpartition(":")
        found.add((kind, host.partition("%")[0].strip("[]"), int(port), program.group(1)))
    asking = {one for one in found if is_resolver(one)}
    assert len(asking) <= len(RESOLVER), asking
    return found - asking


def is_resolver(one: Socket) -> bool:
    """Whether this may be a socket that waits for answers of name servers and nothing else."""
    kind, host, port, program = one
    return (kind, program) == ("udp", "asterisk") and host in RESOLVER and port >= EPHEMERAL


def is_loopback(address: str) -> bool:
    return address not in ("*", "0.0.0.0", "::") and ipaddress.ip_address(address).is_loopback


@pytest.fixture(scope="module")
def default_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Booted as `make run` does without a word about BIND."""
    with Box(tmp_path_factory.mktemp("box") / "state", bind="", **OTHER_PORTS) as box:
        yield box


def test_by_default_nothing_listens_but_on_loopback(default_box: Box) -> None:
    found = listening(default_box)
    assert {("tcp", "caddy"), ("udp", "asterisk")} <= {(kind, program) for kind, _, _, program in found}
    assert {one for one in found if not is_loopback(one[1])} == set()


@pytest.fixture(scope="module")
def provider(default_box: Box) -> Iterator[Registrar]:
    """Where the wizard's line signs in."""
    server = ("127.0.0.1", default_box.sip_port)
    with Registrar(
        SIGNS_IN.username, SIGNS_IN.line_password, host=SIGNS_IN.provider, port=PORT, server=server
    ) as provider:
        yield provider


@pytest.mark.browser
def test_the_wizard_s_line_signs_in_and_a_call_comes_in_over_it(
    default_box: Box, provider: Registrar, tmp_path: Path
) -> None:
    """The sound does not leave the machine, by default."""
    with Browser(default_box.https_url, tmp_path / "owner") as owner:
        password = wizard.run(owner, default_box.otp, SIGNS_IN)["minh"]
        until(lambda: provider.registered, 30, "the line to sign in at the provider")
        owner.open("/settings/lines/l1")
        owner.sees("Signed in at the provider", timeout_s=30)
    assert provider.refused == 0
    with Browser(
        default_box.https_url, tmp_path / "minh", microphone_hz=MICROPHONE_HZ, over_loopback=False
    ) as browser:
        minh = Desk(browser, "a1")
        minh.sign_in("minh", password)
        minh.choose_password(password, AGENT_PASSWORD)
        minh.open()
        minh.wait_phone(30)
        minh.go("available")
        # From an address that the box does not know: what it registered is what lets the call in.
        with Phone("gateway", host=GATEWAY, server=provider.server, tone_hz=CALLER_HZ) as gateway:
            caller = gateway.call("", caller="0912345678", uri=provider.registered)
            minh.wait_view("ringing", 60)
            minh.answer()
            minh.wait_heard(lambda heard: sound.tone_seconds(heard, CALLER_HZ) > 0.5, 30, "the caller")
            until(
                lambda: sound.tone_seconds(caller.heard(), MICROPHONE_HZ) > 0.5, 30, "the agent to be heard"
            )
            during = listening(default_box)
            minh.press("hangup")
    sounds = {one for one in during if one[0] == "udp" and one[2] in SOUND_PORTS}
    assert len(sounds) >= 2, f"the ports of the line's sound and of the browser's: {during}"
    assert {one for one in during if not is_loopback(one[1])} == set()


def test_by_default_the_network_gets_no_answer(default_box: Box) -> None:
    for port in (default_box.https_port, default_box.http_port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((default_box.address, port), timeout=5)
        socket.create_connection(("127.0.0.1", port), timeout=5).close()


def test_the_office_is_let_in_where_it_must_be_and_nowhere_else(box: Box) -> None:
    outside = {(kind, port) for kind, host, port, _ in listening(box) if not is_loopback(host)}
    # HTTP/3 is not offered: where UDP is blocked, a browser would wait for it.
    assert outside == {("tcp", box.https_port), ("tcp", box.http_port), ("udp", box.sip_port)}
    for port in (box.https_port, box.http_port):
        socket.create_connection((box.address, port), timeout=5).close()


def test_no_socket_in_a_world_writable_place(box: Box) -> None:
    paths = {line.split()[4] for line in box.run("ss", "-Hlxp").splitlines() if "users:" in line}
    assert {path for path in paths if path.startswith(("/tmp", "/dev/shm", "/var/tmp"))} == set()
    assert Path("/run/foyer/webui.sock").as_posix() in paths
