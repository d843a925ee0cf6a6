"""The codes that phones dial, in words: for the page that lists them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

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
