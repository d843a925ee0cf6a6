"""The ports of telephone cards: from the site to the drivers and to Asterisk, digital ones span by span,
analog ones channel by channel.

Nothing is remembered here: each of Asterisk's channels tells a stamp of its settings (chan_dahdi_conf.py), so
what it has is compared with what it should have, whoever restarted meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Protocol

from appliance.errors import ForbiddenError, RejectedError, Sentence, TransientError
from appliance.hw.dahdi import sysfs
from appliance.hw.dahdi.plan import FILE, MODES, CardPlan, PlannedPort, PlannedSpan
from appliance.pbx.conf import chan_dahdi_conf
from appliance.privileged.client import NoAnswer
from appliance.store.site_spans import SPANS_MAX, WIDTH, Span, ranges
from appliance.store.sitemodel import Site

WAITING = "It waits until the calls over a card have ended."
REFUSED = Sentence("The telephone card did not take its settings.", "Is the right kind of line chosen?")
UNANSWERED = Sentence(
    "The part of the box that sets up telephone cards does not answer.", "It is asked again until it does."
)
_MODULE = f"{chan_dahdi_conf.MODULE}.so"
# "     65            foyer-in-l2     vi         default                         In Service 0123456789abcdef"
_SHOWN = re.compile(rf"^ *([0-9]+) .* ({chan_dahdi_conf.ALONE}?[0-9a-f]{{16}})\s*$", re.MULTILINE)


# The first and the last of channels that are made and taken away together.
type Unit = tuple[int, int]


class Refused(RejectedError):
    """A driver or Asterisk did not take the settings of channels; `units` are all that may be meant."""

    def __init__(self, sentence: Sentence, units: Collection[Unit]) -> None:
        super().__init__(sentence.message, sentence.hint)
        self.sentence = sentence
        self.units = frozenset(units)


class Unanswered(TransientError):
    """Root was asked in vain; Asterisk answers."""


class Console(Protocol):
    """Asterisk's console."""

    def ask(self, command: str) -> str:
        """The answer to a command."""


def plan_of(site: Site, line_mode: str) -> CardPlan:
    """What root needs to know of the site's spans and analog ports; `line_mode` is the country's. A card
    takes its beat from the first of its digital ports that has one: drivers count per card, and another
    port's settings change nothing.
    """
    return CardPlan(
        tuple(
            PlannedSpan(
                number=span.number,
                device=span.device,
                port=span.port,
                type=_type(span),
                framing="ccs" if span.type in ("e1", "bri") else span.framing,
                coding=_coding(span),
                crc4=span.crc4 and span.type == "e1",
                clock=0 if span.own_clock or _is_nt(span) else span.port,
                first=span.first_channel,
                last=span.last_channel,
                bearers=ranges(span.bearers),
                signalling=span.signalling_channel,
            )
            for span in site.spans
        ),
        tuple(
            PlannedPort(port.channel, port.number, port.device, port.part, port.first_channel)
            for port in site.ports
        ),
        (line_mode or MODES[0]) if site.ports else "",
    )


def _is_nt(span: Span) -> bool:
    """Whether the box is the network end of an ISDN line, which gives the beat (ITU-T I.430 5.4)."""
    return span.type == "bri" and span.side == "network"


def _type(span: Span) -> str:
    return span.type if span.type != "bri" else "bri_nt" if _is_nt(span) else "bri_te"


def _coding(span: Span) -> str:
    return "ami" if span.coding == "ami" or span.type == "bri" else "hdb3" if span.type == "e1" else "b8zs"


def files(site: Site, line_mode: str) -> Mapping[str, str]:
    """The plan as a file beside Asterisk's, on a site that has ports of cards."""
    return {FILE: plan_of(site, line_mode).to_text()} if site.has_cards else {}


class Cards:
    """Makes the drivers and Asterisk have the spans of a rendering. `set_up` has root set them up;
    `numbers` are the spans that are there and have one; `there` differs once a card came or went.
    """

    def __init__(
        self,
        console: Console,
        set_up: Callable[[], None],
        numbers: Callable[[], Collection[int]] | None = None,
        there: Callable[[], Hashable] = sysfs.there,
    ) -> None:
        self._console = console
        self._set_up = set_up
        self._numbers = numbers or numbers_there
        self.there = there
        # Whether root has yet to be asked for what Asterisk has given up already.
        self._is_owed = False

    def load(self, tree: Mapping[str, str]) -> bool:
        """Does what is missing for this rendering. False: it waits for calls to end. Refused: a driver or
        Asterisk did not take it. Unanswered: root does not answer. Another TransientError: Asterisk does not.
        """
        wanted = stamps(tree.get(chan_dahdi_conf.FILE, ""))
        shown = self._shown() if wanted or self._is_loaded() else {}
        if wanted == shown and not self._is_owed:
            return True
        stale = {_unit(channel, stamp) for channel, stamp in shown.items() if wanted.get(channel) != stamp}
        if stale and self._busy(stale):
            return False
        for first, last in sorted(stale):
            if self._busy({(first, last)}):
                return False
            if first != last:
                # With its signalling channel, of which Asterisk would else keep side and kind of exchange.
                self._console.ask(f"pri destroy span {_number(first)}")
            self._console.ask(f"dahdi destroy channels {first} {last}")
        refusal = self._ask_root()
        self._make({_unit(channel, wanted[channel]) for channel in wanted.keys() - self._shown().keys()})
        there, shown = self._numbers(), self._shown()
        wrong = wanted.items() ^ shown.items()
        lacking = {_unit(*one) for one in wrong if one[0] in shown or _number(one[0]) in there}
        if refusal:
            # It does not say which: those that do not work, else it may be any.
            raise Refused(refusal, lacking or stale | {_unit(*one) for one in wanted.items()})
        if lacking:
            raise Refused(REFUSED, lacking)
        return True

    def _ask_root(self) -> Sentence | None:
        """Has root set up the spans; what a driver says that did not take it, if one did not."""
        self._is_owed = True
        try:
            self._set_up()
        except NoAnswer as error:
            raise Unanswered(UNANSWERED.message, UNANSWERED.hint) from error
        except (TransientError, RejectedError, ForbiddenError) as error:
            # Also an answer that is none. It is owed still, even if Asterisk has all that it wants by then.
            return error.sentence
        self._is_owed = False
        return None

    def _make(self, missing: set[Unit]) -> None:
        """Has Asterisk make the channels of those spans that are there."""
        numbers = self._numbers()
        found = {unit for unit in missing if _number(unit[0]) in numbers}
        if found and not self._is_loaded():
            self._console.ask(f"module load {_MODULE}")
            return
        for first, last in sorted(found):
            self._console.ask(f"dahdi create channels {first} {last}")

    def _shown(self) -> dict[int, str]:
        """Channel to stamp, of the spans that a site can have."""
        found = _SHOWN.findall(self._console.ask("dahdi show channels")) if self._is_loaded() else []
        return {int(channel): stamp for channel, stamp in found if _number(int(channel)) <= SPANS_MAX}

    def _is_loaded(self) -> bool:
        """Whether Asterisk's module for cards runs, which it may not if there was none when it started."""
        answer = self._console.ask(f"module show like {_MODULE}")
        return _MODULE in answer and "Not Running" not in answer

    def _busy(self, units: set[Unit]) -> bool:
        """Whether calls are up over one of these (chan_dahdi.c, create_channel_name)."""
        up = self._console.ask("core show channels concise")
        return any(
            (f"DAHDI/{first}-" if first == last else f"DAHDI/i{_number(first)}/") in up
            for first, last in units
        )


def changed(before: Mapping[str, str], tree: Mapping[str, str]) -> set[Unit]:
    """The spans and analog ports in which two renderings differ."""
    old, new = (stamps(one.get(chan_dahdi_conf.FILE, "")) for one in (before, tree))
    return {_unit(*one) for one in old.items() ^ new.items()}


def comes_in_elsewhere(before: Mapping[str, str], tree: Mapping[str, str]) -> bool:
    """Whether calls over a span or an analog port of the first rendering come in elsewhere in the second, or
    not at all.
    """
    old, new = (_contexts(one.get(chan_dahdi_conf.FILE, "")) for one in (before, tree))
    return any(new.get(unit) != context for unit, context in old.items())


def _contexts(text: str) -> dict[Unit, str]:
    """What chan_dahdi.conf says: where calls come in."""
    contexts, stamped = _values(text, "context"), stamps(text)
    return {_unit(channel, stamped[channel]): context for channel, context in contexts.items()}


def stamps(text: str) -> dict[int, str]:
    """What chan_dahdi.conf says: channel to stamp."""
    return _values(text, "description")


def _values(text: str, wanted: str) -> dict[int, str]:
    """What chan_dahdi.conf says of a site's channels, which have a stamp: channel to value of `wanted`."""
    found: dict[int, str] = {}
    settings: dict[str, str] = {}
    for line in text.splitlines():
        name, _, value = line.partition(" = ")
        if name == "channel" and "description" in settings:
            for row in value.split(","):
                first, _, last = row.partition("-")
                found |= dict.fromkeys(range(int(first), int(last or first) + 1), settings.get(wanted, ""))
            settings = {}
        else:
            settings[name] = value
    return found


def numbers_there() -> set[int]:
    """The spans that are there and have a number."""
    return {number for device in sysfs.devices() for number in device.numbers.values()}


def _number(channel: int) -> int:
    return (channel - 1) // WIDTH + 1


def _unit(channel: int, stamp: str) -> Unit:
    """An analog channel by itself, else all that the span may have."""
    if stamp.startswith(chan_dahdi_conf.ALONE):
        return channel, channel
    number = _number(channel)
    return (number - 1) * WIDTH + 1, number * WIDTH
