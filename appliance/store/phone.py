"""Phone numbers as people and networks write them, brought into one form: E.164 where it is one, else local
digits.

Only phonenumbers' core is imported: its geocoder and carrier tables cost 70 to 170 MB.
"""

from __future__ import annotations

import re
import unicodedata

import phonenumbers

from appliance.errors import RejectedError

_PUNCTUATION = frozenset(" -./()\u00a0\u2010\u2011\u2012\u2013\u200e\u200f\u202a\u202c")
_LOCAL_DIGITS_MAX = 20
# Shorter than this, a number that is merely possible is rather an extension or a service number.
_SUBSCRIBER_DIGITS_MIN = 7
# What networks and Asterisk put where a number should be, when the caller hides or has none.
_NOBODY = frozenset(
    (
        "",
        "anonymous",
        "unavailable",
        "unknown",
        "restricted",
        "private",
        "withheld",
        "invalid",
        "asterisk",
        "-",
    )
)


def ascii_digits(text: str) -> str:
    """`text` with every decimal digit of any script (Persian, Thai ...) as ASCII; all else as it was."""
    return "".join(str(unicodedata.decimal(char, char)) for char in text)


def e164(text: str, country: str) -> str | None:
    """The number in E.164 ("+84901234567"), read as someone in `country` (ISO 3166 alpha-2) would dial it.

    None if it is not a whole subscriber number: an extension, a service number, a name.
    """
    region = country if country in phonenumbers.SUPPORTED_REGIONS else None
    plain = _without_punctuation(text).replace("\N{FULLWIDTH PLUS SIGN}", "+")
    if not _is_dialled_form(plain):
        return None
    try:
        parsed = phonenumbers.parse(plain, region)
    except phonenumbers.NumberParseException:
        return None
    national = phonenumbers.national_significant_number(parsed)
    long_enough = len(national) >= _SUBSCRIBER_DIGITS_MIN and phonenumbers.is_possible_number(parsed)
    if not (long_enough or phonenumbers.is_valid_number(parsed)):
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def is_country(code: str) -> bool:
    """Whether the numbers of this country (ISO 3166 alpha-2) are known."""
    return code in phonenumbers.SUPPORTED_REGIONS


def national(number: str) -> str:
    """The digits of an E.164 number that stand in every way of writing it; any other text as it is."""
    try:
        return str(phonenumbers.national_significant_number(phonenumbers.parse(number, None)))
    except phonenumbers.NumberParseException:
        return number


def spelled(number: str) -> str:
    """A regular expression for an E.164 number as networks and exchanges write it, standing alone; for any
    other text, itself.

    Alone: not among other digits, nor in a stamp such as 1795302612.467738.
    """
    digits = national(number)
    if digits == number:
        text = re.escape(number)
    else:
        calling_code = number.removeprefix("+").removesuffix(digits)
        text = rf"(?:(?:\+|0{{2,3}}|011)?{calling_code}0?|0)?{digits}"
    return rf"(?<![0-9.])(?<!\+){text}(?![0-9.])"


def typed_number(text: str, country: str, field: str) -> str:
    """What an administrator typed as E.164, or as local digits (1 to 20) if it is a short or local number.

    RejectedError for anything else.
    """
    number = e164(text, country)
    if number is not None:
        return number
    plain = _without_punctuation(text)
    if not (plain.isascii() and plain.isdigit() and len(plain) <= _LOCAL_DIGITS_MAX):
        raise RejectedError(
            "This is not a phone number.", "Digits, spaces and a leading + are enough.", field=field
        )
    return plain


def is_anonymous(caller: str) -> bool:
    """Whether the network said that it does not know or does not tell who calls."""
    return caller.strip().casefold() in _NOBODY


def network_name(told: str) -> str:
    """The caller's name as the network told it; "" where it sent the number again, or a word for none."""
    name = told.strip()
    return name if any(char.isalpha() for char in name) and not is_anonymous(name) else ""


def _without_punctuation(text: str) -> str:
    return "".join(char for char in ascii_digits(text.strip()) if char not in _PUNCTUATION)


def _is_dialled_form(plain: str) -> bool:
    digits = plain.removeprefix("+")
    return digits.isascii() and digits.isdigit() and len(digits) <= _LOCAL_DIGITS_MAX
