"""systemd-networkd's files, as systemd.network(5) and systemd.netdev(5) have them. Pure."""

from __future__ import annotations

from appliance.network.plan import NetworkPlan

PREFIX = "10-foyer"
# The phones' network card is a part of the real one (a VLAN), under this name.
PHONES = "phones"
# The name by which the box is found, and nobody else's names for it.
_NAMES = ("MulticastDNS=yes", "LLMNR=no")


def render(plan: NetworkPlan) -> dict[str, str]:
    """File names and texts. They stand before 80-foyer.network, which is for every card without a plan."""
    network = list(_NAMES)
    if plan.address:
        network += [f"Address={plan.address}", *(f"DNS={server}" for server in plan.dns)]
        network += [f"Gateway={plan.gateway}"] if plan.gateway else []
    else:
        network += ["DHCP=yes"]
    if plan.phones_vlan:
        network += [f"VLAN={PHONES}"]
    files = {
        f"{PREFIX}.network": _file(("Match", [f"Name={plan.card}"]), ("Network", network), *_dhcp(plan)),
    }
    if plan.phones_vlan:
        files[f"{PREFIX}-phones.netdev"] = _file(
            ("NetDev", [f"Name={PHONES}", "Kind=vlan"]), ("VLAN", [f"Id={plan.phones_vlan}"])
        )
        files[f"{PREFIX}-phones.network"] = _file(
            ("Match", [f"Name={PHONES}"]), ("Network", [f"Address={plan.phones_address}", "LLMNR=no"])
        )
    return files


def _dhcp(plan: NetworkPlan) -> list[tuple[str, list[str]]]:
    """The router knows the card again after a restart: what networkd says of itself otherwise is made of the
    machine's id, which a box with a read-only system makes anew at each start.
    """
    if plan.address:
        return []
    return [("DHCPv4", ["ClientIdentifier=mac", "UseHostname=no", "UseDomains=yes"])]


def _file(*sections: tuple[str, list[str]]) -> str:
    return "\n\n".join("\n".join([f"[{name}]", *lines]) for name, lines in sections) + "\n"
