"""The rules of /etc/nftables.conf in a real kernel: what the box is for comes in, nothing else does."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path

import pytest

from appliance.pbx.conf.inputs import Env
from appliance.settings import Settings
from tests.until import until

RULES = Path("/etc/nftables.conf")
BOX, VISITOR = "198.51.100.1", "198.51.100.2"
OPEN_TCP, OPEN_UDP = (80, 443), (5060, 10000, 19999)
CLOSED_TCP, CLOSED_UDP = (22, 25, 2019, 4573, 5038, 8088, 8188), (53, 69, 123, 5061, 9999, 20000)
# Listens on every port and echoes; says "ready" once every port is bound.
ECHO = """
import socket, threading
def tcp(server):
    while True: server.accept()[0].sendall(b"here")
def udp(server):
    while True: server.sendto(*server.recvfrom(100))
tcps, udps = eval(input())
servers = [(tcp, socket.create_server(("", port))) for port in tcps]
for port in udps:
    servers.append((udp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM)))
    servers[-1][1].bind(("", port))
for target, server in servers: threading.Thread(target=target, args=(server,), daemon=True).start()
print("ready", flush=True)
input()
"""
# Listens where the names of .local are asked for, and echoes.
MDNS = """
import select, socket, sys
box, card = sys.argv[1], socket.if_nametoindex("eth0").to_bytes(4, sys.byteorder)
four = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
four.bind(("", 5353))
group = socket.inet_aton("224.0.0.251")
four.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group + socket.inet_aton(box))
six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
six.bind(("::", 5353))
group = socket.inet_pton(socket.AF_INET6, "ff02::fb")
six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + card)
print("ready", flush=True)
while True:
    for asked in select.select([four, six], [], [])[0]:
        # While the kernel looks whether another has its IPv6 address, it cannot answer: it is asked again.
        try: asked.sendto(*asked.recvfrom(100))
        except OSError: pass
"""


def run(*command: str) -> None:
    subprocess.run(command, check=True)


@pytest.fixture(scope="module")
def box() -> Iterator[None]:
    """A network namespace behind a cable, with the rules and a listener on every port of these tests."""
    inside = ("ip", "netns", "exec", "box")
    run("ip", "netns", "add", "box")
    try:
        run("ip", "link", "add", "cable", "type", "veth", "peer", "name", "eth0", "netns", "box")
        run("ip", "address", "add", f"{VISITOR}/24", "dev", "cable")
        run("ip", "link", "set", "cable", "up")
        run(*inside, "ip", "address", "add", f"{BOX}/24", "dev", "eth0")
        for name in ("lo", "eth0"):
            run(*inside, "ip", "link", "set", name, "up")
        run(*inside, "nft", "-f", str(RULES))
        with subprocess.Popen(
            [*inside, sys.executable, "-c", ECHO], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as server:
            assert server.stdin and server.stdout
            server.stdin.write(f"{OPEN_TCP + CLOSED_TCP}, {OPEN_UDP + CLOSED_UDP}\n")
            server.stdin.flush()
            assert server.stdout.readline() == "ready\n"
            yield
            server.kill()
    finally:
        run("ip", "netns", "delete", "box")


def tcp_answers(port: int, timeout_s: float) -> bool:
    try:
        with socket.create_connection((BOX, port), timeout_s) as connection:
            return connection.recv(4) == b"here"
    except OSError:
        return False


def udp_answers(port: int, timeout_s: float) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.settimeout(timeout_s)
        connection.sendto(b"here?", (BOX, port))
        try:
            return connection.recv(100) == b"here?"
        except OSError:
            return False


def test_what_the_box_is_for_comes_in(box: None) -> None:
    assert [port for port in OPEN_TCP if not tcp_answers(port, 5)] == []
    assert [port for port in OPEN_UDP if not udp_answers(port, 5)] == []


@pytest.mark.slow
def test_nothing_else_comes_in(box: None) -> None:
    assert [port for port in CLOSED_TCP if tcp_answers(port, 0.3)] == []
    assert [port for port in CLOSED_UDP if udp_answers(port, 0.3)] == []


def test_an_answer_comes_back_to_what_the_box_began(box: None) -> None:
    with socket.create_server((VISITOR, 0)) as visitor:
        place = (VISITOR, visitor.getsockname()[1])
        ask = f"import socket; socket.create_connection({place}, 5).sendall(b'x')"
        run("ip", "netns", "exec", "box", sys.executable, "-c", ask)
        visitor.settimeout(5)
        assert visitor.accept()[0].recv(1) == b"x"


def group_answers(family: socket.AddressFamily) -> bool:
    """Whether somebody at the cable who asks for a name of .local is heard."""
    card = socket.if_nametoindex("cable")
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.5)
        if family == socket.AF_INET:
            asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(VISITOR))
        try:
            asking.sendto(
                b"who?", ("224.0.0.251", 5353) if family == socket.AF_INET else ("ff02::fb", 5353, 0, card)
            )
            return asking.recv(100) == b"who?"
        except OSError:  # also while the kernel looks whether another one has its IPv6 address
            return False


def test_the_box_hears_who_asks_for_its_name(box: None) -> None:
    inside = ("ip", "netns", "exec", "box", sys.executable, "-c", MDNS, BOX)
    with subprocess.Popen(inside, stdout=subprocess.PIPE, text=True) as listener:
        try:
            assert listener.stdout and listener.stdout.readline() == "ready\n"
            for family in (socket.AF_INET, socket.AF_INET6):
                until(partial(group_answers, family), 10, f"an answer by {family.name}")
            # As a group alone.
            assert not udp_answers(5353, 0.3)
        finally:
            listener.kill()


def test_the_rules_know_the_ports_of_the_settings() -> None:
    text, settings = RULES.read_text(), Settings()
    first, last = next(field.default for field in fields(Env) if field.name == "rtp_ports")  # type: ignore[misc, str-unpack]
    assert f"tcp dport {{ {settings.http_port}, {settings.https_port} }} accept" in text
    assert f"udp dport {settings.sip_port} accept" in text
    assert f"udp dport {first}-{last} accept" in text
    # Nothing is let in without a match.
    assert re.search(r"^\s*accept", text, re.MULTILINE) is None
    assert text.count("policy drop") == 2
