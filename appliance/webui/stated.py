"""Things whose state a page says: in a few words, with a badge, and with what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class Stated:
    """What has a `state`, a key of STATES: words (msgid), the kind of badge, advice (msgid; "" where all is
    well).
    """

    STATES: ClassVar[Mapping[str, tuple[str, str, str]]]
    state: str

    @property
    def words(self) -> str:
        """The state in words (msgid)."""
        return self.STATES[self.state][0]

    @property
    def badge(self) -> str:
        """The kind of badge for it."""
        return self.STATES[self.state][1]

    @property
    def advice(self) -> str:
        """What to do about it (msgid); "" where all is well."""
        return self.STATES[self.state][2]
