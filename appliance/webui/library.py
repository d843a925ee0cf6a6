"""The sounds that somebody uploaded or recorded, as files that callers hear. Used by settings_sounds.py.

A file is named by what is in it, never by whoever sent it, and is never changed. It stays while any revision
has it; one that nobody saved goes after a day.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from appliance.durable import place_file, sync_folder
from appliance.errors import NotFoundError, TransientError
from appliance.settings import Settings
from appliance.sound.client import Sounds
from appliance.sound.convert import Kind, seconds
from appliance.store import Store, prompts
from appliance.webui.i18n import N_

_CHUNK = 256 * 1024
_UNSAVED_S = 24 * 3600.0
_UPLOAD_S = 3600.0
# At the same time: more would only wait for foyer-sound.
_UPLOADS = 2


@dataclass(frozen=True)
class Kept:
    """A sound of the library, and how long it is."""

    sound: str
    seconds: float


class Library:
    """The folder `Settings.prompts`. Any thread may use it."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._folder = settings.prompts
        self._store = store
        self._sounds = Sounds(settings.sound_socket)
        self._places = threading.BoundedSemaphore(_UPLOADS)

    def upload(self, body: IO[bytes], length: int, kind: Kind) -> Kept:
        """Converts what comes in and keeps it. RejectedError: it is no sound, or a damaged one, or too long.
        TransientError: others are uploading, or there is no room.
        """
        if not self._places.acquire(blocking=False):
            raise TransientError(N_("Others are uploading sounds just now."), N_("Try again in a moment."))
        try:
            self._tidy()
            with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".upload-") as file:
                left = length
                while left and (chunk := body.read(min(left, _CHUNK))):
                    file.write(chunk)
                    left -= len(chunk)
                if left:
                    raise TransientError(N_("The file did not arrive as a whole."), N_("Try again."))
                return self._keep(self._sounds.converted(file, kind))
        except OSError as error:
            raise TransientError(N_("The sound cannot be kept."), N_("Is the disk full?")) from error
        finally:
            self._places.release()

    def spoken(self, text: str, language: str) -> bytes:
        """A text as callers will hear it. RejectedError: nobody can speak it."""
        return self._sounds.spoken(text, language)

    def take(self, file: Path) -> Kept:
        """Converts what was recorded on a phone, and keeps it. Errors as `upload`."""
        try:
            with file.open("rb") as opened:
                return self.upload(opened, os.fstat(opened.fileno()).st_size, "prompt")
        except FileNotFoundError as error:
            raise NotFoundError(N_("This recording is no longer there.")) from error

    def has(self, sound: str) -> bool:
        """Whether there is a file of this name."""
        return prompts.is_sound(sound) and self.path(sound).is_file()

    def path(self, sound: str) -> Path:
        """Where a sound is; `sound` has passed `prompts.is_sound`."""
        return self._folder / f"{sound}.wav"

    def _keep(self, heard: bytes) -> Kept:
        sound = hashlib.sha256(heard).hexdigest()
        place_file(self.path(sound), heard, 0o640)
        sync_folder(self._folder)
        return Kept(sound, round(seconds(heard), 1))

    def _tidy(self) -> None:
        """Deletes what no revision has and what was left of uploads; a young file may be in a form yet."""
        now = time.time()
        old = [
            file
            for file in self._folder.iterdir()
            if now - file.stat().st_mtime > (_UNSAVED_S if file.suffix == ".wav" else _UPLOAD_S)
        ]
        if old:
            with self._store.read() as db:
                kept = prompts.sounds_in_use(db)
            for file in old:
                if file.stem not in kept:
                    file.unlink(missing_ok=True)
