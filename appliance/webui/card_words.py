"""The telephony cards as they are now, in words that tell what to do. Made from the store's live rows. Pure.

Used by the page of the cards. The rows are foyer-hw's (hw/finding.py, Found.to_row): card/<bus:address>,
span/<number> for ports that belong to no card, and dahdi/state. Ports for digital lines are those of
socket_words.py, analog ones those of analog_words.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from appliance.store.sitemodel import Site
from appliance.webui import analog_words, socket_words
from appliance.webui.analog_words import AnalogNow
from appliance.webui.i18n import N_
from appliance.webui.socket_words import SocketNow
from appliance.webui.stated import Stated

# state: (words, kind of badge, what to do)
STATES = {
    "ready": (N_("Works"), "good", ""),
    "setup": (
        N_("Found, not set up yet"),
        "info",
        N_("Its driver runs. Its lines are not in use: nobody has set them up."),
    ),
    "firmware": (
        N_("A file is missing"),
        "bad",
        N_(
            "The card works only with a file of its maker, which nobody else may hand out: the box comes"
            " without it."
        ),
    ),
    "refused": (
        N_("Kept out by Secure Boot"),
        "bad",
        N_("Secure Boot takes the drivers of cards only once somebody vouches for them."),
    ),
    "waiting": (
        N_("Waits for its driver"),
        "warn",
        N_("Its driver is not loaded. Press “Look again”."),
    ),
    "silent": (
        N_("Does not answer"),
        "bad",
        N_(
            "Its driver runs and gets no answer. Switch the box off and press the card firmly into its slot,"
            " or try another one. If it stays so, the card is broken."
        ),
    ),
    "taken": (
        N_("Used by another driver"),
        "bad",
        N_("A driver that cannot make calls has it. Send a support file."),
    ),
    "no-driver": (
        N_("No drivers here"),
        "warn",
        N_(
            "This box runs inside another machine and has no drivers for cards. Write its image to a disk of"
            " its own, and start the machine from that."
        ),
    ),
    "unsupported": (
        N_("Not supported"),
        "bad",
        N_(
            "It works only with a driver of its maker, which the box does not have. Cards of Digium and"
            " Xorcom work, and analog ones of OpenVox."
        ),
    ),
    "unknown": (
        N_("Not known"),
        "warn",
        N_(
            "A telephone card that the box does not know. Ask who sold it for one of Digium, OpenVox or"
            " Xorcom."
        ),
    ),
}
LINES = {
    "fxo": N_("telephone lines"),
    "fxs": N_("telephones"),
    "bri": N_("ISDN lines"),
    "e1": "E1",
    "t1": "T1",
    "j1": "J1",
}
# The first that a port has: words, kind of badge, what it means for who looks for the fault.
ALARMS = {
    "red": (N_("No signal"), "bad", N_("The cable is out, or the other side is off.")),
    "blue": (N_("Other side disturbed"), "bad", N_("It sends nothing but that it is there.")),
    "yellow": (N_("Not heard"), "bad", N_("The other side does not hear the box.")),
    "loop": (N_("In a loop"), "warn", N_("What is sent comes back, as for a test.")),
    "recovering": (N_("Coming back"), "warn", ""),
    "notopen": (N_("Not in use"), "", ""),
}
WELL = (N_("Connected"), "good", "")
# What red means on a port for an analog line: DAHDI's drivers look for the line's battery.
_NO_BATTERY = (
    N_("No battery"),
    "bad",
    N_("The cable is not connected, or the provider's side is off."),
)
# A port is for the other kind of device than it is signalled like: FXS signalling is that of a telephone,
# which a port for a line plays.
_PORT_KINDS = {"FXS": N_("Telephone line"), "FXO": N_("Telephone")}
_UNUSED = (N_("Not set up yet"), "", "")


@dataclass(frozen=True)
class PortNow:
    """A port: its number on the card, what it is for (msgid, "" if that is plain), and how it is."""

    number: int
    kind: str
    words: str
    badge: str
    advice: str


@dataclass(frozen=True)
class FileNow:
    """A file that a card lacks. `comes_in` is what to download, from `url`, and upload as it is; both "" for
    one that the box cannot take, since nobody has published how to tell a good copy.
    """

    name: str
    version: str
    comes_in: str
    url: str


@dataclass(frozen=True)
class CardNow(Stated):
    """A card. `name` is "" for one that no table has; `place` is where it is, `is_slot` whether that is the
    number of a slot. `kinds` are of LINES. `files` are those that it lacks and cannot do without,
    `better_files` those with which it works better, `echo_files` those that only its echo canceller needs.
    `is_late`: one was uploaded that its driver takes at the next start.
    """

    name: str
    maker: str
    id: str
    bus: str
    place: str
    is_slot: bool
    driver: str
    taken_by: str
    state: str
    kinds: tuple[str, ...]
    ports: tuple[int, ...]
    is_modular: bool
    files: tuple[FileNow, ...]
    better_files: tuple[FileNow, ...]
    echo_files: tuple[FileNow, ...]
    is_late: bool
    ports_now: tuple[PortNow, ...]
    sockets: tuple[SocketNow, ...]
    analog: tuple[AnalogNow, ...]
    STATES = STATES

    @property
    def set_up(self) -> str:
        """Where all of its ports that nobody has set up are set up at once; "" if there are none."""
        waiting = [one.card for one in self.sockets if one.span is None and one.can_be_set_up]
        waiting += [one.card for one in self.analog if one.entry is None and one.can_be_set_up]
        return f"/settings/card?card={quote(waiting[0])}" if waiting else ""

    @property
    def lines(self) -> tuple[str, ...]:
        """What it is for, in words."""
        return tuple(LINES[kind] for kind in self.kinds)


@dataclass(frozen=True)
class CardsNow:
    """Everything; `loose`, `loose_sockets` and `loose_analog` are ports that belong to no card, `missing`
    those that are set up and not there. `is_known` is False while nobody has looked.
    """

    cards: tuple[CardNow, ...]
    loose: tuple[PortNow, ...]
    loose_sockets: tuple[SocketNow, ...]
    loose_analog: tuple[AnalogNow, ...]
    missing: tuple[SocketNow | AnalogNow, ...]
    is_known: bool
    has_drivers: bool


def now(rows: socket_words.Rows, site: Site) -> CardsNow:
    """The rows of `live.snapshot`, and the settings. A card's row of another release, with a state of
    tomorrow, is left out.
    """
    sockets = tuple(socket_words.found(rows, site.spans))
    analog = tuple(analog_words.found(rows, site.ports))
    cards = tuple(
        _card(
            row,
            tuple(one for one in sockets if one.card == key),
            tuple(one for one in analog if one.card == key),
        )
        for key, row in rows["card"].items()
        if row.get("state") in STATES
    )
    spans = sorted(rows["span"].values(), key=lambda span: int(span["port"]))
    kernel = rows["dahdi"].get("state")
    loose_sockets = tuple(one for one in sockets if not one.card)
    loose_analog = tuple(one for one in analog if not one.card)
    loose = tuple(port for span in spans for port in _ports(span, loose_sockets, loose_analog))
    there = {one.key for one in sockets} | {one.key for one in analog}
    missing: tuple[SocketNow | AnalogNow, ...] = (
        *(socket_words.now_of(span, rows) for span in site.spans),
        *(analog_words.now_of(port, rows) for port in site.ports),
    )
    return CardsNow(
        cards,
        loose,
        loose_sockets,
        loose_analog,
        tuple(one for one in missing if one.key not in there),
        kernel is not None,
        bool(kernel and kernel["built"]),
    )


def _card(row: Mapping[str, Any], sockets: tuple[SocketNow, ...], analog: tuple[AnalogNow, ...]) -> CardNow:
    files = [(str(one["need"]), _file(one)) for one in row["firmware"]]
    return CardNow(
        name=str(row["name"]),
        maker=str(row["maker"]),
        id=str(row["id"]),
        bus=str(row["bus"]),
        place=str(row["slot"] or row["address"]),
        is_slot=bool(row["slot"]),
        driver=str(row["driver"]),
        taken_by=str(row["taken_by"]),
        state=str(row["state"]),
        kinds=tuple(str(one) for one in row["lines"] if one in LINES),
        ports=tuple(int(count) for count in row["ports"]),
        is_modular=bool(row["modular"]),
        files=tuple(file for need, file in files if need in ("start", "update")),
        better_files=tuple(file for need, file in files if need == "better"),
        echo_files=tuple(file for need, file in files if need == "echo"),
        is_late=bool(row.get("late")),
        ports_now=tuple(port for span in row["spans"] for port in _ports(span, sockets, analog)),
        sockets=sockets,
        analog=analog,
    )


def _file(row: Mapping[str, Any]) -> FileNow:
    archive = row.get("archive") or {"name": "", "url": ""}
    return FileNow(str(row["file"]), str(row["version"]), str(archive["name"]), str(archive["url"]))


def _ports(
    span: Mapping[str, Any], sockets: tuple[SocketNow, ...], analog: tuple[AnalogNow, ...]
) -> Iterator[PortNow]:
    """The ports of an analog span, and of a digital one that is not among the sockets; those of `analog` are
    told of there.
    """
    if span["ports"] and analog:
        return
    if not span["ports"] and not sockets:
        yield PortNow(int(span["port"]), "", *_state(span["alarms"]))
    for port in span["ports"]:
        signalling = str(port["signalling"])
        state = _state(port["alarms"]) if signalling else _UNUSED
        if state == ALARMS["red"] and signalling.startswith("FXS"):
            state = _NO_BATTERY
        yield PortNow(int(port["port"]), _PORT_KINDS.get(signalling[:3], ""), *state)


def _state(alarms: list[str]) -> tuple[str, str, str]:
    return next((words for alarm, words in ALARMS.items() if alarm in alarms), WELL)
