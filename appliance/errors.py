"""The errors every part raises, one class for each thing a caller can do about it.

A message is an English sentence that serves as the msgid of its translation: a page shows
`error.text(gettext)`. Nothing secret goes into a message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Sentence:
    """What to tell a reader, before it is in anybody's language: a message, a hint and what fills them.

    `message` is one plain sentence, `hint` says what the reader can do, or is empty. Both are msgids; either
    may have placeholders (`{low}`) that `values` fill. A process that finds something out leaves it in the
    store as a dictionary, and the page says it.
    """

    message: str
    hint: str = ""
    values: Mapping[str, str | int] = field(default_factory=dict)

    def text(self, gettext: Callable[[str], str] = str) -> str:
        """Message and hint in the language of `gettext`; English without one."""
        parts = [gettext(msgid) for msgid in (self.message, self.hint) if msgid]
        return " ".join(part.format_map(self.values) if self.values else part for part in parts)

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {"error": self.message, "hint": self.hint, "values": dict(self.values)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Sentence:
        """What `to_dict` gave; an empty sentence for a dictionary that is none."""
        return cls(str(data.get("error", "")), str(data.get("hint", "")), dict(data.get("values", {})))


class FoyerError(Exception):
    """Base of all known errors. `sentence` is what it tells the reader."""

    def __init__(self, message: str, hint: str = "", **values: str | int) -> None:
        self.sentence = Sentence(message, hint, values)
        super().__init__(message)

    @property
    def message(self) -> str:
        """The sentence without its hint, in English."""
        return Sentence(self.sentence.message, "", self.sentence.values).text()

    def text(self, gettext: Callable[[str], str]) -> str:
        """Message and hint in the language of `gettext`."""
        return self.sentence.text(gettext)

    def __str__(self) -> str:
        return self.sentence.text()


class TransientError(FoyerError):
    """Nothing was changed and nothing is wrong with the input: try again later."""


class RejectedError(FoyerError):
    """The input is refused. `field` names the culprit as a path ("queues.0.name"), or is empty."""

    def __init__(self, message: str, hint: str = "", field: str = "", **values: str | int) -> None:
        super().__init__(message, hint, **values)
        self.field = field


class ConflictError(FoyerError):
    """Somebody else changed it meanwhile: show both and let the user choose."""


class NotFoundError(FoyerError):
    """There is no such thing (any more)."""


class ForbiddenError(FoyerError):
    """This user may not do this."""


class DeviceGone(FoyerError):
    """The device or the peer on the wire went away: reconnect, then resynchronise."""


class SetupError(FoyerError):
    """The box itself is misconfigured. The process ends; a restart alone does not help."""
