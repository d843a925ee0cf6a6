"""The codes that phones dial, and what they set, in words: for the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from appliance.store.diversions import Diversion
from appliance.store.feature_codes import CODES, COLLEAGUE, KEYS, NUMBER, PLACE
from appliance.store.schedules import closing_code
from appliance.store.site_inside import Numbered
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
    ("parked", ""): (
        N_("Take a parked call"),
        N_("The place is what who parked the call has heard. Calls of all phones are parked together."),
    ),
    ("break", ""): (N_("Take a break"), N_("Calls of your queues go to others.")),
    ("back", ""): (N_("Back to work"), N_("Ends the break, or the pause after a call.")),
    ("time", ""): (N_("Hear the time of the day"), ""),
    ("echo", ""): (N_("Try the sound"), N_("You hear what you say.")),
}
# Those that are pressed during a call, by name.
KEY_WORDS: dict[str, tuple[str, str]] = {
    "transfer": (
        N_("Hand the call on"),
        N_("The other person hears music meanwhile. End the number with #."),
    ),
    "transfer-ask": (N_("Ask a colleague first"), N_("Hang up to connect the two.")),
    "park": (
        N_("Park the call"),
        N_("You hear the place, two digits. After a minute the call comes back to you."),
    ),
    "transfer-done": (N_("While you ask: connect the two"), ""),
    "transfer-three": (N_("While you ask: talk all three together"), ""),
    "transfer-back": (N_("While you ask: back to the first person"), ""),
}
SPEAKS = N_("You speak to several desk phones at once.")
FOLLOWS = {COLLEAGUE: N_("extension"), NUMBER: N_("number"), PLACE: N_("place")}


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


def during_calls(say: Callable[[str], str]) -> Iterator[CodeRow]:
    """What is pressed while somebody is on the line."""
    for one in KEYS:
        does, hint = KEY_WORDS[one.name]
        follows = say(FOLLOWS[one.follows]) if one.follows else ""
        yield CodeRow(one.code, follows, say(does), say(hint) if hint else "")


def numbers(site: Site) -> list[tuple[Numbered, str]]:
    """Every internal number, and what it is (a msgid), "" for somebody's."""
    groups = ((site.agents, ""), (site.rooms, N_("Conference room")), (site.pagings, SPEAKS))
    return [(one, kind) for group, kind in groups for one in group]


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
