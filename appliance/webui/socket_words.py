"""The ports for digital lines as they are now, in words that tell what to do. Made from the store's live rows
and the settings. Pure.

Used by the page of the cards and by the lines over them. The rows:

    socket/<card>:<port>  {"device": "...", "port": 1, "type": "E1", "card": "pci:...", "number": 1,
                           "alarms": ["red", "los"]}     -- foyer-hw's (hw/finding.py)
    signal/<number>       {"up": bool}                   -- foyer-pbx's (pbx/signalling.py)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.store.site_spans import Span
from appliance.webui.i18n import N_
from appliance.webui.stated import Stated

# state: (words, kind of badge, what to do)
STATES = {
    "works": (N_("Works"), "good", ""),
    "closed": (
        N_("Closed for calls"),
        "warn",
        N_("It works, but its settings say that no call goes over it."),
    ),
    "unset": (N_("Not set up yet"), "info", N_("Nobody has said yet how its line works.")),
    "kept": (N_("Kept for trying the box"), "", N_("It is an end of a line inside the box.")),
    "new": (N_("Not in use yet"), "warn", N_("The settings are still being put to use.")),
    "unknown": (N_("Not known"), "", N_("Not known while the telephone service is away.")),
    "gone": (
        N_("Not found"),
        "bad",
        N_("The card is not in the machine, or does not work: look at the page of the telephone cards."),
    ),
    "red": (
        N_("No signal"),
        "bad",
        N_("Red alarm: nothing comes in. The cable is out or broken, or the other side is off."),
    ),
    "frames": (
        N_("Signal not understood"),
        "bad",
        N_(
            "Red alarm: something comes in, but not what was expected. Is the kind of line right, and its"
            " coding?"
        ),
    ),
    "multiframes": (
        N_("CRC4 does not fit"),
        "bad",
        N_("The two sides do not agree on CRC4: set it here as the other side has it."),
    ),
    "blue": (
        N_("Other side disturbed"),
        "bad",
        N_("Blue alarm: it sends nothing but that it is there. The telephone company has to look."),
    ),
    "yellow": (
        N_("Not heard"),
        "bad",
        N_(
            "Yellow alarm: they do not hear us. Look at the cable's pair on which the box sends, and whether"
            " both sides agree on CRC4."
        ),
    ),
    "resting": (
        N_("At rest"),
        "",
        N_(
            "Between calls the telephone company may let such a line rest: nothing shows then whether its"
            " cable is in."
        ),
    ),
    "loop": (N_("In a loop"), "warn", N_("What is sent comes back, as for a test.")),
    "recovering": (N_("Coming back"), "warn", N_("The signal came back a moment ago.")),
    "silent": (
        N_("No signalling"),
        "bad",
        N_(
            "D channel down: the line is there, but the exchange does not answer. Is it the right switch"
            " type, and is the box on the right side?"
        ),
    ),
}
# What DAHDI says of a span (hw/dahdi/alarms.py), the one that tells most first.
ALARMS = {
    "los": "red",
    "lmfa": "multiframes",
    "lfa": "frames",
    "red": "red",
    "blue": "blue",
    "yellow": "yellow",
    "loop": "loop",
    "recovering": "recovering",
    "notopen": "new",
}

type Rows = Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class SocketNow(Stated):
    """A port. `key` names it ("<card>:<port>"), `card` is the key of its card's row, "" for none; `kind` is
    the kind of line, "" where that is not fixed; `span` its settings, None if it has none; `calls` how many
    it carries.
    """

    key: str
    port: int
    card: str
    kind: str
    span: Span | None
    state: str
    calls: int = 0
    STATES = STATES

    @property
    def name(self) -> str:
        """What the settings call it, "" without any."""
        return self.span.name if self.span else ""

    @property
    def settings(self) -> str:
        """Where its settings are."""
        return f"/settings/spans/{self.span.id}" if self.span else ""

    @property
    def new(self) -> str:
        """Where it is set up: an address that its key belongs to."""
        return "/settings/spans/new?socket="

    @property
    def closed(self) -> str:
        """Its channels that are closed for calls, as people write them; "" if none are, or all."""
        return self.span.closed.replace(",", ", ") if self.span and not self.is_closed else ""

    @property
    def is_closed(self) -> bool:
        """Whether it carries no call for now."""
        return bool(self.span and not self.span.open_channels)

    @property
    def can_be_set_up(self) -> bool:
        """Whether it is there for lines of the settings."""
        return self.state != "kept"


def key_of(span: Span) -> str:
    """The key of the port that a span is at."""
    return f"{span.device}:{span.port}"


def found(rows: Rows, spans: tuple[Span, ...]) -> Iterator[SocketNow]:
    """Every port that is there, by card and number."""
    by_key = {key_of(span): span for span in spans}
    for key, row in sorted(rows["socket"].items(), key=lambda item: (item[1]["device"], item[1]["port"])):
        span = by_key.get(key)
        if span is not None:
            yield now_of(span, rows)
        else:
            # A profile numbers its own ports, which have no card.
            state = "kept" if row["number"] and row["type"] == "DYNAMIC" else "unset"
            yield SocketNow(key, int(row["port"]), str(row["card"]), _kind(row), None, state)


def now_of(span: Span, rows: Rows) -> SocketNow:
    """The port of a span of the settings, whether it is there or not."""
    key = key_of(span)
    row = rows["socket"].get(key)
    calls = int(rows["line"].get(f"i{span.number}", {}).get("calls", 0))
    card = str(row["card"]) if row else ""
    return SocketNow(key, span.port, card, span.type.upper(), span, _state(span, row, rows), calls)


def _kind(row: Mapping[str, Any]) -> str:
    return "" if row["type"] == "DYNAMIC" else str(row["type"]).partition("_")[0]


def _state(span: Span, row: Mapping[str, Any] | None, rows: Rows) -> str:
    if row is None:
        return "gone"
    if row["number"] != span.number:
        return "new"
    alarm = next((state for name, state in ALARMS.items() if name in row["alarms"]), "")
    can_rest = span.type == "bri" and span.multipoint
    if alarm and not (can_rest and alarm == "red"):
        return alarm
    if not rows["pbx"].get("state", {}).get("up"):
        return "unknown"
    signal = rows["signal"].get(str(span.number))
    if signal is None:
        return "new"
    up, down = "works" if span.open_channels else "closed", "resting" if can_rest else "silent"
    return up if signal["up"] else down
