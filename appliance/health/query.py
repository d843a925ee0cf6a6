"""A search in the box's messages, and what it finds: what the pages and foyer-health say to each other."""

from __future__ import annotations

import re
from dataclasses import dataclass

from appliance.errors import RejectedError

FOUND_MAX = 2000
_CURSOR = re.compile(r"[a-z0-9=;-]{0,300}")
_UNIT = re.compile(r"[a-z][a-z0-9@.-]{0,60}|")


@dataclass(frozen=True)
class Query:
    """What to look for: a unit ("" for all), the least severity (syslog: 3 errors, 4 warnings, 7 all), words,
    and `before`, the cursor of the last one of the page before.
    """

    unit: str = ""
    level: int = 7
    words: str = ""
    before: str = ""
    limit: int = 100

    def __post_init__(self) -> None:
        if not (
            _UNIT.fullmatch(self.unit)
            and 0 <= self.level <= 7
            and len(self.words) <= 200
            and _CURSOR.fullmatch(self.before)
            and 1 <= self.limit <= FOUND_MAX
        ):
            raise RejectedError("The box's messages cannot be searched like that.")


@dataclass(frozen=True)
class Message:
    """One message; `who` is its unit, or the name that it gave itself."""

    at: int
    who: str
    level: int
    text: str
    cursor: str
