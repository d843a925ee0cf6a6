"""Faxes that came in: makes a PDF of what Asterisk wrote down, and says how many pages it has. A chore of
housekeeping.

The row without pages is what is left to do. The PDF is put in place as a whole before the row says so, and
only then does Asterisk's file go: a crash in between changes nothing.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from appliance.durable import place_file, sync_folder
from appliance.errors import TransientError
from appliance.pbx import old_files
from appliance.pbx.fax_pdf import Page, pages_of, pdf_of
from appliance.store import Store, faxes
from appliance.store.records import Message

_log = logging.getLogger(__name__)

BYTES_MAX = 64 * 2**20
"""A page at the highest resolution has 4 MB if nothing of it can be coded in less."""
KEPT_S = 24 * 3600.0
"""A file of no row: of a call that history has not come to yet, or of somebody who was erased."""


class Faxes:
    """`tidy` now and then."""

    def __init__(self, store: Store, received: Path, folder: Path) -> None:
        self._store = store
        self._received = received
        self._folder = folder

    def tidy(self, stop: threading.Event) -> None:
        """Looks at the new ones. Raises `TransientError` when the store or the folder cannot be used."""
        with self._store.read() as db:
            new = faxes.unseen(db)
        failure = None
        for message in new:
            if stop.is_set():
                return
            try:
                self._take(message)
            except TransientError as error:
                # The others do not wait for it; in the end it goes as an old one.
                failure = error
        old_files.forget(self._received, KEPT_S)
        if failure:
            raise failure

    def _take(self, message: Message) -> None:
        target = self._folder / str(message.path)
        # 2026/11/22/<uuid>-f.pdf is made of <uuid>.tif.
        source = self._received / f"{target.stem.removesuffix('-f')}.tif"
        try:
            pages = self._pages(source)
            if pages:
                target.parent.mkdir(parents=True, exist_ok=True)
                place_file(target, pdf_of(pages), 0o640)
                sync_folder(target.parent)
            with self._store.change() as change:
                is_known = faxes.keep(change, message, len(pages))
            if not is_known:
                target.unlink(missing_ok=True)
            source.unlink(missing_ok=True)
        except OSError as error:
            raise TransientError(f"The fax {message.path} cannot be kept: {error.strerror}.") from error

    def _pages(self, source: Path) -> list[Page]:
        """None of it if no page came: Asterisk leaves no file then, or an empty one. OSError: another time it
        may be read.
        """
        try:
            if not 0 < source.stat().st_size <= BYTES_MAX:
                return []
            return pages_of(source.read_bytes())
        except FileNotFoundError:
            return []
        except ValueError as error:
            _log.error("The fax %s cannot be read: %s", source.name, error)
            return []
