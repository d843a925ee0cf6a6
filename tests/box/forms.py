"""The forms of a page, as a browser would send them."""

from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urlencode


@dataclass(frozen=True)
class Form:
    """Where a form goes and what is in its fields; what is not ticked or chosen is not among them."""

    action: str
    fields: tuple[tuple[str, str], ...] = ()

    def fill(self, **values: str) -> Self:
        """The same form with other values in these fields."""
        kept = tuple((name, value) for name, value in self.fields if name not in values)
        return replace(self, fields=(*kept, *values.items()))

    def encode(self) -> str:
        """The body of its request."""
        return urlencode(self.fields)


@dataclass
class _Reader(HTMLParser):
    """Collects forms; `select` and `textarea` are the names of the ones being read."""

    forms: list[Form] = field(default_factory=list)
    select: str = ""
    textarea: str = ""
    text: str = ""

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def _add(self, name: str, value: str) -> None:
        if self.forms and name:
            last = self.forms[-1]
            self.forms[-1] = replace(last, fields=(*last.fields, (name, value)))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = dict(attrs)
        name, value = have.get("name") or "", have.get("value") or ""
        if tag == "form":
            self.forms.append(Form(have.get("action") or ""))
        elif tag == "input":
            is_switch = have.get("type") in ("checkbox", "radio")
            if have.get("type") != "submit" and (not is_switch or "checked" in have):
                self._add(name, value)
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and "selected" in have:
            self._add(self.select, value)
        elif tag == "textarea":
            self.textarea, self.text = name, ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""
        elif tag == "textarea":
            # HTML drops the line break that follows the tag.
            self._add(self.textarea, self.text.removeprefix("\n"))


def forms_of(page: str) -> list[Form]:
    """All forms of a page in their order."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms
