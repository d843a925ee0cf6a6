"""What a browser typed: parsed once, bounded, always text. Pages ask for fields; errors are kept beside their
field.

No page touches the request body. Whatever comes in here is untrusted; the templates escape it, the store
takes it as a parameter, the site model checks it.
"""

from __future__ import annotations

import unicodedata
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.errors import RejectedError
from appliance.store import phone
from appliance.webui.i18n import N_

MAX_BODY = 256 * 1024
_MAX_FIELDS = 2000


@dataclass
class Form:
    """The fields of one request, and the errors that a page found in them.

    `errors` maps a field's name to an English msgid; `ok` says that there are none.
    """

    fields: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, body: bytes) -> Form:
        """Reads application/x-www-form-urlencoded; RejectedError for anything that is not."""
        try:
            pairs = urllib.parse.parse_qsl(
                body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict"
            )
        except (UnicodeDecodeError, ValueError) as error:
            raise RejectedError(N_("The form arrived damaged.")) from error
        fields: dict[str, list[str]] = {}
        for name, value in pairs:
            # Browsers send line ends as CR LF (HTML 4.10.21.4); everything behind this line works with LF.
            fields.setdefault(name, []).append(
                value.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
            )
        return cls(fields)

    @property
    def ok(self) -> bool:
        """Whether nothing was found wrong so far."""
        return not self.errors

    def has(self, name: str) -> bool:
        """Whether the field was sent at all (an unticked box is not)."""
        return name in self.fields

    def raw(self, name: str, default: str = "") -> str:
        """The field exactly as typed: for passwords and for showing it again."""
        values = self.fields.get(name)
        return values[0] if values else default

    def text(self, name: str, default: str = "") -> str:
        """The field in Unicode's composed form, without spaces around it."""
        return unicodedata.normalize("NFC", self.raw(name, default)).strip()

    def all(self, name: str) -> list[str]:
        """Every value of a field that may come several times (ticked boxes)."""
        return list(self.fields.get(name, ()))

    def put(self, name: str, value: str) -> None:
        """Adds a field that the page itself carries on; what was typed under that name is replaced."""
        self.fields[name] = [value]

    def required(self, name: str, message: str = N_("Please fill this in.")) -> str:
        """The field's text; an error beside it if it is empty."""
        value = self.text(name)
        if not value:
            self.error(name, message)
        return value

    def number(self, name: str, low: int, high: int, default: int = 0) -> int:
        """A whole number from `low` to `high`; an error beside the field if it is none."""
        text = phone.ascii_digits(self.text(name))
        if text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high:
            return int(text)
        self.error(name, N_("Please give a whole number in the range."))
        return default

    def choice(self, name: str, allowed: Sequence[str], default: str = "") -> str:
        """One of the allowed values; an error beside the field if it is another."""
        value = self.text(name)
        if value in allowed:
            return value
        self.error(name, N_("Please choose one of these."))
        return default

    def error(self, name: str, message: str) -> None:
        """Notes an error beside a field; the first one stays."""
        self.errors.setdefault(name, message)

    def all_pairs(self) -> list[tuple[str, str]]:
        """Every field and value in order."""
        return [(name, value) for name, values in self.fields.items() for value in values]

    def pairs(self, *, without: Sequence[str] = ()) -> list[tuple[str, str]]:
        """Every field and value in order, for sending the same form again; passwords never leave with it."""
        return [pair for pair in self.all_pairs() if pair[0] not in without and "password" not in pair[0]]
