"""Outages that a test brings about and ends: a context manager each, so that none outlives its test."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.box.line import PROVIDER
from tests.image.box import Box

PYTHON_UNITS = ("foyer-pbx", "foyer-apply", "foyer-webui", "foyer-names", "foyer-privileged")
TABLE = "foyer_test"


def _nft(rules: str) -> None:
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True, capture_output=True)


@contextmanager
def browsers_cut_off(box: Box) -> Iterator[None]:
    """Every browser's cable is pulled: its pages, its WebSocket and its sound. The phone line goes on."""
    _nft(f"""
table inet {TABLE} {{
  chain output {{
    type filter hook output priority 0;
    tcp dport {box.https_port} drop
    tcp sport {box.https_port} drop
    ip saddr {PROVIDER} accept
    ip daddr {PROVIDER} accept
    udp sport 10000-19999 drop
    udp dport 10000-19999 drop
  }}
}}
""")
    try:
        yield
    finally:
        _nft(f"delete table inet {TABLE}")


@contextmanager
def front_door_shut(box: Box) -> Iterator[None]:
    """Caddy is gone: no page and no WebSocket, but the sound goes on."""
    box.stop("caddy")
    try:
        yield
    finally:
        box.begin("caddy")


@contextmanager
def python_dead(box: Box) -> Iterator[None]:
    """Every process of ours is killed at once, and stays dead."""
    box.run("systemctl", "mask", "--runtime", *(f"{unit}.service" for unit in PYTHON_UNITS))
    box.run("pkill", "-KILL", "-f", "^/usr/bin/python3 -P -m appliance", check=False)
    try:
        yield
    finally:
        box.run("systemctl", "unmask", "--runtime", *(f"{unit}.service" for unit in PYTHON_UNITS))
        box.run("systemctl", "reset-failed", check=False)
        box.begin("foyer-pbx", "foyer-apply", "foyer-webui")
