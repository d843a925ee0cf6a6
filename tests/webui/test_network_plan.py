"""What is typed on the page of the network, and by which way a browser came."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.health.facts import Interface
from appliance.network.plan import NetworkPlan
from appliance.webui.forms import Form
from appliance.webui.pages.system_network import door_of, is_new_door, plan_of


def typed(**fields: str) -> tuple[NetworkPlan | None, dict[str, str]]:
    form = Form({name: [value] for name, value in ({"card": "eth0", "mode": "fixed"} | fields).items()})
    return plan_of(form, str), form.errors


def test_what_is_typed_becomes_a_plan() -> None:
    found, _ = typed(
        address="192.168.1.20", prefix="255.255.255.0", gateway="192.168.1.1", dns="1.1.1.1, 9.9.9.9"
    )
    assert found == NetworkPlan("eth0", "192.168.1.20/24", "192.168.1.1", ("1.1.1.1", "9.9.9.9"))
    assert typed(mode="router", address="left over")[0] == NetworkPlan("eth0")
    found, _ = typed(mode="router", phones_vlan="20", phones_address="10.2.0.1", phones_prefix="/16")
    assert found == NetworkPlan("eth0", phones_vlan=20, phones_address="10.2.0.1/16")


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("card", {"card": "eth*"}),
        ("address", {"address": "192.168.1", "prefix": "24"}),
        ("address", {"address": "192.168.1.20", "prefix": ""}),
        ("address", {"address": "192.168.1.20", "prefix": "255.0.255.0"}),
        ("address", {"address": "192.168.1.255", "prefix": "24"}),
        ("gateway", {"address": "192.168.1.20", "prefix": "24", "gateway": "192.168.2.1"}),
        ("gateway", {"address": "192.168.1.20", "prefix": "24", "gateway": "192.168.1.20"}),
        ("dns", {"address": "192.168.1.20", "prefix": "24", "dns": "router"}),
        (
            "phones_vlan",
            {"mode": "router", "phones_vlan": "4095", "phones_address": "10.0.0.1", "phones_prefix": "8"},
        ),
        ("phones_vlan", {"mode": "router", "phones_vlan": "twenty"}),
        (
            "phones_address",
            {
                "address": "192.168.1.20",
                "prefix": "24",
                "phones_vlan": "20",
                "phones_address": "192.168.0.1",
                "phones_prefix": "16",
            },
        ),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(field: str, fields: dict[str, str]) -> None:
    found, errors = typed(**fields)
    assert found is None and list(errors) == [field]


def test_a_confirmation_must_come_by_the_new_way() -> None:
    fixed, router = NetworkPlan("eth0", "192.168.1.20/24"), NetworkPlan("eth0")
    cards = (
        Interface("eth0", "02:00:00:00:00:01", True, ("10.0.0.9/8", "2001:db8::9"), True),
        Interface("eth1", "02:00:00:00:00:02", True, ("172.16.0.9/12",), True),
    )
    assert is_new_door("192.168.1.20", fixed, cards) and is_new_door("::ffff:192.168.1.20", fixed, ())
    assert is_new_door("10.0.0.9", router, cards) and is_new_door("fe80::1%eth0", router, ())
    assert is_new_door("2001:db8:0::9", router, cards)
    # By another card, whatever the browser calls the box; and by nobody knows which.
    for door in ("172.16.0.9", "192.168.1.21", "foyer.local", "fe80::1%eth1", "fe80::1", ""):
        assert not is_new_door(door, fixed, cards) and not is_new_door(door, router, cards)
    # A card without an address is no way in; where nobody gives it one, another card's will do.
    alone = (replace(cards[0], addresses=("fe80::1",)), cards[1])
    assert is_new_door("172.16.0.9", router, alone) and not is_new_door("172.16.0.8", router, alone)
    assert not is_new_door("", router, (replace(cards[0], addresses=()),))
    assert door_of(router, 8443) == door_of(None, 8443) == "https://foyer.local:8443"
    assert door_of(fixed, 443) == "https://192.168.1.20"
