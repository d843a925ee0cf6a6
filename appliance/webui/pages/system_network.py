"""/system/network: how the box reaches its network. A change is tried, and goes back by itself unless
somebody says from the new address that it works.

The way back is foyer-network's, as root, with a timer of systemd's: this page and its process may die.
"""

from __future__ import annotations

import ipaddress
import secrets
from typing import Any

from bottle import request

from appliance.errors import ConflictError, NotFoundError, RejectedError, TransientError
from appliance.health.client import Health
from appliance.health.facts import Interface, Machine
from appliance.network.plan import NetworkPlan
from appliance.network.trial import TRIAL_S, Network, Token
from appliance.privileged.client import Privileged
from appliance.store import audit, now_ms
from appliance.webui.forms import Form
from appliance.webui.i18n import N_
from appliance.webui.web import Web

# The box's own address at which a request came in; Caddy says it, and nobody else can.
DOOR = "X-Foyer-Door"


def routes(web: Web) -> None:
    """Declares the routes."""
    network = Network()

    def show(machine: Machine, status: int = 200) -> Any:
        plan = network.kept_plan()
        cards = [interface for interface in machine.interfaces if interface.is_card]
        page = web.render(
            "system-network.html",
            is_fixed=not machine.release.slot,
            cards=[(card.name, _card_words(card.name, card.mac)) for card in cards],
            plan=plan,
            own=(plan.address if plan else "").partition("/"),
            phones=(plan.phones_address if plan else "").partition("/"),
            trial=network.trial(),
            now=now_ms(),
        )
        return web.answer(page, status)

    @web.get("/system/network", "administrator")
    def form() -> Any:
        return show(Health(web.settings.health_socket).machine())

    @web.post("/system/network", "administrator")
    def change() -> Any:
        machine = Health(web.settings.health_socket).machine()
        if not machine.release.slot:
            raise ConflictError(N_("This box uses the network of the machine that it runs inside."))
        plan = plan_of(web.form, web.say)
        if plan is None:
            return show(machine, 422)
        token = secrets.token_urlsafe(24)
        Privileged(web.settings.privileged_socket).try_network(plan, token)
        with web.change() as change:
            audit.record(change, web.user().id, "network.try", plan.card)
        door = f"{door_of(plan, web.settings.https_port)}/system/network/confirm/{token}"
        return web.render("system-network-trial.html", door=door, seconds=TRIAL_S)

    @web.post("/system/network/back", "administrator")
    def back() -> Any:
        Privileged(web.settings.privileged_socket).leave_network()
        with web.change() as change:
            audit.record(change, web.user().id, "network.leave")
        door = f"{door_of(network.kept_plan(), web.settings.https_port)}/system/network"
        return web.render("system-network-back.html", door=door)

    _confirmation(web, network)


def _confirmation(web: Web, network: Network) -> None:
    """Public: a browser has no session at an address that it meets for the first time. The token is a key."""

    @web.get("/system/network/confirm/<token>", public=True)
    def ask(token: str) -> Any:
        trial = network.trial()
        state = "over" if trial is None else "on" if trial.is_applied else "early"
        return web.render("system-network-confirm.html", token=token, state=state)

    @web.post("/system/network/confirm/<token>", public=True)
    def confirm(token: str) -> Any:
        trial = network.trial()
        if trial is None or not trial.is_of(Token.parse(token)):
            raise NotFoundError(N_("This trial is over; the box went back to what it had."))
        # Only the card knows which address the router gave it.
        known = trial.plan.address
        cards = () if known else Health(web.settings.health_socket).machine().interfaces
        if not is_new_door(request.headers.get(DOOR, ""), trial.plan, cards):
            raise RejectedError(N_("This must be confirmed from the new address."))
        if not trial.is_applied:
            # Its name, or an address that the router gives out, leads here before as well as after.
            raise TransientError(N_("The box has not changed its network yet."), N_("Try again in a moment."))
        Privileged(web.settings.privileged_socket).confirm_network(token)
        who = web.visit.user.id if web.visit.user else "nobody"
        with web.change() as change:
            audit.record(change, who, "network.confirm", trial.plan.card)
        return web.render("system-network-confirm.html", token=token, state="kept")


def plan_of(form: Form, say: Any) -> NetworkPlan | None:
    """The plan that was typed; None with an error beside the field that is wrong."""
    is_fixed = form.text("mode") == "fixed"
    vlan = form.text("phones_vlan")
    if vlan and not (vlan.isascii() and vlan.isdigit() and len(vlan) < 5):
        form.error("phones_vlan", N_("Please give a whole number in the range."))
        return None
    dns = form.text("dns").replace(",", " ").split()
    try:
        return NetworkPlan(
            form.text("card"),
            _joined(form.text("address"), form.text("prefix")) if is_fixed else "",
            form.text("gateway") if is_fixed else "",
            tuple(dns) if is_fixed else (),
            int(vlan or 0),
            _joined(form.text("phones_address"), form.text("phones_prefix")) if vlan else "",
        )
    except RejectedError as error:
        form.error(error.field, say(error))
        return None


def _joined(address: str, prefix: str) -> str:
    """An address with the size of its network, which people also know as a mask like 255.255.255.0."""
    if "." in prefix:
        try:
            prefix = str(ipaddress.IPv4Network(f"0.0.0.0/{prefix}").prefixlen)
        except ValueError:
            return f"{address}/x"
    return f"{address}/{prefix.removeprefix('/')}"


def door_of(plan: NetworkPlan | None, https_port: int) -> str:
    """Where the box is with this plan: its address, or its name where only the router knows the address."""
    host = (plan.address if plan else "").partition("/")[0] or "foyer.local"
    port = "" if https_port == 443 else f":{https_port}"
    return f"https://{host}{port}"


def is_new_door(door: str, plan: NetworkPlan, cards: tuple[Interface, ...]) -> bool:
    """Whether a browser that came in at this address of the box's came by the new way: at the address of the
    plan or, where the router gives it out, at one that the plan's card has (fe80::1%eth0 names it). A card
    that nobody gives an address, as one for phones alone, has no such door: then another card's will do.
    """
    address, _, card_of_door = door.partition("%")
    if plan.address:
        mine = {_address(plan.address)}
    elif card_of_door:
        return card_of_door == plan.card
    else:
        mine = {_address(own) for card in cards if card.name == plan.card for own in card.addresses} - {""}
        if all(_is_link_local(own) for own in mine):
            mine = {_address(own) for card in cards for own in card.addresses}
    return _address(address) in mine - {""}


def _is_link_local(address: str) -> bool:
    """Whether a card has it without anybody's doing."""
    return ipaddress.ip_address(address).is_link_local


def _address(text: str) -> str:
    """In its one way of writing, without the size of its network; "" for none."""
    try:
        found = ipaddress.ip_address(text.partition("/")[0])
    except ValueError:
        return ""
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def _card_words(name: str, mac: str) -> str:
    return f"{name} ({mac})"
