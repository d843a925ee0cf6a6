"""The phone lines as they are now, in words that tell what to do. Made from the store's live rows. Pure.

Used by the live page and the settings. The rows, as foyer-pbx keeps them:

    line/<id>      {"reachable": bool,           -- whether the provider answers when the box asks
                    "registered": bool | null,   -- whether the box is signed in; null where it need not be
                    "calls": 2,
                    "refused": 488,              -- only if the provider refused the last call out
                    "came": ms}                  -- only if a call came in: when the last one did
    fault/<id>     {"why": "password", "code": 403}   -- why it does not work, where that is known
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance.store.live import LiveSnapshot
from appliance.store.sitemodel import Line, Site
from appliance.webui import analog_words, socket_words
from appliance.webui.analog_words import AnalogNow
from appliance.webui.i18n import N_
from appliance.webui.socket_words import SocketNow
from appliance.webui.stated import Stated

# state: (words, kind of badge, what to do)
STATES = {
    "signed_in": (N_("Signed in at the provider"), "good", ""),
    "signed_out": (
        N_("Not signed in at the provider"),
        "bad",
        N_(
            "No calls come in over it. Look at the provider's address, the user name, the password and the"
            " internet connection."
        ),
    ),
    "signing_in": (
        N_("Not signed in yet"),
        "warn",
        N_("The box is about to sign in. If it stays so, the line's password is missing."),
    ),
    "answering": (N_("The provider answers"), "good", ""),
    "silent": (
        N_("The provider does not answer"),
        "warn",
        N_(
            "Look at the provider's address and the internet connection. A few providers never answer this"
            " question: then only a call tells."
        ),
    ),
    "password": (
        N_("User name or password refused"),
        "bad",
        N_(
            "Type both again as they stand in the contract. Some providers also refuse a box whose address"
            " they do not know, or whose bill is not paid: ask them."
        ),
    ),
    "account": (
        N_("User name not known there"),
        "bad",
        N_("Look at the user name and the provider's address: they belong together."),
    ),
    "refused": (
        N_("Refused by the provider"),
        "bad",
        N_("Tell the provider what it answered, and ask what is missing."),
    ),
    "trouble": (
        N_("The provider has trouble"),
        "bad",
        N_(
            "It answered that it cannot serve the box now. The box tries again by itself; ask the provider if"
            " it lasts."
        ),
    ),
    "name": (
        N_("Address does not exist"),
        "bad",
        N_("Nobody on the internet knows this name. Is it spelled as in the contract?"),
    ),
    "no-names": (
        N_("Address cannot be looked up"),
        "bad",
        N_("The box finds no name on the internet now. Look at its connection, on the page “System”."),
    ),
    "formats-in": (
        N_("Sound formats do not fit"),
        "bad",
        N_(
            "The last call that came in was refused: the provider offered none of the sound formats of this"
            " line. Choose others below “Rarely needed”; the contract names them."
        ),
    ),
    "formats": (
        N_("Sound formats refused"),
        "warn",
        N_("The last call out failed for it. Choose others below “Rarely needed”; the contract names them."),
    ),
    "calls-refused": (
        N_("Calls out refused"),
        "warn",
        N_(
            "The last call out was refused. Look at the number shown to people you call, and ask the provider"
            " whether the contract allows calls out."
        ),
    ),
    "calls-trouble": (
        N_("A call out failed"),
        "warn",
        N_("The last call out failed at the provider. If it lasts, ask the provider."),
    ),
    "new": (N_("Not in use yet"), "", N_("The settings are still being put to use.")),
    "unknown": (N_("Not known"), "", N_("Not known while the telephone service is away.")),
    "part": (N_("Works in part"), "warn", N_("Not every port of the line works; the line's page says why.")),
    # A line over telephone cards is as its ports are.
    **{f"card-{state}": words for state, words in socket_words.STATES.items()},
    **{
        f"port-{state}": words
        for state, words in analog_words.STATES.items()
        if state not in analog_words.FREE
    },
}


_FORMATS, _REFUSED = (415, 488, 606), (401, 402, 403, 407)


@dataclass(frozen=True)
class LineNow(Stated):
    """A phone line now: `state` is a key of STATES, `calls` how many calls it carries, `code` the SIP status
    that the provider answered, 0 for none or where it does not matter. `sockets` are the ports of a line over
    telephone cards.
    """

    line: Line
    state: str
    calls: int
    code: int = 0
    sockets: tuple[SocketNow | AnalogNow, ...] = ()
    STATES = STATES


def now(site: Site, snapshot: LiveSnapshot) -> tuple[LineNow, ...]:
    """Every line of the site, in its order."""
    return tuple(now_of(line, site, snapshot) for line in site.lines)


def now_of(line: Line, site: Site, snapshot: LiveSnapshot) -> LineNow:
    """One line of the site, or one that is to become one."""
    if line.kind == "card":
        spans = filter(None, map(site.span, line.spans))
        ports = filter(None, map(site.port, line.ports))
        digital = (socket_words.now_of(span, snapshot.rows) for span in spans)
        return _over_cards(line, (*digital, *(analog_words.now_of(port, snapshot.rows) for port in ports)))
    if not snapshot.rows["pbx"].get("state", {}).get("up"):
        return LineNow(line, "unknown", 0)
    row = snapshot.rows["line"].get(line.id, {})
    state, code = state_of(line, row, snapshot.rows["fault"].get(line.id, {}))
    return LineNow(line, state, int(row.get("calls", 0)), code)


def _over_cards(line: Line, sockets: tuple[SocketNow | AnalogNow, ...]) -> LineNow:
    """Green if all of its ports work that are not closed for calls and do not rest between them, amber if
    some do, else as the first of them is.
    """
    used = [one for one in sockets if not one.is_closed] or sockets
    awake = [one for one in used if one.state != "resting"] or used
    states = {one.state for one in awake}
    kinds = [f"{'port' if isinstance(one, AnalogNow) else 'card'}-{one.state}" for one in awake]
    state = "part" if "works" in states and states != {"works"} else [*kinds, "card-new"][0]
    return LineNow(line, state, sum(one.calls for one in sockets), sockets=sockets)


def state_of(line: Line, row: Mapping[str, Any], fault: Mapping[str, Any]) -> tuple[str, int]:
    """The key of STATES for a line's rows, {} where foyer-pbx keeps none, and what the provider answered; the
    telephone service runs.

    A provider that lets the box sign in is there, whether or not it answers other questions.
    """
    if not row:
        return "new", 0
    is_signed_in = row.get("registered")
    if line.register and is_signed_in is None:
        return "signing_in", 0
    if not (is_signed_in if line.register else row.get("reachable")):
        why = str(fault.get("why", ""))
        return why if why in STATES else "signed_out" if line.register else "silent", int(
            fault.get("code", 0)
        )
    if fault.get("why") == "formats-in":
        # The box refused: no answer of the provider's.
        return "formats-in", 0
    if refused := int(row.get("refused", 0)):
        return (
            "formats" if refused in _FORMATS else "calls-refused" if refused in _REFUSED else "calls-trouble"
        ), refused
    return ("signed_in" if line.register else "answering"), 0
