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
WAITING = "Waiting for the telephone service."
LOOKUP = "The address of a phone line cannot be found just now. Calls come in by it as soon as it can."
NO_PASSWORD = "A phone line still needs its password."  # noqa: S105 - a sentence
SKIPPED = "A newer revision took its place before it was in use."
ELSEWHERE = "Another part did not work."


def tell(
    store: Store, number: int, state: str, message: str = "", *, lines: str = "", lines_state: str = ""
) -> None:
    """All parts are in this state; `lines` and `lines_state` are what differs for the phone lines."""
    states = dict.fromkeys(PARTS, (state, Sentence(message)))
    states["lines"] = (lines_state or state, Sentence(lines or message))
    _write(store, number, states)


def tell_failure(store: Store, number: int, part: str, sentence: Sentence) -> None:
    """`part` did not work, and therefore none of the others is in use."""
    _write(store, number, dict.fromkeys(PARTS, ("back", Sentence(ELSEWHERE))) | {part: ("failed", sentence)})


def tell_skipped(store: Store, number: int) -> None:
    """A newer revision is live; this one never was, unless its report says how it ended."""
    with store.read() as db:
        states = {one.state for one in sites.apply_report(db, number)}
    if not states or "rendering" in states:
        _write(store, number, dict.fromkeys(PARTS, ("back", Sentence(SKIPPED))))


def _write(store: Store, number: int, states: Mapping[str, tuple[str, Sentence]]) -> None:
    """Writes what differs from what is written there already."""
    with store.read() as db:
        known = {one.part: (one.state, one.sentence) for one in sites.apply_report(db, number)}
    changed = {part: state for part, state in states.items() if known.get(part) != state}
    if changed:
        with store.change() as change:
            for part, (state, sentence) in changed.items():
                sites.report(change, number, part, state, sentence)
