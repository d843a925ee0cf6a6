"""The checks that sitemodel.py makes its document of: each takes raw JSON, and returns a clean value or
refuses.

Every refusal is a RejectedError whose `field` is the path of the value ("queues.0.name") and whose message
can be shown to the person who typed it.
"""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
import re
import unicodedata
import zoneinfo
from collections.abc import Callable, Sequence
from typing import Any

from appliance.errors import RejectedError
from appliance.store import phone

NAME_MAX = 80
# Invisible, but part of correct text: the joiners of Persian and Indic scripts, and the plain direction
# marks. Everything else of Unicode's Cc, Cf, Cs, Zl and Zp (overrides, isolates, newlines, lone surrogates)
# is refused.
_KEPT_MARKS = frozenset("\u200c\u200d\u200e\u200f")
_REFUSED = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
_ITEM_ID = re.compile(r"[a-z][0-9]{1,6}")
_SLUG = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_HOST_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_USERNAME = re.compile(r"[A-Za-z0-9._+@-]{0,64}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
_EXTENSION = re.compile(r"[0-9]{2,6}")
_CLOCK = re.compile(r"([0-9]{1,2})[:.hH]([0-9]{2})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Fields:
    """The fields of one JSON object at `path` of the document ("" for the document itself)."""

    def __init__(self, data: object, path: str, known: Sequence[str], *, strict: bool) -> None:
        """Refuses what is not an object and, if `strict`, a field that is not `known`."""
        if not isinstance(data, dict):
            raise RejectedError("This must be an object with named fields.", field=path)
        self._data: dict[Any, Any] = data
        self.path = path
        self.strict = strict
        unknown = [key for key in data if key not in known]
        if unknown and strict:
            raise RejectedError("There is no such field.", field=self.at(ascii(str(unknown[0]))[1:-1][:40]))

    def at(self, name: str) -> str:
        """The path of field `name`."""
        return f"{self.path}.{name}" if self.path else name

    def text(self, name: str, default: str | None = None) -> str:
        """A string in NFC; missing without a default is refused."""
        value = self._data.get(name, default)
        if value is None:
            raise RejectedError("This must be filled in.", field=self.at(name))
        if not isinstance(value, str):
            raise RejectedError("This must be text.", field=self.at(name))
        return unicodedata.normalize("NFC", value).strip()

    def name(self, name: str, *, optional: bool = False) -> str:
        """One line of 1 (0 if `optional`) to 80 characters for people to read."""
        value = self.text(name, "" if optional else None)
        self._refuse_controls(name, value)
        if not optional and not any(char not in _KEPT_MARKS for char in value):
            raise RejectedError("This must be filled in.", field=self.at(name))
        if len(value) > NAME_MAX:
            raise RejectedError("At most {high} characters, please.", field=self.at(name), high=NAME_MAX)
        return value

    def prose(self, name: str, high: int) -> str:
        """Up to `high` characters on any number of lines; line ends become "\\n", tabs spaces."""
        value = self.text(name, "").replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
        self._refuse_controls(name, value.replace("\n", ""))
        if len(value) > high:
            raise RejectedError("At most {high} characters, please.", field=self.at(name), high=high)
        return value

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        value = self._data.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise RejectedError(
                "This must be a whole number from {low} to {high}.", field=self.at(name), low=low, high=high
            )
        return value

    def flag(self, name: str, default: bool) -> bool:
        """True or false, nothing that merely looks like it."""
        value = self._data.get(name, default)
        if not isinstance(value, bool):
            raise RejectedError("This must be yes or no.", field=self.at(name))
        return value

    def choice(self, name: str, default: str, choices: Sequence[str]) -> str:
        """One of `choices`."""
        value = self.text(name, default)
        if value not in choices:
            raise RejectedError("This is not one of the choices.", field=self.at(name))
        return value

    def item_id(self, name: str, prefix: str) -> str:
        """An id that the box made: `prefix` and up to six digits ("q1")."""
        value = self.text(name)
        if not value:
            raise RejectedError("Choose one of these.", field=self.at(name))
        if not _ITEM_ID.fullmatch(value) or value[0] != prefix:
            raise RejectedError("This is not an id of this box.", field=self.at(name))
        return value

    def slug(self, name: str, default: str | None = None) -> str:
        """A code of ASCII letters, digits, - and _, that begins with a letter."""
        value = self.text(name, default)
        if not _SLUG.fullmatch(value):
            raise RejectedError(
                "A code has small letters a to z, digits, - and _, and begins with a letter.",
                field=self.at(name),
            )
        return value

    def extension(self, name: str) -> str:
        """A short internal number: 2 to 6 digits of any script, returned in ASCII."""
        value = phone.ascii_digits(self.text(name))
        if not _EXTENSION.fullmatch(value):
            raise RejectedError("An extension has 2 to 6 digits.", field=self.at(name))
        return value

    def number(self, name: str, country: str, *, optional: bool = False) -> str:
        """A phone number, see phone.typed_number."""
        value = self.text(name, "" if optional else None)
        return "" if optional and not value else phone.typed_number(value, country, self.at(name))

    def host(self, name: str) -> str:
        """A host name, an IPv4 or an IPv6 address without brackets, in small letters."""
        value = self.text(name).lower()
        if not _is_host(value):
            raise RejectedError(
                "This is not a host name or an address.",
                "Such as voice.example.net or 192.0.2.7.",
                field=self.at(name),
            )
        return value

    def username(self, name: str) -> str:
        """The user name that a provider gave, or nothing."""
        value = self.text(name, "")
        if not _USERNAME.fullmatch(value):
            raise RejectedError(
                "A user name has letters a to z, digits and . _ + @ - only.", field=self.at(name)
            )
        return value

    def language(self, name: str, default: str) -> str:
        """A language tag such as "vi" or "pt-BR"."""
        return self._matching(name, default, _LANGUAGE, "This is not a language.")

    def country(self, name: str, default: str) -> str:
        """A country's two capital letters (ISO 3166)."""
        return self._matching(name, default, _COUNTRY, "This is not a country.")

    def time_zone(self, name: str, default: str) -> str:
        """A time zone that this box knows, such as "Asia/Ho_Chi_Minh"."""
        value = self._matching(name, default, _ZONE, "This is not a time zone.")
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise RejectedError("This is not a time zone.", field=self.at(name)) from error
        return value

    def clock(self, name: str, *, latest: str) -> str:
        """A time of the day up to `latest`, in digits of any script, returned as "08:05"."""
        found = _CLOCK.fullmatch(phone.ascii_digits(self.text(name)))
        value = f"{int(found[1]):02}:{found[2]}" if found else ""
        if not value or int(value[3:]) > 59 or value > latest:
            raise RejectedError(
                "This is not a time of the day.", "Such as 08:00 or 17:30.", field=self.at(name)
            )
        return value

    def date(self, name: str) -> str:
        """A date of the years 2000 to 2199, as "2026-12-24"."""
        value = phone.ascii_digits(self.text(name))
        try:
            found = datetime.date.fromisoformat(value) if _DATE.fullmatch(value) else None
        except ValueError:
            found = None
        if found is None or not 2000 <= found.year < 2200:
            raise RejectedError("This is not a date.", "Such as 2026-12-24.", field=self.at(name))
        return value

    def texts(self, name: str, default: tuple[str, ...], high: int) -> tuple[str, ...]:
        """A list of up to `high` different strings."""
        values = self._list(name, default, high)
        for index, value in enumerate(values):
            if not isinstance(value, str):
                raise RejectedError("This must be text.", field=f"{self.at(name)}.{index}")
            if value in values[:index]:
                raise RejectedError("This stands here twice.", field=f"{self.at(name)}.{index}")
        return tuple(values)

    def items[T](self, name: str, high: int, build: Callable[[object, str, bool], T]) -> tuple[T, ...]:
        """A list of up to `high` objects; `build` gets each with its path and `strict`."""
        values = self._list(name, (), high)
        path = self.at(name)
        return tuple(build(value, f"{path}.{at}", self.strict) for at, value in enumerate(values))

    def part[T](self, name: str, build: Callable[[object, str, bool], T]) -> T:
        """An object of its own, by default an empty one; `build` gets it with its path and `strict`."""
        return build(self._data.get(name, {}), self.at(name), self.strict)

    def _list(self, name: str, default: Sequence[object], high: int) -> list[Any]:
        value = self._data.get(name, default)
        if not isinstance(value, list | tuple):
            raise RejectedError("This must be a list.", field=self.at(name))
        if len(value) > high:
            raise RejectedError("At most {high} of these, please.", field=self.at(name), high=high)
        return list(value)

    def _matching(self, name: str, default: str, pattern: re.Pattern[str], message: str) -> str:
        value = self.text(name, default)
        if not pattern.fullmatch(value):
            raise RejectedError(message, field=self.at(name))
        return value

    def _refuse_controls(self, name: str, value: str) -> None:
        if any(char not in _KEPT_MARKS and unicodedata.category(char) in _REFUSED for char in value):
            raise RejectedError(
                "This has characters that cannot be seen.", "Type it anew.", field=self.at(name)
            )


def field_names(model: type[Any]) -> tuple[str, ...]:
    """The names of a dataclass's fields: those that its JSON may have."""
    return tuple(field.name for field in dataclasses.fields(model))


def refuse_twice(items: Sequence[object], path: str, name: str, message: str) -> None:
    """RejectedError at the second item of the list at `path` whose field `name` has the same value."""
    seen: set[str] = set()
    for index, item in enumerate(items):
        value = getattr(item, name)
        if value in seen:
            raise RejectedError(message, field=f"{path}.{index}.{name}")
        seen.add(value)


def _is_host(value: str) -> bool:
    try:
        # A zone ("fe80::1%eth0") names an interface of this very box: not part of an address in a document.
        return "%" not in value and bool(ipaddress.ip_address(value))
    except ValueError:
        labels = value.split(".")
        # RFC 1123 2.1: a name whose last label is a number can only be an address, and this is not one.
        return len(value) <= 253 and not labels[-1].isdigit() and all(map(_HOST_LABEL.fullmatch, labels))
