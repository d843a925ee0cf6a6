"""The countries that Foyer knows, read from provisioning/countries/*.toml, a file each.

Called by the wizard (the list), by the renderers (tones, forms of a number) and by whoever needs a
country's number rules. Pure but for reading the files; a file with a missing or unknown fact is refused,
and every table has to name its source.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import NotFoundError, RejectedError, SetupError
from appliance.store import site_inside
from appliance.store.site_ports import STARTS_OF
from appliance.store.sitemodel import Site

FOLDER = Path(__file__).parents[2] / "provisioning" / "countries"
GENERIC = "ZZ"
# Asterisk's indications.conf: [!]frequency[+frequency or *frequency][/milliseconds], separated by commas.
_TONES = re.compile(
    r"!?\d{1,4}(?:[+*]\d{1,4})?(?:/\d{1,5})?(?:,!?\d{1,4}(?:[+*]\d{1,4})?(?:/\d{1,5})?)*", re.ASCII
)
_DIGITS = re.compile(r"\d{0,15}", re.ASCII)


@dataclass(frozen=True)
class Tones:
    """What a caller hears, in the notation of Asterisk's indications.conf (Hz and ms)."""

    ring_cadence: str
    dial: str
    ring: str
    busy: str
    congestion: str
    call_waiting: str
    dial_recall: str
    record: str
    info: str


@dataclass(frozen=True)
class CallerId:
    """How an analog line tells a caller's number, as Asterisk's chan_dahdi.conf calls it: cidsignalling and
    cidstart (site_ports.py).
    """

    signalling: str
    start: str


@dataclass(frozen=True)
class EmergencyNumber:
    """A number that must always reach the outside. `name` is English, for translation where it is shown."""

    number: str
    name: str


@dataclass(frozen=True)
class Country:
    """One country. `code` is ISO 3166-1 and also the region of libphonenumber; "ZZ" is any other country.

    `calling_code` ("84") and `trunk_prefix` ("0") are empty where they are not known. `language` and
    `time_zone` are what the wizard proposes; `prompt_language` is the one that Asterisk's spoken prompts
    exist in. `caller_id` is None where no source tells how analog lines have it. `line_mode` is what DAHDI's
    drivers call the country as their option `opermode`, "" for one that they do not have.
    """

    code: str
    name: str
    language: str
    time_zone: str
    calling_code: str
    trunk_prefix: str
    international_prefix: str
    prompt_language: str
    tones: Tones
    emergency: tuple[EmergencyNumber, ...]
    caller_id: CallerId | None = None
    line_mode: str = ""

    def forms(self, number: str) -> tuple[str, ...]:
        """The ways in which a provider may write `number` as the called one, the given form first.

        For "+842812345678" also without the plus sign, in national form "02812345678" and without the
        prefix (numbers such as 1900 1234 have none). Another country's number, or a local one, has one
        form, with and without its plus sign.
        """
        if not number.startswith("+"):
            return (number,)
        digits = number[1:]
        found = [number, digits]
        if self.calling_code and digits.startswith(self.calling_code):
            national = digits.removeprefix(self.calling_code)
            found += [self.trunk_prefix + national, national, self.international_prefix + digits]
        return tuple(dict.fromkeys(found))

    def is_emergency(self, number: str) -> bool:
        """Whether `number` must always reach the outside."""
        return any(one.number == number for one in self.emergency)

    def refuse_emergency(self, site: Site) -> None:
        """RejectedError at the first internal number that would stand before an emergency number."""
        for path, one in site_inside.numbers(site):
            if self.is_emergency(one.extension):
                raise RejectedError(
                    "Extension {extension} is an emergency number of this country.",
                    "Choose another one.",
                    path,
                    extension=one.extension,
                )


def load(folder: Path = FOLDER) -> tuple[Country, ...]:
    """All countries, by name, the generic one last. SetupError names the file and the fact that is wrong."""
    countries = [_read(path) for path in sorted(folder.glob("*.toml"))]
    if GENERIC not in {country.code for country in countries}:
        raise SetupError(f"There is no generic country in {folder}.")
    return tuple(sorted(countries, key=lambda country: (country.code == GENERIC, country.name)))


def find(code: str, countries: tuple[Country, ...]) -> Country:
    """The country with this code; NotFoundError if there is no file for it."""
    for country in countries:
        if country.code == code:
            return country
    raise NotFoundError(f"Nothing is known about the country {code}.")


def find_or_generic(code: str, countries: tuple[Country, ...]) -> Country:
    """The country with this code, or the generic one: a call must work in a country that has no file yet."""
    try:
        return find(code, countries)
    except NotFoundError:
        return find(GENERIC, countries)


def _read(path: Path) -> Country:
    try:
        with path.open("rb") as file:
            facts = tomllib.load(file)
        return _country(facts)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise SetupError(f"{path} is not a usable country file: {error}.") from error


def _country(facts: Mapping[str, object]) -> Country:
    names = {"code", "name", "language", "time_zone", "numbers", "prompts", "tones", "emergency"}
    _known(facts, names | ({"caller_id", "analog"} & facts.keys()))
    numbers = _table(facts, "numbers", {"calling_code", "trunk_prefix", "international_prefix"})
    prompts = _table(facts, "prompts", {"language"})
    tones = _table(facts, "tones", set(Tones.__dataclass_fields__))
    emergency = facts["emergency"]
    if not isinstance(emergency, list) or not emergency:
        raise ValueError("emergency must be a list of tables")
    if not all(_DIGITS.fullmatch(_text(numbers, name)) for name in numbers if name != "source"):
        raise ValueError("numbers must hold digits only")
    if not all(_TONES.fullmatch(_text(tones, name)) for name in tones if name != "source"):
        raise ValueError("tones must be lists of frequency/milliseconds")
    return Country(
        code=_text(facts, "code"),
        name=_text(facts, "name"),
        language=_text(facts, "language"),
        time_zone=_text(facts, "time_zone"),
        calling_code=_text(numbers, "calling_code"),
        trunk_prefix=_text(numbers, "trunk_prefix"),
        international_prefix=_text(numbers, "international_prefix"),
        prompt_language=_text(prompts, "language"),
        tones=Tones(**{name: _text(tones, name) for name in Tones.__dataclass_fields__}),
        emergency=tuple(_emergency(one) for one in emergency),
        caller_id=_caller_id(facts) if "caller_id" in facts else None,
        line_mode=_text(_table(facts, "analog", {"opermode"}), "opermode") if "analog" in facts else "",
    )


def _caller_id(facts: Mapping[str, object]) -> CallerId:
    table = _table(facts, "caller_id", set(CallerId.__dataclass_fields__))
    found = CallerId(_text(table, "signalling"), _text(table, "start"))
    if found.start not in STARTS_OF.get(found.signalling, ()):
        raise ValueError("caller_id must be of the kinds of site_ports.py, and the two must go together")
    return found


def _emergency(facts: Mapping[str, object]) -> EmergencyNumber:
    _known(facts, {"number", "name"})
    return EmergencyNumber(_text(facts, "number"), _text(facts, "name"))


def _table(facts: Mapping[str, object], name: str, names: set[str]) -> Mapping[str, object]:
    table = facts[name]
    if not isinstance(table, dict):
        raise ValueError(f"{name} must be a table")
    _known(table, names)
    return table


def _known(facts: Mapping[str, object], names: set[str]) -> None:
    unknown = set(facts) ^ (names | {"source"})
    if unknown:
        raise ValueError(f"missing or unknown: {', '.join(sorted(unknown))}")
    if not _text(facts, "source").strip():
        raise ValueError("source must say where the facts are from")


def _text(facts: Mapping[str, object], name: str) -> str:
    text = facts[name]
    if not isinstance(text, str):
        raise ValueError(f"{name} must be text")
    return text
