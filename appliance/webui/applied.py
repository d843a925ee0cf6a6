"""How far a saved revision is on its way to the daemons, for people: one word for the whole, one per part."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

from appliance.store import site as sites
from appliance.webui.i18n import N_
from appliance.webui.web import Web

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
    """`state` is none, waiting, live, or failed; nothing more will happen once it is `settled`."""

    number: int
    state: str
    parts: list[Part]

    @property
    def settled(self) -> bool:
        """Whether asking again would show the same."""
        return self.state != "waiting"


def state_of(db: Database, number: int) -> str:
    """One word for a revision: none (there is none), waiting, live or failed."""
    if number == 0:
        return "none"
    states = {part.state for part in sites.apply_report(db, number)}
    if states & {"failed", "back"}:
        return "failed"
    return "live" if states == {"live"} else "waiting"


def report(web: Web, number: int) -> Report:
    """The report on a revision in the reader's words."""
    with web.store.read() as db:
        state = state_of(db, number)
        states = sites.apply_report(db, number)
    parts = []
    for part in states:
        words, kind = _WORDS[part.state]
        parts.append(
            Part(
                web.gettext(PART_NAMES.get(part.part, part.part)),
                web.gettext(words),
                kind,
                web.gettext(part.message),
            )
        )
    return Report(number, state, parts)


PART_NAMES = {
    "asterisk": N_("Telephone exchange"),
    "prompts": N_("Spoken texts"),
    "sounds": N_("Spoken texts"),
    "phones": N_("Phones"),
}
