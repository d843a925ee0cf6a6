"""What kind of call a dialled number makes: at home, mobile, abroad, expensive. Pure.

The dialplan decides about each call, without Python, with the rules of this plan as its patterns
(pbx/conf/outbound.py, pbx/dialplan/foyer-outside.conf); the pages ask the same plan what it will decide.
Facts: the country's file, and libphonenumber's tables of which numbers are in use for what. A number is
recognised only by its whole form, digit by digit; what is not recognised is "unknown", so that nothing that a
network may read in another way than this plan passes for something cheap. What goes out is the number as this
plan understood it, not as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberFormat,
    country_code_for_region,
    format_number,
)

from appliance.store.countries import GENERIC, Country
from appliance.store.digit_patterns import example, matcher, patterns

# ITU-T E.164: at most 15 digits after the plus sign.
DIGITS_MAX = 15
_PREMIUM = ("premium_rate", "shared_cost", "personal_number", "pager", "uan", "voicemail")
# libphonenumber's tables of a country, in the order in which it decides between two that match a number.
_OWN = (
    ("premium", _PREMIUM),
    ("national", ("toll_free", "voip", "fixed_line")),
    ("mobile", ("mobile",)),
)
_LISTED = (("premium", _PREMIUM), ("international", ("voip", "fixed_line", "mobile")))
# Country codes of networks and services, not of countries (ITU-T E.164, list of assigned country codes).
_SATELLITE = ("870", "881", "882", "883")
_GLOBAL_PREMIUM = ("808", "878", "979")
# Any country's number: seven digits or more.
_ABROAD = "+[1-9]XXXXXX!"


@dataclass(frozen=True)
class Rule:
    """One pattern of the dialplan over whole numbers ("+841900XXXX!"). `trunk` is what stands before such a
    number when it is dialled within the country ("0", or "" as in 1900 1234).
    """

    pattern: str
    trunk: str = ""


@dataclass(frozen=True)
class Layer:
    """Numbers that make one kind of call."""

    kind: str
    rules: tuple[Rule, ...]

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """Matches what one of the rules matches."""
        return matcher(rule.pattern for rule in self.rules)


@dataclass(frozen=True)
class NumberPlan:
    """The numbers as they are dialled in one country. Of two layers that match a number, the first counts."""

    calling_code: str
    trunk_prefix: str
    international_prefix: str
    emergency: tuple[str, ...]
    layers: tuple[Layer, ...]

    def full(self, dialled: str) -> str:
        """The number in full, "+84901234567"; as it was dialled where the country's numbers are not known."""
        if dialled.startswith("+"):
            return dialled
        if self.international_prefix and dialled.startswith(self.international_prefix):
            return "+" + dialled.removeprefix(self.international_prefix)
        if not self.calling_code:
            return dialled
        return f"+{self.calling_code}{dialled.removeprefix(self.trunk_prefix)}"

    def kind(self, dialled: str) -> str:
        """The kind of call that `dialled` (digits, *, # and +) makes: "emergency", or one of
        site_outbound.KINDS.
        """
        return "emergency" if dialled in self.emergency else self.price(dialled)

    def price(self, dialled: str) -> str:
        """Like `kind`, for a caller who has no emergency numbers, such as a flow."""
        number = self.full(dialled)
        digits = number[1:]
        if not (digits.isascii() and digits.isdigit() and len(digits) <= DIGITS_MAX):
            return "unknown"
        found = (layer.kind for layer in self.layers if layer.expression.fullmatch(number))
        return next(found, "unknown")


def plan(country: Country, listed: Sequence[str]) -> NumberPlan:
    """The plan for a box in `country` whose owner allows calls to the countries `listed` (ISO 3166)."""
    own = () if country.code == GENERIC else _country(country.code, country, _OWN)
    return NumberPlan(
        calling_code=country.calling_code,
        trunk_prefix=country.trunk_prefix,
        international_prefix=country.international_prefix,
        emergency=tuple(one.number for one in country.emergency),
        layers=(*own, *_listed(country, listed), *_others(country)),
    )


def _country(
    region: str, country: Country, kinds: tuple[tuple[str, tuple[str, ...]], ...]
) -> Iterator[Layer]:
    """A layer for each of `kinds`, of what the tables of `region` say."""
    code = str(country_code_for_region(region))
    tables = PhoneMetadata.metadata_for_region(region)
    for kind, names in kinds:
        found: set[str] = set()
        for name in names:
            found.update(patterns(getattr(getattr(tables, name), "national_number_pattern", None) or ""))
        yield Layer(kind, tuple(Rule(f"+{code}{one}", _trunk(country, code, one)) for one in sorted(found)))


def _listed(country: Country, listed: Sequence[str]) -> Iterator[Layer]:
    """The listed countries, kind by kind: two that share a calling code do not hide each other's expensive
    numbers.
    """
    others = [region for region in dict.fromkeys(listed) if region != country.code]
    for kind in _LISTED:
        layers = [layer for region in others for layer in _country(region, country, (kind,))]
        # Two countries with one calling code may have a pattern in common.
        yield Layer(kind[0], tuple(dict.fromkeys(rule for layer in layers for rule in layer.rules)))


def _others(country: Country) -> Iterator[Layer]:
    """What no country's table names: networks without a country, the rest of the own country's numbers, the
    rest of the world.
    """
    yield Layer("satellite", tuple(Rule(f"+{code}!") for code in _SATELLITE))
    yield Layer("premium", tuple(Rule(f"+{code}!") for code in _GLOBAL_PREMIUM))
    if country.calling_code:
        is_shared = len(COUNTRY_CODE_TO_REGION_CODE.get(int(country.calling_code), ())) > 1
        rest = Rule(f"+{country.calling_code}!", country.trunk_prefix)
        yield Layer("elsewhere" if is_shared else "unknown", (rest,))
    yield Layer("elsewhere", (Rule(_ABROAD),))


def _trunk(country: Country, code: str, pattern: str) -> str:
    """The country's trunk prefix, unless its own way of writing such a number begins without one."""
    if code != country.calling_code:
        return ""
    digits = example(pattern)
    number = PhoneNumber(
        country_code=int(code), national_number=int(digits), italian_leading_zero=digits.startswith("0")
    )
    written = "".join(filter(str.isdigit, format_number(number, PhoneNumberFormat.NATIONAL)))
    return "" if written == digits else country.trunk_prefix
