"""How far a revision is, written for the pages: one row per part, and an event only where something
changed.
"""

from __future__ import annotations

from collections.abc import Mapping

from appliance.errors import Sentence
from appliance.store import site as sites
from appliance.store.db import Store

# What a revision consists of, for people. "asterisk" is all that the site does not decide.
PARTS = ("sounds", "phones", "lines", "queues", "calls", "asterisk")
# Told only of a revision that has to do with telephone cards.
CARDS = "cards"
WAITING = "Waiting for the telephone service."
BUSY = "The telephone service is busy. It takes these settings as soon as it can."
LOOKUP = "The address of a phone line cannot be found just now. Calls come in by it as soon as it can."
NO_PASSWORD = "A phone line still needs its password."  # noqa: S105 - a sentence
SKIPPED = "A newer revision took its place before it was in use."
ELSEWHERE = "Another part did not work."

# A state and what there is to say.
type Told = tuple[str, Sentence]


def tell(
    store: Store, number: int, state: str, message: str = "", differing: Mapping[str, Told] | None = None
) -> None:
    """All parts are in this state, but for those of `differing`."""
    _write(store, number, (state, Sentence(message)), differing or {})


def tell_failure(store: Store, number: int, part: str, sentence: Sentence) -> None:
    """`part` did not work, and therefore none of the others is in use."""
    _write(store, number, ("back", Sentence(ELSEWHERE)), {part: ("failed", sentence)})


def tell_skipped(store: Store, number: int) -> None:
    """A newer revision is live; this one never was, unless its report says how it ended, or that all but a
    part of it was in use.
    """
    with store.read() as db:
        states = {one.state for one in sites.apply_report(db, number)}
    if not states or ("rendering" in states and "live" not in states):
        _write(store, number, ("back", Sentence(SKIPPED)), {})


def _write(store: Store, number: int, told: Told, differing: Mapping[str, Told]) -> None:
    """Writes what differs from what is written there already. `told` is also of a part that was told of
    before and is not now.
    """
    with store.read() as db:
        known = {one.part: (one.state, one.sentence) for one in sites.apply_report(db, number)}
    states = dict.fromkeys((*PARTS, *known), told) | dict(differing)
    changed = {part: state for part, state in states.items() if known.get(part) != state}
    if changed:
        with store.change() as change:
            for part, (state, sentence) in changed.items():
                sites.report(change, number, part, state, sentence)
