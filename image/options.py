"""What the person who boots a box may choose, checked before anything starts, and what the box is told of
it.
"""

import errno
import ipaddress
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from steps import Failed

# Inside the box only, on loopback: name in /etc/foyer/environment and the port that is tried first.
INTERNAL_PORTS = {"FOYER_AMI_PORT": 5038, "FOYER_ASTERISK_HTTP_PORT": 8088, "FOYER_NAMES_PORT": 8188}
PORTS_TRIED = 40


@dataclass(frozen=True)
class Options:
    """Complete and plausible; whether the address and the ports are free is checked by `environment`."""

    state: Path
    fresh: bool
    bind: str
    https_port: int
    http_port: int
    sip_port: int
    net: str


def read(env: Mapping[str, str], build: Path) -> Options:
    """The options in `env`, an empty one counting as absent; Failed names the first one that makes no
    sense.
    """
    bind = env.get("BIND") or "127.0.0.1"
    try:
        ipaddress.IPv4Address(bind)
    except ValueError:
        raise Failed(
            f"BIND={bind} is not an IPv4 address: give one of this machine's, or 0.0.0.0 for all."
        ) from None
    net = env.get("NET") or "host"
    if net not in ("host", "private"):
        raise Failed(f"NET={net} is neither host nor private.")
    return Options(
        state=Path(env.get("STATE") or build / "state").absolute(),
        fresh=env.get("FRESH", "") not in ("", "0", "no"),
        bind=bind,
        https_port=_port(env, "PORT", 8443),
        http_port=_port(env, "HTTP_PORT", 8080),
        sip_port=_port(env, "SIP_PORT", 5060),
        net=net,
    )


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise Failed(f"{name}={text} is not a port: give a number from 1 to 65535.")
    return int(text)


def environment(chosen: Options) -> dict[str, str]:
    """The box's /etc/foyer/environment. Failed when the address is not ours or a port is taken.

    Ports that only the box itself uses give way to another program's; those that people were told do not.
    """
    told = {
        "FOYER_BIND": chosen.bind,
        "FOYER_HTTPS_PORT": str(chosen.https_port),
        "FOYER_HTTP_PORT": str(chosen.http_port),
        "FOYER_SIP_PORT": str(chosen.sip_port),
        "FOYER_NAMES": socket.gethostname(),
    }
    if chosen.https_port == chosen.http_port:
        raise Failed(f"PORT and HTTP_PORT are both {chosen.http_port}: choose another for one of them.")
    private = chosen.net == "private"
    if not private:
        for option, port, kind in (
            ("PORT", chosen.https_port, socket.SOCK_STREAM),
            ("HTTP_PORT", chosen.http_port, socket.SOCK_STREAM),
            ("SIP_PORT", chosen.sip_port, socket.SOCK_DGRAM),
        ):
            _need_free(chosen.bind, option, port, kind)
    # Nothing of the box listens yet: the ports that it was told look free.
    told_ports = {chosen.https_port, chosen.http_port}
    for name, first in INTERNAL_PORTS.items():
        told[name] = str(_internal_port(first, told_ports, is_alone=private))
    return told


def _need_free(bind: str, option: str, port: int, kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            # As servers do: a connection that lingers from the last run is no reason to refuse.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
            if kind == socket.SOCK_STREAM:
                probe.listen()
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise Failed(
                    f"BIND={bind} is not an address of this machine: `ip address` lists them."
                ) from None
            raise Failed(
                f"port {port} of {bind} is taken by another program: end it or choose another with {option}=."
            ) from None


def _internal_port(first: int, others: Collection[int], *, is_alone: bool) -> int:
    """The first port from `first` on that is free on loopback: the same one each time, as far as can be."""
    for port in range(first, first + PORTS_TRIED):
        if port not in others and (is_alone or _is_free(port)):
            return port
    raise Failed(f"no port from {first} to {first + PORTS_TRIED - 1} is free on loopback.")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except OSError:
            return False
    return True
