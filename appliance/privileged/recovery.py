"""The recovery key of the data partition, as systemd-cryptenroll(1) makes it: 256 bits in letters that are
the same on every keyboard ("modhex", src/shared/recovery-key.c), eight groups of eight, dashes between them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Self

from appliance.errors import RejectedError

# Where box-data looks for it; only root reads there, and it is gone when the box is off.
PLACE = Path("/run/foyer-recovery/key")
_KEY = re.compile(r"[cbdefghijklnrtuv]{64}")


class RecoveryKey(str):
    """A key as it was shown."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """However it was typed: in capitals, without dashes. RejectedError if it cannot be one."""
        letters = re.sub(r"[\s-]", "", text).lower()
        if not _KEY.fullmatch(letters):
            raise RejectedError(
                "This is no recovery key.",
                "It has eight groups of eight letters, and only some letters occur.",
            )
        return cls("-".join(re.findall(".{8}", letters)))

    def hand_over(self, place: Path = PLACE) -> None:
        """Leaves it where box-data looks."""
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(self)
