"""The codes that phones dial, and what they set, in words: for the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from appliance.store.diversions import Diversion
from appliance.store.feature_codes import CODES, COLLEAGUE, NUMBER
from appliance.store.schedules import closing_code
from appliance.store.sitemodel import Site
from appliance.webui.i18n import N_

# By name and what it is about: (what it does, hint). One for each code, in the order of the table.
WORDS: dict[tuple[str, str], tuple[str, str]] = {
    ("pickup", ""): (
        N_("Take a call that rings at a colleague"),
        N_("At anybody who answers a queue of yours."),
    ),
    ("pickup-from", ""): (N_("Take a call that rings at this colleague"), ""),
    ("quiet", "on"): (N_("Do not disturb"), N_("Your extension does not ring. Calls of your queues do.")),
    ("quiet", "off"): (N_("Ring again"), ""),
    ("forward", "always"): (N_("Send all calls to this number"), N_("An extension or a number outside.")),
    ("unforward", "always"): (N_("No longer send all calls elsewhere"), ""),
    ("forward", "busy"): (N_("Send calls to this number while I am on the phone"), ""),
    ("unforward", "busy"): (N_("No longer send calls elsewhere while I am on the phone"), ""),
    ("forward", "unanswered"): (
        N_("Send calls that I do not answer to this number"),
        N_("After 20 seconds."),
    ),
    ("unforward", "unanswered"): (N_("No longer send calls elsewhere that I do not answer"), ""),
    ("break", ""): (N_("Take a break"), N_("Calls of your queues go to others.")),
    ("back", ""): (N_("Back to work"), N_("Ends the break, or the pause after a call.")),
    ("time", ""): (N_("Hear the time of the day"), ""),
    ("echo", ""): (N_("Try the sound"), N_("You hear what you say.")),
}
FOLLOWS = {COLLEAGUE: N_("extension"), NUMBER: N_("number")}


@dataclass(frozen=True)
class CodeRow:
    """A line of the page; `follows` is what is dialled at once after the code, in words, "" for nothing."""

    code: str
    follows: str
    does: str
    hint: str


def rows(site: Site, say: Callable[[str], str]) -> Iterator[CodeRow]:
    """Every code of this box."""
    for one in CODES:
        does, hint = WORDS[one.name, one.about]
        follows = say(FOLLOWS[one.follows]) if one.follows else ""
        yield CodeRow(one.code, follows, say(does), say(hint) if hint else "")
    for schedule in site.schedules:
        closes = say(N_("Close “%(name)s” for the rest of the day")) % {"name": schedule.name}
        yield CodeRow(closing_code(schedule), "", closes, say(N_("Dialled again: open as usual.")))


def diversion(held: Diversion, say: Callable[[str], str]) -> str:
    """Where an agent's calls go, in a sentence for each thing that is set."""
    if held.always:
        return say(N_("All calls go to %(number)s.")) % {"number": held.always}
    sentences = [say(N_("Do not disturb is on."))] if held.quiet else []
    if held.busy:
        sentences.append(say(N_("Calls while on the phone go to %(number)s.")) % {"number": held.busy})
    if held.unanswered:
        words = say(N_("Calls that nobody answers go to %(number)s."))
        sentences.append(words % {"number": held.unanswered})
    return " ".join(sentences) or say(N_("Calls ring."))
