"""The analog ports of telephone cards as they are now, in words that tell what to do, and their settings in
words. Made from the store's live rows and the settings. Pure.

Used by the page of the cards, the pages of the ports and the lines over them. The rows are foyer-hw's
(hw/finding.py):

    port/<card>:<part>:<port>  {"device": "...", "part": 1, "port": 1, "kind": "FXO", "card": "pci:...",
                                "number": 1, "signalling": "FXSKS", "open": true, "alarms": ["red"]}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.store.site_ports import AnalogPort
from appliance.webui import socket_words
from appliance.webui.i18n import N_
from appliance.webui.socket_words import Rows
from appliance.webui.stated import Stated

_SHARED = ("works", "closed", "new", "unknown", "gone", "recovering")
# state: (words, kind of badge, what to do)
STATES = {
    **{state: socket_words.STATES[state] for state in _SHARED},
    # The page says once what to do: cards have many ports.
    "unset": (N_("Not set up yet"), "info", ""),
    "telephone": (N_("For a telephone"), "", ""),
    "red": (
        N_("No battery"),
        "bad",
        N_("The cable is not connected, or the provider's side is off."),
    ),
}
# Of ports without settings.
FREE = ("unset", "telephone")
KINDS = {"FXO": N_("Telephone line"), "FXS": N_("Telephone"), "ANALOG_MIXED": ""}
CALLER_IDS = {
    "bell": N_("Bell 202 (FSK, North America)"),
    "v23": N_("V.23 (FSK, ETSI and United Kingdom)"),
    "dtmf": N_("Tones, as keys make them (DTMF)"),
    "none": N_("It does not come"),
}
STARTS = {
    "ring": N_("After the first ring"),
    "polarity": N_("After a reversal of polarity, before the first ring"),
    "dtmf": N_("Before the first ring, without any sign (DTMF alone)"),
}
HANGUPS = {
    "kewlstart": (
        N_("By the current"),
        N_("The company takes it away for a moment (kewlstart, loop disconnect). Usual in North America."),
    ),
    "polarity": (
        N_("By a reversal of polarity"),
        N_(
            "Only where the company says that it does so: else calls end at once. If it tells the same way"
            " that somebody answered, say so below: else calls out end when they are answered."
        ),
    ),
    "busytone": (
        N_("By the busy tone"),
        N_("The box listens for the busy tone of your country. Usual where nothing else is promised."),
    ),
}
LABELS = {
    "name": N_("Name"),
    "number": N_("Number"),
    "device": N_("Telephone card"),
    "part": N_("Part of the card"),
    "port": N_("Port of the card"),
    "caller_id": N_("How the caller's number comes"),
    "caller_id_start": N_("When it comes"),
    "hangup": N_("How the company tells that the other side has hung up"),
    "answer_on_polarity": N_("A reversal of polarity tells that a call out was answered"),
    "closed": N_("Closed for calls"),
    "panel": N_("Place on the patch panel"),
}


def value(name: str, chosen: object) -> str:
    """What was chosen for a field (msgid); "" where it speaks for itself."""
    if name == "hangup":
        return HANGUPS[str(chosen)][0]
    return {"caller_id": CALLER_IDS, "caller_id_start": STARTS}.get(name, {}).get(str(chosen), "")


@dataclass(frozen=True)
class AnalogNow(Stated):
    """A port. `key` names it ("<card>:<part>:<port>"), `card` is the key of its card's row, "" for none;
    `kind` what it is for (msgid, "" where that is not known); `entry` its settings, None if it has none.
    """

    key: str
    part: int
    port: int
    card: str
    kind: str
    entry: AnalogPort | None
    state: str
    calls: int = 0
    STATES = STATES

    @property
    def name(self) -> str:
        """What the settings call it, "" without any."""
        return self.entry.name if self.entry else ""

    @property
    def settings(self) -> str:
        """Where its settings are."""
        return f"/settings/ports/{self.entry.id}" if self.entry else ""

    @property
    def new(self) -> str:
        """Where it is set up: an address that its key belongs to."""
        return "/settings/ports/new?socket="

    @property
    def closed(self) -> str:
        """What is closed besides: nothing, since it is the whole."""
        return ""

    @property
    def is_closed(self) -> bool:
        """Whether it carries no call for now."""
        return bool(self.entry and self.entry.closed)

    @property
    def can_be_set_up(self) -> bool:
        """Whether a line can be in it."""
        return self.state != "telephone"


def key_of(entry: AnalogPort) -> str:
    """The key of the port of these settings."""
    return f"{entry.device}:{entry.part}:{entry.port}"


def found(rows: Rows, entries: tuple[AnalogPort, ...]) -> Iterator[AnalogNow]:
    """Every port that is there, by card, part and number."""
    by_key = {key_of(entry): entry for entry in entries}
    ordered = sorted(rows["port"].items(), key=lambda one: (one[1]["device"], one[1]["part"], one[1]["port"]))
    for key, row in ordered:
        entry = by_key.get(key)
        if entry is not None:
            yield now_of(entry, rows)
        else:
            state = "telephone" if row["kind"] == "FXS" else "unset"
            yield AnalogNow(
                key, int(row["part"]), int(row["port"]), str(row["card"]), _kind(row), None, state
            )


def now_of(entry: AnalogPort, rows: Rows) -> AnalogNow:
    """The port of these settings, whether it is there or not."""
    key = key_of(entry)
    row = rows["port"].get(key)
    calls = int(rows["line"].get(f"c{entry.channel}", {}).get("calls", 0))
    card = str(row["card"]) if row else ""
    state = _state(entry, row, rows)
    return AnalogNow(key, entry.part, entry.port, card, KINDS["FXO"], entry, state, calls)


def _kind(row: Mapping[str, Any]) -> str:
    return KINDS.get(str(row["kind"]), "")


def _state(entry: AnalogPort, row: Mapping[str, Any] | None, rows: Rows) -> str:
    if row is None:
        return "gone"
    if row["number"] != entry.number or not row["signalling"]:
        return "new"
    for alarm in ("red", "recovering"):
        if alarm in row["alarms"]:
            return alarm
    if not rows["pbx"].get("state", {}).get("up"):
        return "unknown"
    return "new" if not row["open"] else "closed" if entry.closed else "works"
