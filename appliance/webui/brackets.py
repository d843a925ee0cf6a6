"""The picture of a telephone card: its plugs as they sit on the metal, each with a lamp and with what is
behind it. Pure; bracket.html draws it.

The plugs stand in the order of their numbers, 1 on top. At which end of a card 1 is, no maker's manual that
was found tells, so the page says that the numbers beside the plugs count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from appliance.store.sitemodel import Site
from appliance.webui import wiring
from appliance.webui.analog_words import AnalogNow
from appliance.webui.card_words import CardNow, CardsNow, PortNow
from appliance.webui.socket_words import SocketNow

# What a lamp shows, by the kind of badge; the rest leaves it dark.
LAMPS = ("good", "warn", "bad")
# The plugs of analog cards; digital lines and ISDN come in one of eight wires (wiring.PLUGS).
_SMALL = ("fxo", "fxs")


@dataclass(frozen=True)
class Plug:
    """A port. `shape` is how its plug looks (rj45, rj11; "" where there is none), `lamp` one of LAMPS or ""
    for dark. `kind`, `words` and `advice` are as in PortNow, SocketNow and AnalogNow ("" for a port that no
    driver has yet), `name`, `panel` and `line` of the settings. `settings` is where these are, `set_up` where
    they can be made, and `key` the port's own if errors are counted on it, as on digital lines.
    """

    number: int
    shape: str
    lamp: str = ""
    kind: str = ""
    words: str = ""
    badge: str = ""
    advice: str = ""
    name: str = ""
    panel: str = ""
    line: str = ""
    calls: int = 0
    settings: str = ""
    set_up: str = ""
    key: str = ""


@dataclass(frozen=True)
class Bracket:
    """The plugs of one card, or of ports without one. `is_box`: they are on a box of their own at a USB port.
    `may_share`: some of them may be one plug.
    """

    plugs: tuple[Plug, ...]
    is_box: bool = False
    may_share: bool = False


type Everything = tuple[tuple[CardNow | None, Bracket], ...]


def everything(found: CardsNow, site: Site) -> Everything:
    """The cards with their plugs, then the ports without one, then what is set up and not there."""
    cards = tuple((card, of_card(card, site)) for card in found.cards)
    return (*cards, (None, without_card(found, site)), (None, missing(found, site)))


def of_card(card: CardNow, site: Site) -> Bracket:
    """What was found on the card, and dark plugs for what was not: a place without a module, or all of them
    while its driver does not run.
    """
    shape = "rj11" if card.kinds and set(card.kinds) <= set(_SMALL) else "rj45"
    plugs = [
        *(_of_socket(socket, site, "rj45") for socket in card.sockets),
        *(_of_socket(socket, site, "rj11") for socket in card.analog),
        *(_of_port(port, "rj11" if port.kind else shape) for port in card.ports_now),
    ]
    numbers = {plug.number for plug in plugs}
    # Parts of a card that count anew have more plugs than numbers: no place is known to be empty.
    if len(card.ports) == 1 and len(numbers) == len(plugs):
        plugs += [Plug(number, shape) for number in range(1, card.ports[0] + 1) if number not in numbers]
        plugs.sort(key=lambda plug: plug.number)
    return Bracket(tuple(plugs), card.bus == "usb", wiring.may_share(card, len(plugs)))


def without_card(found: CardsNow, site: Site) -> Bracket:
    """The ports that belong to no card, which have no plugs."""
    return Bracket(tuple(_loose(found, site)))


def missing(found: CardsNow, site: Site) -> Bracket:
    """What is set up and not there."""
    return Bracket(tuple(_of_socket(socket, site, "") for socket in found.missing))


def _loose(found: CardsNow, site: Site) -> Iterator[Plug]:
    yield from (_of_socket(socket, site, "") for socket in found.loose_sockets)
    yield from (_of_socket(socket, site, "") for socket in found.loose_analog)
    yield from (_of_port(port, "") for port in found.loose)


def _of_socket(socket: SocketNow | AnalogNow, site: Site, shape: str) -> Plug:
    is_analog = isinstance(socket, AnalogNow)
    entry = socket.entry if isinstance(socket, AnalogNow) else socket.span
    can_be_set_up = entry is None and socket.can_be_set_up
    return Plug(
        number=socket.port,
        shape=shape,
        lamp=_lamp(socket.badge),
        kind=socket.kind,
        words=socket.words,
        badge=socket.badge,
        advice=socket.advice,
        name=socket.name,
        panel=entry.panel if entry else "",
        line=wiring.line_of(entry.id, site) if entry else "",
        calls=socket.calls,
        settings=socket.settings,
        set_up=f"{socket.new}{quote(socket.key)}" if can_be_set_up else "",
        key="" if is_analog else socket.key,
    )


def _of_port(port: PortNow, shape: str) -> Plug:
    return Plug(
        number=port.number,
        shape=shape,
        lamp=_lamp(port.badge),
        kind=port.kind,
        words=port.words,
        badge=port.badge,
        advice=port.advice,
    )


def _lamp(badge: str) -> str:
    return badge if badge in LAMPS else ""
