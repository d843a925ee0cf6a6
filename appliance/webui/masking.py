"""Takes people out of texts that leave the box: names, numbers, addresses, and the box's own secrets.

For the support file. Words are taken out rather too often than too seldom: whoever helps needs to see what
the box did, not for whom.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database

from appliance.health.mask import HIDDEN, hide_secrets
from appliance.settings import Settings
from appliance.store.sitemodel import Site

NAME, NUMBER, MAIL = "(name)", "(number)", "(address)"
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
# Each run of letters is looked at once: a long one must not take long.
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]+)+|\bsips?:[^\s>;]+")
# Five digits and more, however they are grouped; in any script's digits.
_NUMBER = re.compile(r"\+?\d(?:[\s().\u00a0/-]{0,2}\d){4,}")
_PHRASE_MAX = 8
# Shorter ones are hidden where they stand alone.
_SECRET_MIN = 6
# The shortest that a room may have (store/site_inside.py).
_PIN_MIN = 4


@dataclass(frozen=True)
class Mask:
    """What is known of people here. `phrases` and `words` are folded; `runs` are names in scripts that put no
    space between words, `secrets` stand for themselves.
    """

    phrases: frozenset[str]
    words: frozenset[str]
    runs: tuple[str, ...]
    secrets: tuple[str, ...]

    def secretless(self, text: str) -> str:
        """The text without secrets; people stay, for who may know them."""
        for secret in self.secrets:
            if len(secret) >= _SECRET_MIN:
                text = text.replace(secret, HIDDEN)
            else:  # a room's PIN; within a longer number or word it is nobody's
                text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", HIDDEN, text)
        return hide_secrets(text)

    def hide(self, text: str) -> str:
        """The text without secrets, names, numbers and addresses."""
        text = self.secretless(unicodedata.normalize("NFC", text))
        text = _MAIL.sub(MAIL, text)
        if any(unicodedata.category(letter) == "Lo" for letter in text):
            for name in self.runs:
                text = text.replace(name, NAME)
        return _NUMBER.sub(NUMBER, self._without_names(text))

    def _without_names(self, text: str) -> str:
        found = list(_WORD.finditer(text))
        folded = [_fold(word[0]) for word in found]
        parts, done, at = [], 0, 0
        while at < len(found):
            length = self._name_at(found, folded, at)
            if length:
                parts += [text[done : found[at].start()], NAME]
                done = found[at + length - 1].end()
            at += length or 1
        return "".join([*parts, text[done:]])

    def _name_at(self, found: list[re.Match[str]], folded: list[str], at: int) -> int:
        """How many words of a name stand at this place; 0 for none."""
        for length in range(min(_PHRASE_MAX, len(found) - at), 0, -1):
            if " ".join(folded[at : at + length]) in self.phrases:
                return length
        # A part of a name on its own: as names are written, with a capital, so that "an" or "long" may stay.
        return 1 if folded[at] in self.words and not found[at][0][0].islower() else 0


def mask_of(db: Database, settings: Settings, site: Site) -> Mask:
    """All names that the store and the settings know, and the secrets that this process can read."""
    names = list(_names(db, site))
    phrases = {
        " ".join(_fold(word) for word in _WORD.findall(unicodedata.normalize("NFC", name))) for name in names
    }
    runs = {
        unicodedata.normalize("NFC", name).strip()
        for name in names
        if len(name.strip()) > 1 and any(unicodedata.category(letter) == "Lo" for letter in name)
    }
    return Mask(
        frozenset(phrases - {""}),
        frozenset(word for phrase in phrases for word in phrase.split() if len(word) > 1),
        tuple(sorted(runs, key=len, reverse=True)),
        tuple(sorted(_secrets(db, settings), key=len, reverse=True)),
    )


def secrets_of(db: Database, settings: Settings) -> Mask:
    """The secrets alone, for who may read the names; an address book can be long."""
    return Mask(frozenset(), frozenset(), (), tuple(sorted(_secrets(db, settings), key=len, reverse=True)))


def _names(db: Database, site: Site) -> Iterable[str]:
    rows = db.execute(
        "SELECT name FROM person UNION ALL SELECT name FROM user"
        " UNION ALL SELECT login FROM user UNION ALL SELECT value FROM address"
    )
    yield from (str(row[0]) for row in rows if row[0])
    yield site.business_name
    for group in (site.queues, site.agents, site.lines, site.dispositions, site.breaks, site.rooms):
        yield from (one.name for one in group)
    for plan in (site.pagings, site.flows, site.schedules, site.prompts, site.music):
        yield from (one.name for one in plan)
    yield from (day.name for schedule in site.schedules for day in schedule.exceptions)
    yield from (text for line in site.lines for text in (line.host, line.username))


def _secrets(db: Database, settings: Settings) -> set[str]:
    known = {str(row[0]) for row in db.execute("SELECT value FROM secret")}
    if settings.secrets.is_dir():
        for path in settings.secrets.iterdir():
            try:
                known.add(path.read_text("utf-8").strip())
            except (OSError, UnicodeDecodeError):  # another process's
                continue
    return {secret for secret in known if len(secret) >= _PIN_MIN}


def _fold(word: str) -> str:
    return unicodedata.normalize("NFC", word).casefold()
