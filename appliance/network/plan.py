"""A plan for the box's network: an address by DHCP or a fixed one, and a network of their own for the phones.

A plan that exists is sound: nothing typed gets past the constructor, and what leaves it is written anew from
numbers. IPv6 needs no plan, it configures itself.
"""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import asdict, dataclass, fields
from typing import Self

from appliance.errors import RejectedError

# Predictable names (systemd.net-naming-scheme(7)), eth0, a USB card's enx001122334455. No glob, no blank.
_CARD = re.compile(r"[A-Za-z][A-Za-z0-9]{0,14}")
DNS_MAX = 3
# IEEE 802.1Q: 0 and 4095 are reserved.
VLAN_LOW, VLAN_HIGH = 1, 4094
TEXT_MAX = 1000


@dataclass(frozen=True)
class NetworkPlan:
    """`address` ("192.0.2.10/24") is "" for DHCP; `gateway` may be "". `phones_vlan` is 0 for none; the box's
    own address there is `phones_address`. RejectedError names the field that is wrong.
    """

    card: str
    address: str = ""
    gateway: str = ""
    dns: tuple[str, ...] = ()
    phones_vlan: int = 0
    phones_address: str = ""

    def __post_init__(self) -> None:
        if not _CARD.fullmatch(self.card):
            raise RejectedError("Please choose one of these.", field="card")
        own = _interface(self.address, "address") if self.address else None
        if own is None and (self.gateway or self.dns):
            raise RejectedError(
                "Only a fixed address needs this.", field="gateway" if self.gateway else "dns"
            )
        if own is not None and self.gateway:
            _check_gateway(own, self.gateway)
        if len(self.dns) > DNS_MAX:
            raise RejectedError("At most {high} of them, please.", field="dns", high=DNS_MAX)
        for server in self.dns:
            if not _is_host(_address(server, "dns")):
                raise RejectedError("This is no address of a single machine.", field="dns")
        self._check_phones(own)

    def _check_phones(self, own: ipaddress.IPv4Interface | None) -> None:
        if not self.phones_vlan:
            if self.phones_address:
                raise RejectedError(
                    "Please give the number of the phones' network, too.", field="phones_vlan"
                )
            return
        if not VLAN_LOW <= self.phones_vlan <= VLAN_HIGH:
            raise RejectedError(
                "A number from {low} to {high}, please.", field="phones_vlan", low=VLAN_LOW, high=VLAN_HIGH
            )
        phones = _interface(self.phones_address, "phones_address")
        if own is not None and phones.network.overlaps(own.network):
            raise RejectedError(
                "This overlaps with the box's other network; the two must differ.", field="phones_address"
            )

    def to_text(self) -> str:
        """One line of JSON that `parse` reads."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The plan again; RejectedError for anything but what `to_text` writes."""
        try:
            plain: object = json.loads(text) if len(text) <= TEXT_MAX else None
        except (ValueError, RecursionError):
            plain = None
        match plain:
            case {
                "card": str(card),
                "address": str(address),
                "gateway": str(gateway),
                "dns": list(dns),
                "phones_vlan": int(vlan),
                "phones_address": str(phones),
            } if (
                isinstance(plain, dict)
                and len(plain) == len(fields(cls))
                and all(isinstance(one, str) for one in dns)
            ):
                return cls(card, address, gateway, tuple(dns), int(vlan), phones)
        raise RejectedError("This is no plan for a network.")


def _interface(text: str, field: str) -> ipaddress.IPv4Interface:
    """An address that one machine may have, with its network; written in one way only."""
    address, slash, prefix = text.partition("/")
    _address(address, field)
    if not (
        slash
        and prefix.isascii()
        and prefix.isdigit()
        and 1 <= int(prefix) <= 30
        and prefix == str(int(prefix))
    ):
        raise RejectedError(
            "Please give the size of the network: 8 to 30, or a mask like 255.255.255.0.", field=field
        )
    found = ipaddress.IPv4Interface(text)
    inside = found.network
    if (
        not _is_host(found.ip)
        or found.ip in (inside.network_address, inside.broadcast_address)
        or int(prefix) < 8
    ):
        raise RejectedError("This is no address of a single machine.", field=field)
    return found


def _address(text: str, field: str) -> ipaddress.IPv4Address:
    """RejectedError unless it is four numbers, each in its shortest form."""
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        raise RejectedError("This is no address; one looks like 192.168.1.20.", field=field) from None


def _is_host(address: ipaddress.IPv4Address) -> bool:
    return not (
        address.is_multicast
        or address.is_loopback
        or address.is_link_local
        or address.is_unspecified
        or int(address) >= 0xF0000000
    )


def _check_gateway(own: ipaddress.IPv4Interface, text: str) -> None:
    gateway = _address(text, "gateway")
    if gateway == own.ip:
        raise RejectedError("This is the box's own address.", field="gateway")
    if gateway not in own.network or gateway in (own.network.network_address, own.network.broadcast_address):
        raise RejectedError("The router must be in the same network as the box.", field="gateway")
