"""The wiring sheet: what is plugged in where, and how the plugs are wired. Pure.

Used by system_wiring.py. Made of the cards as they are now (card_words.py) and of the settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from appliance.store.sitemodel import Site
from appliance.webui.analog_words import AnalogNow
from appliance.webui.card_words import CardNow, CardsNow
from appliance.webui.i18n import N_
from appliance.webui.socket_words import SocketNow

# The wires of a network cable that are in use (ANSI/TIA-568, T568B): a class of the style sheet, and words.
WIRES = {
    1: ("orange-white", N_("white and orange")),
    2: ("orange", N_("orange")),
    3: ("green-white", N_("white and green")),
    4: ("blue", N_("blue")),
    5: ("blue-white", N_("white and blue")),
    6: ("green", N_("green")),
}
IN, OUT = N_("comes in"), N_("goes out")
LINE = N_("the line")
# With more ports than that, some cards have a plug for each (Digium's TDM800P: "RJ11 Port 1" to 8 in its user
# manual, "Card installation"), others one for several (Digium's TDM2400P); none tells which.
_OWN_PLUGS_MAX = 4


@dataclass(frozen=True)
class Plug:
    """A kind of plug. `pins` are (number, class of the wire, its words, what it is for), of those in use, as
    the box has them; `notes` say what else to know.
    """

    name: str
    places: int
    title: str
    pins: tuple[tuple[int, str, str, str], ...]
    notes: tuple[str, ...]


def _wired(uses: dict[int, str]) -> tuple[tuple[int, str, str, str], ...]:
    return tuple((pin, *WIRES[pin], use) for pin, use in uses.items())


PLUGS = {
    # RJ48C: TIA-968-B 6.2, ANSI T1.403; the same for E1 (ISO/IEC 10173), as in the manuals of Digium's cards.
    "digital": Plug(
        "RJ45 (RJ48C)",
        8,
        N_("Digital lines: E1, T1, J1"),
        _wired({1: IN, 2: IN, 4: OUT, 5: OUT}),
        (
            N_(
                "To the telephone company's socket, every network cable does: all eight wires straight"
                " through."
            ),
            N_(
                "To a telephone system of yours, it needs a crossed cable: 1 and 2 of one end lead to 4 and 5"
                " of the other."
            ),
        ),
    ),
    # ISO/IEC 8877: the side of the terminal (TE).
    "bri": Plug(
        "RJ45",
        8,
        N_("ISDN lines (BRI)"),
        _wired({3: OUT, 4: IN, 5: IN, 6: OUT}),
        (
            N_("To the telephone company's box (NT), every network cable does: straight through."),
            N_(
                "To an ISDN telephone or a telephone system of yours, 3 and 6 of one end lead to 4 and 5 of"
                " the other."
            ),
        ),
    ),
    # RJ11C: TIA-968-B 6.2; the colors are those of old American cables.
    "analog": Plug(
        "RJ11",
        6,
        N_("Analog lines and telephones"),
        ((3, "red", N_("red"), LINE), (4, "green", N_("green"), LINE)),
        (
            N_("The two wires in the middle. Which is which matters to hardly any line."),
            N_("In the socket of a network cable (RJ45) they are 4 and 5: blue, and white and blue."),
        ),
    ),
}
SEVERAL = N_(
    "If this card has fewer plugs than ports, several are in one: its manual says which wires belong to"
    " which, or take the splitter that came with it."
)


@dataclass(frozen=True)
class Port:
    """A port of a card, or a place for one: `kind` is what it is for ("" if nobody knows), in words or a name
    that is the same everywhere; `name`, `panel` and `line` are "" where nothing is set up.
    """

    number: int
    kind: str
    name: str
    panel: str
    line: str


@dataclass(frozen=True)
class Sheet:
    """A card with its ports; `card` is None for ports without one. It `may_share` a plug among ports."""

    card: CardNow | None
    ports: tuple[Port, ...]
    may_share: bool = False


def sheets(found: CardsNow, site: Site) -> tuple[Sheet, ...]:
    """A sheet for every card, and one for what is set up without a card that is there."""
    made = []
    for card in found.cards:
        ports = tuple(_ports(card, site))
        made.append(Sheet(card, ports, may_share(card, len(ports))))
    others: list[SocketNow | AnalogNow] = [*found.loose_sockets, *found.loose_analog, *found.missing]
    rest = tuple(_of_socket(socket, site) for socket in others if socket.name)
    return (*made, Sheet(None, rest)) if rest else tuple(made)


def may_share(card: CardNow, ports: int) -> bool:
    """Whether several of a card's ports may be in one plug."""
    return bool({"fxo", "fxs"} & set(card.kinds)) and ports > _OWN_PLUGS_MAX


def line_of(port_id: str, site: Site) -> str:
    """The name of the phone line that comes in at a span or an analog port; "" for none."""
    return next((line.name for line in site.lines if port_id in (*line.spans, *line.ports)), "")


def plugs(found: CardsNow) -> tuple[Plug, ...]:
    """How the plugs are wired that these cards have; all of them where there is no card yet."""
    kinds = {kind for card in found.cards for kind in card.kinds}
    wanted = {
        "digital": kinds & {"e1", "t1", "j1"} or found.loose_sockets,
        "bri": kinds & {"bri"},
        "analog": kinds & {"fxo", "fxs"},
    }
    return tuple(plug for key, plug in PLUGS.items() if wanted[key] or not any(wanted.values()))


def _ports(card: CardNow, site: Site) -> Iterator[Port]:
    """What was found, or as many as the card has."""
    found: tuple[SocketNow | AnalogNow, ...] = (*card.sockets, *card.analog)
    for socket in found:
        yield _of_socket(socket, site)
    for port in card.ports_now:
        yield Port(port.number, port.kind, "", "", "")
    if not card.sockets and not card.analog and not card.ports_now and len(card.ports) == 1:
        kind = card.lines[0] if len(card.lines) == 1 else ""
        for number in range(1, card.ports[0] + 1):
            yield Port(number, kind, "", "", "")


def _of_socket(socket: SocketNow | AnalogNow, site: Site) -> Port:
    entry = socket.entry if isinstance(socket, AnalogNow) else socket.span
    if entry is None:
        return Port(socket.port, socket.kind, "", "", "")
    return Port(socket.port, socket.kind, entry.name, entry.panel, line_of(entry.id, site))
