"""How far a saved revision is on its way to the daemons, for people: one word for the whole, one per part."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

from appliance.store import site as sites
from appliance.webui.i18n import N_
from appliance.webui.web import Web

# The parts that foyer-apply reports on (apply/report.py), in the order in which a person cares.
PART_NAMES = {
    "lines": N_("Phone lines"),
    "cards": N_("Telephone cards"),
    "calls": N_("Numbers and greetings"),
    "queues": N_("Queues"),
    "phones": N_("Phones"),
    "sounds": N_("Texts and music"),
    "asterisk": N_("Telephone service"),
}
_WORDS = {
    "rendering": (N_("Under way"), "info"),
    "live": (N_("In use"), "good"),
    "failed": (N_("Did not work"), "bad"),
    "back": (N_("Back to the last good settings"), "warn"),
}


@dataclass(frozen=True)
class Part:
    """One part of the box: its name, the state in words, the badge's kind, and what there is to say."""

    name: str
    words: str
    kind: str
    message: str


@dataclass(frozen=True)
class Report:
    """`state` is none, waiting, live, partly or failed; nothing more will happen once it is `settled`.

    "partly": in use, but for a part that waits for something outside, such as a provider's address or the end
    of a call, or a telephone card that fails.
    """

    number: int
    state: str
    parts: list[Part]

    @property
    def settled(self) -> bool:
        """Whether asking again would show the same."""
        return self.state not in ("waiting", "partly")


def state_of(db: Database, number: int) -> str:
    """One word for a revision: none (there is none), waiting, live, partly or failed."""
    if number == 0:
        return "none"
    states = {part.state for part in sites.apply_report(db, number)}
    if "live" in states:
        return "live" if states == {"live"} else "partly"
    return "failed" if states & {"failed", "back"} else "waiting"


def report(web: Web, number: int) -> Report:
    """The report on a revision in the reader's words."""
    with web.store.read() as db:
        state, found = state_of(db, number), sites.apply_report(db, number)
    order = [*PART_NAMES, *(part.part for part in found)]
    parts = [
        Part(
            web.gettext(PART_NAMES.get(part.part, part.part)),
            web.gettext(_WORDS[part.state][0]),
            _WORDS[part.state][1],
            "" if part.state == "back" else part.sentence.text(web.gettext),
        )
        for part in sorted(found, key=lambda part: order.index(part.part))
    ]
    return Report(number, state, parts)
