"""The code that confirms the drivers' key: whoever asked types it once more on the firmware's blue screen,
which has no other way to know that it is the same person.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Self

from appliance.errors import RejectedError

# What mokutil reads as its standard input (foyer-confirm-drivers.service).
PLACE = Path("/run/foyer-drivers/code")
_CODE = re.compile(r"[0-9]{8}")


class Code(str):
    """Eight digits: they are where they are expected on every keyboard that a firmware knows."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """RejectedError unless it is eight digits."""
        if not _CODE.fullmatch(text):
            raise RejectedError("This is no code for the drivers of telephone cards.")
        return cls(text)

    def hand_over(self, place: Path = PLACE) -> None:
        """Leaves it where mokutil reads it, twice as it asks."""
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(f"{self}\n" * 2)
