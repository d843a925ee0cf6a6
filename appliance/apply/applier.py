"""Makes the wanted revision live: render, check, speak, switch, reload, confirm; or goes back.

Level-triggered: `look` compares what is wanted with what is live and with what Asterisk has loaded, and does
what is missing. So start, a crash in the middle, a restarted Asterisk and a new revision are one path, and
nothing is remembered that the disk or Asterisk does not know. Called by one thread of foyer-apply, and by
`--once` before Asterisk starts.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

from appliance.apply import cards, objects, report, sounds
from appliance.apply.anew import Anew
from appliance.apply.asterisk import Console, Life
from appliance.apply.cards import Cards, Refused, Unanswered
from appliance.apply.check import check
from appliance.apply.folders import Folders, Rendering, number_of, rendering
from appliance.apply.sounds import Speaker
from appliance.errors import FoyerError, NotFoundError, RejectedError, Sentence, SetupError, TransientError
from appliance.pbx.conf import pjsip_conf
from appliance.pbx.conf.inputs import Env
from appliance.settings import Settings
from appliance.store import holidays
from appliance.store import site as sites
from appliance.store.db import Store
from appliance.store.sitemodel import Site

log = logging.getLogger(__name__)

type Gather = Callable[[Site], Env]
type Render = Callable[[Site, Env], Mapping[str, str]]
type Today = Callable[[], datetime.date]

# While Asterisk does not run, and while a line's host name is not known.
SOON_S = 1.0
LOOKUP_S = 30.0
# Until a card is tried again that does not take what it took before.
CARDS_S = 30.0
# Calls end soon or after hours, and each look renders: a minute of looks first, then more seldom.
PATIENT_LOOKS, PATIENT_S = 60, 5.0
# Until Asterisk has noticed that a card is gone.
MISSED_S = 3.0
_MOST_SKIPPED = 100


class Failed(Exception):
    """One part of a revision did not work; `sentence` says why, for the administrator."""

    def __init__(self, part: str, sentence: Sentence) -> None:
        super().__init__(sentence.text())
        self.part = part
        self.sentence = sentence


@dataclass(frozen=True)
class Loaded:
    """What this process knows of Asterisk: in which of its lives it confirmed which rendering."""

    life: Life
    label: str


class Applier:
    """The state machine. Everything that reaches outside is passed in."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        console: Console,
        *,
        gather: Gather,
        render: Render,
        speak: Speaker,
        today: Today,
        cards: Cards,
    ) -> None:
        self._store = store
        self._sounds, self._prompts = settings.sounds, settings.prompts
        self._folders = Folders(settings.config)
        self._console = console
        self._gather, self._render, self._speak, self._today = gather, render, speak, today
        self._cards = cards
        self._loaded: Loaded | None = None
        # With which of that the cards are as they should be, too, and which cards were there then.
        self._cards_used: tuple[Loaded, Hashable] | None = None
        # How often in a row calls were found up over cards.
        self._waits = 0
        self._refused: set[str] = set()
        # The rendering to which the box goes back, while Asterisk does not answer.
        self._returning: str | None = None
        self._has_returned_files = False

    def prepare(self) -> str:
        """Before Asterisk starts: makes the wanted revision live on the disk, or the best there is.

        Returns its label. Whatever somebody saved, the box is left with a rendering: the last confirmed one,
        else the live one, else the empty site. SetupError: the box itself is wrong.
        """
        with self._folders.lock():
            with self._store.read() as db:
                number = sites.desired(db)
            try:
                label = self._make(number).label
            except Failed as failure:
                log.error("Revision %d cannot be used: %s", number, failure)
                label = self._folders.taken() or self._folders.live() or self._make_empty()
            self._folders.make_live(label)
            return label

    def look(self) -> float | None:
        """Does what is missing; returns in how many seconds it wants to look again, None if all is done."""
        try:
            with self._folders.lock():
                return self._look()
        except TransientError as error:
            log.info("%s", error)
            return SOON_S

    def _look(self) -> float | None:
        with self._store.read() as db:
            number = sites.desired(db)
        try:
            made = self._make(number)
            if made.label in self._refused:
                return self._return() if self._returning is not None else None
            self._returning = None
            if made.label != self._folders.live():
                log.info("Revision %d becomes live as %s.", number, made.label)
                report.tell(self._store, number, "rendering")
                self._folders.make_live(made.label)
            return self._load(made)
        except Failed as failure:
            return self._go_back(number, failure)

    def _make(self, number: int) -> Rendering:
        """The rendering of a revision, whole on the disk with its sounds."""
        try:
            with self._store.read() as db:
                site = sites.revision(db, number)
        except (NotFoundError, SetupError) as error:
            raise Failed("asterisk", error.sentence) from error
        try:
            now = holidays.observed(site, self._today())
            tree = self._render(now, self._gather(now))
            check(now, tree)
        except RejectedError as error:
            raise Failed("asterisk", error.sentence) from error
        try:
            sounds.make_missing(site, self._sounds, self._prompts, self._speak)
        except FoyerError as error:
            raise Failed("sounds", error.sentence) from error
        made = rendering(number, site, tree)
        self._folders.write(made)
        return made

    def _make_empty(self) -> str:
        try:
            return self._make(0).label
        except Failed as failure:
            raise SetupError("Not even an empty box can be configured.", str(failure)) from failure

    def _load(self, made: Rendering) -> float | None:
        """Makes Asterisk run with the live rendering, and confirms it by looking at what it has loaded; the
        cards come last, since they may have to wait for calls to end, unless all has to wait with them.
        """
        life = self._console.life()
        if life is None:
            report.tell(self._store, made.number, "rendering", report.WAITING)
            return SOON_S
        loaded = Loaded(life, made.label)
        with_cards = (loaded, self._cards.there())
        if self._loaded == loaded and self._cards_used == with_cards:
            return None
        try:
            held_s = self._hold(made)
            if held_s is not None:
                return held_s
            lacks_address = self._loaded != loaded and self._load_files(life, made)
            told, again_s = self._use_cards(made)
        except TransientError:
            report.tell(self._store, made.number, "rendering", report.WAITING)
            raise
        if told[0] == "live":
            is_other = self._cards_used is not None and self._cards_used[0] == loaded
            # A card that went and came back may not be missed by Asterisk yet: it is asked once more.
            self._cards_used, again_s = (None, MISSED_S) if is_other else (with_cards, None)
        else:
            # Also if the cards that are there are soon those of before: what is told now would stay.
            self._cards_used = None
        self._report_skipped(made.number)
        if told[0] == "rendering" and self._changed_ports(made):
            self._folders.take(made.label)
        else:
            self._folders.confirm(made.label)
            sounds.forget_unused(self._folders.texts(sounds.PLAYING), self._sounds)
        differing = {} if told[0] == "live" and not made.site.has_cards else {report.CARDS: told}
        if lacks_address:
            differing["lines"] = ("rendering", Sentence(report.LOOKUP))
        elif _lacks_password(made):
            differing["lines"] = ("live", Sentence(report.NO_PASSWORD))
        report.tell(self._store, made.number, "live", differing=differing)
        if lacks_address:
            # The rest is live; Asterisk looks again once the file is touched.
            self._folders.touch(made.label, pjsip_conf.FILE)
            return LOOKUP_S
        return again_s

    def _hold(self, made: Rendering) -> float | None:
        """Where calls over a card come in is said by its channels, and they cannot change while a call is up.
        If it is elsewhere than before, the dialplan waits with them, as new calls would find their place
        gone from it; and the cards come first, as a call that begins meanwhile would keep them from it.
        Returns in how many seconds to look again, if calls are up.
        """
        taken = self._folders.taken()
        if taken is None or not cards.comes_in_elsewhere(self._folders.tree(taken), made.tree):
            return None
        self._console.wait_booted()
        told, _ = self._use_cards(made)
        if told[1].message != cards.WAITING:
            return None
        report.tell(self._store, made.number, "rendering", cards.WAITING)
        # Everything waits for this, and the moments without a call may be short.
        return SOON_S

    def _load_files(self, life: Life, made: Rendering) -> bool:
        """All but the cards. True: a line's host name cannot be looked up yet."""
        changed = self._changed(life, made)
        self._loaded = self._cards_used = None
        self._console.wait_booted()
        wanted = objects.expected(made.tree)
        anew = Anew(self._folders, self._console, made, wanted)
        found = self._console.load(
            changed,
            wanted,
            anew,
            busy=lambda: report.tell(self._store, made.number, "rendering", report.BUSY),
        )
        problems = [difference for difference in found if not difference.is_lookup]
        if problems:
            raise Failed(problems[0].part, _refusal(made.site, problems))
        if not found:
            self._loaded = Loaded(life, made.label)
            log.info("Revision %d is live.", made.number)
        return bool(found)

    def _use_cards(self, made: Rendering) -> tuple[report.Told, float | None]:
        """Has the cards take what the rendering says. Returns what to tell of them, and in how many seconds
        to look again.
        """
        try:
            is_done = self._cards.load(made.tree)
        except Refused as error:
            if error.units & self._changed_ports(made):
                # It may have waited: a start in between would else bring it back.
                self._folders.drop_taken()
                raise Failed(report.CARDS, error.sentence) from error
            # A card fails that worked with the same settings, or failed before: that is no reason to refuse
            # all else.
            return ("failed", error.sentence), CARDS_S
        except Unanswered as error:
            return ("rendering", error.sentence), SOON_S
        self._waits = 0 if is_done else self._waits + 1
        if not is_done:
            again_s = SOON_S if self._waits <= PATIENT_LOOKS else PATIENT_S
            return ("rendering", Sentence(cards.WAITING)), again_s
        return ("live", Sentence("")), None

    def _changed_ports(self, made: Rendering) -> set[cards.Unit]:
        """The ports of cards in which this differs from what the box would go back to."""
        good = self._folders.good()
        return cards.changed({} if good is None else self._folders.tree(good), made.tree)

    def _report_skipped(self, number: int) -> None:
        """Revisions that were saved one after the other while one of them was made live: only the
        newest counts.
        """
        good = self._folders.good()
        first = number if good is None else number_of(good) + 1
        for skipped in range(max(first, number - _MOST_SKIPPED), number):
            report.tell_skipped(self._store, skipped)

    def _changed(self, life: Life, made: Rendering) -> Collection[str]:
        """The files that Asterisk has to read again: all, unless it is known which rendering it has
        loaded.
        """
        known = self._loaded
        if known is None or known.life != life or not self._folders.has(known.label):
            return made.tree.keys()
        before = self._folders.tree(known.label)
        return [name for name, text in made.tree.items() if before.get(name) != text]

    def _go_back(self, number: int, failure: Failed) -> float | None:
        """Re-points to the last confirmed rendering and makes it the wanted one; the page shows why. What the
        cards alone refuse may have been in use already while they waited: all of it goes back.
        """
        log.error("Revision %d did not work (%s): %s", number, failure.part, failure)
        is_of_cards = failure.part == report.CARDS
        live, good = self._folders.live(), self._folders.good() if is_of_cards else self._folders.taken()
        if good is None or good != live:
            self._refused.update({live} if live is not None and number_of(live) == number else ())
            self._returning = good
        if good is not None and good != live:
            self._folders.make_live(good)
        report.tell_failure(self._store, number, failure.part, failure.sentence)
        if good is not None and number_of(good) != number:
            with self._store.change() as change:
                # Somebody may have saved a newer one meanwhile: that one is tried next.
                if sites.desired(change.db) == number:
                    sites.set_desired(change, number_of(good))
            # Those that were held back, and never in use.
            self._report_skipped(number)
        elif good == live:
            # It was all right before, and there is nothing better to go back to.
            return LOOKUP_S
        if self._returning is None:
            return None
        self._loaded = self._cards_used = None
        self._has_returned_files = False
        # Last, since it may take long: killed here, the next foyer-apply goes on with what is wanted now.
        return self._return()

    def _return(self) -> float | None:
        """Makes Asterisk and the cards run again with what is confirmed."""
        tree = self._folders.tree(self._returning or "")
        try:
            if not self._has_returned_files:
                self._console.load(tree.keys(), objects.expected(tree))
                self._has_returned_files = True
            if not self._cards.load(tree):
                return SOON_S
        except TransientError:
            return SOON_S
        except RejectedError as error:
            log.error("It could not be taken back whole: %s", error)
        self._returning = None
        return None


def _lacks_password(made: Rendering) -> bool:
    accounts = objects.expected(made.tree).sip["auth"]
    return any(line.username and line.id not in accounts for line in made.site.lines)


def _refusal(site: Site, problems: Sequence[objects.Difference]) -> Sentence:
    names = {queue.id: queue.name for queue in site.queues} | {line.id: line.name for line in site.lines}
    names |= {one.id: one.name for one in site.music}
    for agent in site.agents:
        names[agent.id] = names[f"{agent.id}d"] = agent.name
    told = dict.fromkeys(names.get(problem.name, problem.name) for problem in problems)
    return Sentence(
        "The telephone service did not accept: {names}.", values={"names": ", ".join(list(told)[:5])}
    )
