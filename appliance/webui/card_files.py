"""Files of telephone cards' makers, from the browser to root. Used by system_cards.py.

A page takes in only what a card in this machine asks for, by its checksum; root looks at it once more, with
the card table (hw/firmware.py), keeps it and has the driver read it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from typing import IO, Any

from appliance.durable import place_file
from appliance.errors import RejectedError, TransientError
from appliance.privileged.client import Privileged
from appliance.settings import Settings
from appliance.store import Store, live
from appliance.webui.i18n import N_
from appliance.webui.incoming import CARD_FILE_MAX


class CardFiles:
    """Hands one file at a time to root. Any thread may use it."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._place = settings.card_file
        self._root = Privileged(settings.privileged_socket)
        self._store = store
        self._turn = threading.Lock()

    def take(self, body: IO[bytes], length: int) -> str:
        """Returns the name of what came in, once it is kept and the drivers have looked for it.
        RejectedError: no card asks for it. TransientError: it did not arrive, or could not be kept.
        """
        if length > CARD_FILE_MAX:
            raise RejectedError(N_("This file is too large: none that a card needs has more than 4 MB."))
        data = body.read(max(length, 0))
        if len(data) < length:
            raise TransientError(N_("The file did not arrive as a whole."), N_("Try again."))
        name = self._name_of(data)
        if not self._turn.acquire(blocking=False):
            raise TransientError(N_("Another file is being given to a card."), N_("Try again in a moment."))
        try:
            place_file(self._place, data, 0o640)
            self._root.load_firmware()
        except OSError as error:
            raise TransientError(N_("The file cannot be kept."), N_("Is the disk full?")) from error
        finally:
            self._place.unlink(missing_ok=True)
            self._turn.release()
        return name

    def _name_of(self, data: bytes) -> str:
        """What the maker calls this file."""
        digest = hashlib.sha256(data).hexdigest()
        for archive in self._wanted():
            if archive["sha256"] == digest:
                return str(archive["name"])
        raise RejectedError(
            N_("No card in this machine asks for this file, or it is not as its maker made it."),
            N_("Download it once more, and upload it as it is: do not unpack it."),
        )

    def _wanted(self) -> Iterator[dict[str, Any]]:
        with self._store.read() as db:
            rows = live.snapshot(db).rows["card"]
        for row in rows.values():
            for file in row["firmware"]:
                if file.get("archive"):
                    yield file["archive"]
