"""The errors every part raises, one class for each thing a caller can do about it.

Messages are English msgids: a page translates them where it shows them. Nothing secret goes into a message.
"""

from __future__ import annotations


class FoyerError(Exception):
    """Base of all known errors.

    `message` is one plain sentence for the reader; `hint` says what the reader can do, or is empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class TransientError(FoyerError):
    """Nothing was changed and nothing is wrong with the input: try again later."""


class RejectedError(FoyerError):
    """The input is refused. `field` names the culprit as a path ("queues.0.name"), or is empty."""

    def __init__(self, message: str, hint: str = "", field: str = "") -> None:
        super().__init__(message, hint)
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
