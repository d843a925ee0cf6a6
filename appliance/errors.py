"""The errors every part raises, one class for each thing a caller can do about it.

A message is an English sentence that serves as the msgid of its translation: a page shows
`error.text(gettext)`. Nothing secret goes into a message.
"""

from __future__ import annotations

from collections.abc import Callable


class FoyerError(Exception):
    """Base of all known errors.

    `message` is one plain sentence for the reader; `hint` says what the reader can do, or is empty. Either
    may have placeholders (`{low}`) that `values` fill; the attribute `message` is filled in, English.
    """

    def __init__(self, message: str, hint: str = "", **values: str | int) -> None:
        self.message = message.format_map(values) if values else message
        self.hint = hint.format_map(values) if values else hint
        self._msgids = (message, hint)
        self._values = values
        super().__init__(self.message)

    def text(self, gettext: Callable[[str], str]) -> str:
        """Message and hint in the language of `gettext`."""
        sentences = [gettext(msgid) for msgid in self._msgids if msgid]
        if self._values:
            sentences = [sentence.format_map(self._values) for sentence in sentences]
        return " ".join(sentences)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


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
