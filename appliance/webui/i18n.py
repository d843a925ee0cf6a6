"""Languages: which one a reader gets, its words (gettext), its direction, and how it writes dates and
numbers: with its own digits, and in Persian by its own calendar.

Catalogues are read once at start from appliance/locale/<code>/LC_MESSAGES/foyer.mo. A language without a
catalogue still works, in English words: a missing file must not keep anybody from answering calls.
"""

from __future__ import annotations

import datetime
import gettext
import logging
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal, format_percent

from appliance.store import people
from appliance.webui import solar_hijri

_log = logging.getLogger(__name__)

LOCALE_ROOT = Path(__file__).resolve().parent.parent / "locale"
OFFERED = ("en", "fa", "ro", "vi")
DOMAIN = "foyer"

_PERCENT = "٪"  # what stands beside digits of _DIGITS; Babel knows it, but does not write it
_ASCII_DIGITS = "0123456789"
# Digits by CLDR's name of the numbering system, where they are not the ASCII ones.
_DIGITS = {"arabext": "۰۱۲۳۴۵۶۷۸۹"}
# Alphabets whose letters do not stand in the order of their code points, as `people.fold` leaves them.
_ALPHABETS = {"fa": "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"}
# Where a week does not begin on Monday.
_FIRST_DAYS = {"fa": 5}
_COMMAS = {"fa": "، "}
_PRIVATE_USE = 0xE000
# FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE (UAX 9): what stands between them keeps its own direction.
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"


def N_(message: str) -> str:
    """Marks a msgid for extraction and leaves it as it is."""
    return message


@dataclass(frozen=True)
class Language:
    """One language, ready to speak. `code` is ISO 639 ("vi"), `name` its own name for itself ("Tiếng
    Việt").
    """

    code: str
    name: str
    direction: str
    locale: Locale
    words: gettext.NullTranslations

    def gettext(self, message: str) -> str:
        """The words for an English msgid; the msgid itself where there is no translation."""
        return self._fillable(self.words.gettext(message)) if message else ""

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """The words that fit the number `n`."""
        return self._fillable(self.words.ngettext(singular, plural, n))

    def pgettext(self, context: str, message: str) -> str:
        """The words for a msgid that means something else elsewhere."""
        return self._fillable(self.words.pgettext(context, message))

    def _fillable(self, words: str) -> str:
        return Words(words, self) if self.digits or self.direction == "rtl" else words

    def value(self, value: object) -> object:
        """What a placeholder of a sentence is filled with: whole numbers in this language's digits; texts,
        such as names and phone numbers, so that they keep their own direction among right-to-left words.
        """
        if isinstance(value, int) and not isinstance(value, bool):
            return self.own_digits(str(value))
        if not isinstance(value, str) or not value or self.direction != "rtl":
            return value
        return _ISOLATE + value + _END_ISOLATE

    @property
    def digits(self) -> str:
        """This language's digits from 0 to 9, if they are not the ASCII ones."""
        return _DIGITS.get(self.locale.default_numbering_system, "")

    @property
    def days(self) -> tuple[int, ...]:
        """The days of a week in order; 0 is Monday."""
        return tuple((_FIRST_DAYS.get(self.code, 0) + day) % 7 for day in range(7))

    @property
    def comma(self) -> str:
        """What stands between the parts of a list."""
        return _COMMAS.get(self.code, ", ")

    def own_digits(self, text: str) -> str:
        """`text` with this language's digits in the place of ASCII ones."""
        return text.translate(str.maketrans(_ASCII_DIGITS, self.digits)) if self.digits else text

    def date_time(self, moment_ms: int, zone: datetime.tzinfo, width: str = "medium") -> str:
        """A moment (UTC, milliseconds) on the reader's clock: "21 Nov 2026, 14:05:07"."""
        pattern = str(self.locale.datetime_formats[width]).replace("'", "")
        return pattern.format(self.time(moment_ms, zone, width), self.date(moment_ms, zone, width))

    def date(self, moment_ms: int, zone: datetime.tzinfo, width: str = "long") -> str:
        """The day of a moment: "21 November 2026"."""
        return self.day(_moment(moment_ms, zone).date(), width)

    def day(self, day: datetime.date, width: str = "medium") -> str:
        """A day as the reader writes it: "21 Nov 2026"."""
        if self.code == "fa":
            return self.own_digits(solar_hijri.written(day, width))
        return self.own_digits(str(format_date(day, width, locale=self.locale)))

    def time(self, moment_ms: int, zone: datetime.tzinfo, width: str = "short") -> str:
        """The time of day of a moment: "14:05"."""
        return self.own_digits(
            str(format_time(_moment(moment_ms, zone), width, tzinfo=zone, locale=self.locale))
        )

    def duration(self, ms: int | None) -> str:
        """A length of time for a table or a counter, see `duration`."""
        return self.own_digits(duration(ms))

    def sort_key(self, text: str) -> str:
        """By which names are put in the order of this language's alphabet, whatever marks they have."""
        alphabet = _ALPHABETS.get(self.code, "")
        places = {ord(letter): _PRIVATE_USE + place for place, letter in enumerate(alphabet)}
        return people.fold(text).translate(places)

    def in_order(self, names: Mapping[str, str]) -> list[tuple[str, str]]:
        """What these names stand for, and the names, in the order of the alphabet."""
        return sorted(names.items(), key=lambda one: (self.sort_key(one[1]), one[1]))

    def number(self, value: float) -> str:
        """A number with this language's separators."""
        return self.own_digits(str(format_decimal(value, locale=self.locale, numbering_system="default")))

    def percent(self, share: float) -> str:
        """A share of one, as a whole percentage: "25%"."""
        said = self.own_digits(str(format_percent(share, locale=self.locale, numbering_system="default")))
        return said.replace("%", _PERCENT) if self.digits else said

    def size(self, value: int) -> str:
        """An amount of data (bytes) as disks are sold: "240 GB", "1.5 GB", "37 MB"."""
        for unit, worth in (("TB", 10**12), ("GB", 10**9)):
            if value >= worth:
                places = 0 if value >= 10 * worth else 1
                return f"{self.number(round(value / worth, places))} {unit}"
        return f"{self.number(round(value / 10**6))} MB"


class Words(str):
    """A translated sentence that fills its placeholders, of either kind, with what `Language.value` makes of
    the values.
    """

    _language: Language

    def __new__(cls, text: str, language: Language) -> Words:
        made = super().__new__(cls, text)
        made._language = language
        return made

    def __mod__(self, values: object) -> str:
        if isinstance(values, Mapping):
            return str(self) % {name: self._language.value(value) for name, value in values.items()}
        return str(self) % values

    def format_map(self, values: Any, /) -> str:
        return str(self).format_map({name: self._language.value(value) for name, value in values.items()})


class Languages:
    """The languages of one running web process. The first one is the language of last resort."""

    def __init__(self, languages: Sequence[Language]) -> None:
        self._by_code = {language.code: language for language in languages}
        self.all = tuple(languages)

    @classmethod
    def load(cls, root: Path = LOCALE_ROOT, codes: Iterable[str] = OFFERED) -> Languages:
        """Reads the catalogues below `root`."""
        return cls([_load(root, code) for code in codes])

    def get(self, code: str | None) -> Language | None:
        """The language with this code, if it is offered."""
        return self._by_code.get(code or "")

    def choose(self, *wishes: str | None) -> Language:
        """The first wish that is offered, else the first language."""
        for wish in wishes:
            if language := self.get(wish):
                return language
        return self.all[0]

    def accepted(self, header: str) -> Language | None:
        """The best match for an Accept-Language header (RFC 9110, 12.5.4), or None."""
        ranked: list[tuple[float, int, str]] = []
        for position, part in enumerate(header[:500].split(",")):
            tag, _, parameter = part.strip().partition(";")
            try:
                quality = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
            except ValueError:
                quality = 0.0
            if quality > 0:
                ranked.append((-quality, position, tag.split("-")[0].lower()))
        for _, _, code in sorted(ranked):
            if language := self.get(code):
                return language
        return None


def _load(root: Path, code: str) -> Language:
    locale = Locale.parse(code)
    words: gettext.NullTranslations = gettext.NullTranslations()
    if code != "en":
        try:
            words = gettext.translation(DOMAIN, root, [code])
        except FileNotFoundError:
            _log.warning("No compiled catalogue for %s below %s: its pages are in English.", code, root)
    name = locale.display_name or code
    return Language(code, name[0].upper() + name[1:], locale.text_direction, locale, words)


def _moment(moment_ms: int, zone: datetime.tzinfo) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(moment_ms / 1000, zone)


def exact(moment_ms: int) -> str:
    """A moment for machines: ISO 8601, UTC, to the millisecond."""
    moment = datetime.datetime.fromtimestamp(moment_ms / 1000, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """The named time zone, or UTC if this box does not know it (a site document from a newer release)."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return zoneinfo.ZoneInfo("UTC")


def duration(ms: int | None) -> str:
    """A length of time for a table or a counter: "0:07", "12:30", "1:02:03"; a dash for none."""
    if ms is None:
        return "–"
    seconds = max(0, ms) // 1000
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"
