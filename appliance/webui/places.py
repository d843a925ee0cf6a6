"""Countries and time zones as a person chooses them: named in his language, the likely ones first. Pure."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Mapping, Sequence

from babel.core import get_global
from babel.dates import get_timezone_location

from appliance.store.countries import GENERIC, Country
from appliance.webui.i18n import Language

# CLDR's pseudo-territories: unions, outlying groups, test regions, "unknown".
_NO_COUNTRY = frozenset(("EU", "EZ", "UN", "QO", "XA", "XB", GENERIC))
_CODE = re.compile(r"[A-Z]{2}")
_REGION = re.compile(r"^[a-z]{2,3}(?:-[A-Za-z]{4})?-([A-Za-z]{2})\b")


def countries(language: Language, known: Sequence[Country]) -> list[tuple[str, str]]:
    """(code, name) of every country, those with a country file first."""
    names = language.locale.territories
    first = [country.code for country in known if country.code != GENERIC]
    rest = {
        code: str(name)
        for code, name in names.items()
        if _CODE.fullmatch(code) and code not in _NO_COUNTRY and code not in first
    }
    return [(code, str(names.get(code, code))) for code in first] + language.in_order(rest)


def country_name(language: Language, code: str) -> str:
    """The country's name in this language, or the code itself."""
    return str(language.locale.territories.get(code, code))


class Clocks:
    """The time zones to choose from. Their names are looked up once for each language: CLDR takes 100 ms
    for all.
    """

    def __init__(self) -> None:
        self._names: dict[str, dict[str, str]] = {}

    def choices(self, language: Language, country: str) -> list[tuple[str, str]]:
        """(name, label) of every time zone, the country's own first; labels such as
        "Ho Chi Minh, Vietnam (UTC+7)".
        """
        if language.code not in self._names:
            self._names[language.code] = {name: zone_name(language, name) for name in _known_zones()}
        names = self._names[language.code]
        territory_of: Mapping[str, str] = get_global("zone_territories")
        ordered = sorted(language.in_order(names), key=lambda one: territory_of[one[0]] != country)
        return [(name, _with_distance(words, name)) for name, words in ordered] + [("UTC", "UTC")]


def zone_label(language: Language, name: str) -> str:
    """A time zone as people know it, with its present distance from UTC."""
    return "UTC" if name == "UTC" else _with_distance(zone_name(language, name), name)


def zone_name(language: Language, name: str) -> str:
    """The city, and its country where the city does not say it."""
    city = str(get_timezone_location(name, language.locale, return_city=True))
    country = country_name(language, get_global("zone_territories").get(name, ""))
    return f"{city}{language.comma}{country}" if country and country != city else city


def _with_distance(words: str, name: str) -> str:
    offset = datetime.datetime.now(zoneinfo.ZoneInfo(name)).strftime("%z")
    sign, hours, minutes = offset[0], int(offset[1:3]), offset[3:5]
    return f"{words} (UTC{sign}{hours}{'' if minutes == '00' else ':' + minutes})"


def _known_zones() -> list[str]:
    """The zones of places, without CLDR's "Etc/GMT+7" and its like."""
    available = zoneinfo.available_timezones()
    territory_of: Mapping[str, str] = get_global("zone_territories")
    return [
        name for name in territory_of if name in available and "/" in name and not name.startswith("Etc/")
    ]


def likely_country(accept_language: str, language: str, known: Sequence[Country]) -> str:
    """The country that a browser's languages point to: a region in the header, else the home of the
    language; "" where it has several.
    """
    if (match := _REGION.match(accept_language.split(",", maxsplit=1)[0].strip())) is not None:
        return match[1].upper()
    own = [country.code for country in known if country.language == language and country.code != GENERIC]
    return own[0] if len(own) == 1 else ""


def likely_zone(country: str, known: Sequence[Country]) -> str:
    """The time zone to propose for a country; "" where it has several and nobody has said which."""
    for entry in known:
        if entry.code == country and country != GENERIC:
            return entry.time_zone
    territory_of: Mapping[str, str] = get_global("zone_territories")
    own = [name for name, code in territory_of.items() if code == country and "/" in name]
    return own[0] if len(own) == 1 else ""
