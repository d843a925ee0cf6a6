"""The names and addresses of this box, as a browser may write them."""

from __future__ import annotations

import socket
from collections.abc import Iterable

import psutil

FAMILIES = (socket.AF_INET, socket.AF_INET6)


def own_names(more: Iterable[str] = ()) -> frozenset[str]:
    """Lower case: every address of every interface as it is now, the host's name, and `more`."""
    addresses = (
        # A link-local IPv6 address carries its interface ("fe80::1%eth0"), which a certificate does not.
        entry.address.partition("%")[0]
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if entry.family in FAMILIES
    )
    host = socket.gethostname().lower()
    return frozenset((*addresses, "localhost", host, f"{host}.local", *(name.lower() for name in more)))
