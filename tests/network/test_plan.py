"""Plans and the files made of them: what is typed is refused, or becomes its own setting and no other."""

from __future__ import annotations

import configparser
import ipaddress
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.errors import RejectedError
from appliance.network.networkd import render
from appliance.network.plan import NetworkPlan

FULL = NetworkPlan("enp1s0", "192.168.1.20/24", "192.168.1.1", ("192.168.1.1", "9.9.9.9"), 20, "10.20.0.1/16")
NASTY = st.sampled_from(
    [
        "192.168.1.20/24\nGateway=6.6.6.6",
        "192.168.1.20/24]",
        "eth0 eth1",
        "eth*",
        "!eth0",
        "%i",
        "192.168.001.20/24",
        "192.168.1.20/024",
        "0x7f.1/8",
        "١٩٢.168.1.1",
        "127.0.0.1/8",
        "169.254.1.1/16",
        "224.0.0.1/24",
        "0.0.0.0/24",
        "255.255.255.255/24",
        "192.168.1.0/24",
        "192.168.1.20/31",
        "192.168.1.20/4",
        "::1/64",
        "[Match]",
    ]
)
KEYS = {
    "Name",
    "DHCP",
    "MulticastDNS",
    "LLMNR",
    "Address",
    "Gateway",
    "DNS",
    "VLAN",
    "Kind",
    "Id",
    "ClientIdentifier",
    "UseHostname",
    "UseDomains",
}


def test_the_files_of_a_full_plan() -> None:
    assert render(FULL) == {
        "10-foyer.network": """\
[Match]
Name=enp1s0

[Network]
MulticastDNS=yes
LLMNR=no
Address=192.168.1.20/24
DNS=192.168.1.1
DNS=9.9.9.9
Gateway=192.168.1.1
VLAN=phones
""",
        "10-foyer-phones.netdev": """\
[NetDev]
Name=phones
Kind=vlan

[VLAN]
Id=20
""",
        "10-foyer-phones.network": """\
[Match]
Name=phones

[Network]
Address=10.20.0.1/16
LLMNR=no
""",
    }


def test_the_file_of_the_router_s_choice() -> None:
    (text,) = render(NetworkPlan("eth0")).values()
    assert "DHCP=yes" in text and "Address" not in text


@given(
    st.sampled_from(sorted(asdict(FULL))),
    NASTY | st.text(max_size=60) | st.from_regex(r"[0-9./]{1,20}"),
)
@example("dns", "9.9.9.9\nGateway=6.6.6.6")
def test_nothing_typed_becomes_another_setting(field: str, typed: str) -> None:
    value: Any = {"dns": (typed,), "phones_vlan": int(typed) if typed.isdecimal() else 0}.get(field, typed)
    try:
        plan = replace(FULL, **{field: value})
    except RejectedError as error:
        assert error.field
        return
    for text in render(plan).values():
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read_string(text)
        for section in parser.sections():
            assert section in ("Match", "Network", "NetDev", "VLAN", "DHCPv4")
            assert set(parser[section]) <= KEYS
        lines = [line for line in text.splitlines() if line and not line.startswith("[")]
        assert len(lines) <= 9 and all(line.isascii() and line.count("=") == 1 for line in lines)
    for one in filter(None, (plan.address, plan.phones_address)):
        assert str(ipaddress.IPv4Interface(one)) == one
    assert NetworkPlan.parse(plan.to_text()) == plan


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(str))
def test_no_other_text_is_a_plan(text: str) -> None:
    with pytest.raises(RejectedError):
        NetworkPlan.parse(text)


def test_a_plan_with_more_or_other_things_is_none() -> None:
    text = FULL.to_text()
    for wrong in (
        text.replace('"dns"', '"dms"'),
        text[:-1] + ', "more": 1}',
        text.replace('"phones_vlan": 20', '"phones_vlan": "20"'),
        text.replace("9.9.9.9", "9.9.9.9/8"),
        text + " " * 2000,
    ):
        with pytest.raises(RejectedError):
            NetworkPlan.parse(wrong)
    assert NetworkPlan.parse(text) == FULL
