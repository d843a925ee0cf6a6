"""What was spoken into phones for prompts: it goes a while after it was spoken, fetched by a page or not. A
chore of housekeeping.

A page fetches it within a second or two. It stays for as long as the phone call may last that made it
(pbx/dialplan/foyer-phones.conf), since that plays it and may speak it anew.
"""

from __future__ import annotations

import threading
from pathlib import Path

from appliance.pbx import old_files

KEPT_S = 20 * 60.0


class Takes:
    """`tidy` now and then."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def tidy(self, _stop: threading.Event) -> None:
        """Deletes the old ones. Raises `TransientError` when the folder cannot be used."""
        old_files.forget(self._folder, KEPT_S)
