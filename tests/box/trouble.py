"""Outages that a test brings about and ends: a context manager each, so that none outlives its test."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.box.line import PROVIDER
from tests.image.box import Box

PYTHON_SERVICES = ("foyer-pbx", "foyer-apply", "foyer-webui")
# What these begin is ours as well, and only there when somebody calls.
PYTHON_SOCKETS = ("foyer-names.socket", "foyer-privileged.socket")
TABLE = "foyer_test"


def _nft(rules: str) -> None:
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True, capture_output=True)


@contextmanager
def browsers_cut_off(box: Box) -> Iterator[None]:
    """Every browser's cable is pulled: its pages, its WebSocket and its sound. The phone line goes on."""
    with sound_blocked(f"tcp dport {box.https_port} drop", f"tcp sport {box.https_port} drop"):
        yield


@contextmanager
def sound_blocked(*more: str) -> Iterator[None]:
    """A firewall between the browsers and the box lets no UDP through, but on the phone line; `more` are
    rules before these.
    """
    rules = "\n    ".join(more)
    _nft(f"""
table inet {TABLE} {{
  chain output {{
    type filter hook output priority 0;
    {rules}
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
    box.run("systemctl", "kill", "--signal=SIGKILL", *PYTHON_SERVICES)
    # Nothing is left to stop in order: this only keeps systemd from starting them again.
    box.stop(*PYTHON_SOCKETS, *PYTHON_SERVICES)
    try:
        yield
    finally:
        box.begin(*PYTHON_SOCKETS, *PYTHON_SERVICES)
