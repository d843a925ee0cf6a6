"""What foyer-sound does, over HTTP on its socket: `POST /prompt` and `POST /music` with a file, `POST
/speech` with a language and a text. The answer is a WAV file, or the sentence that says why there is none.
"""

from __future__ import annotations

import json
import logging
import tempfile
from pathlib import Path

from appliance.errors import FoyerError, RejectedError
from appliance.on_demand import Question
from appliance.sound import convert
from appliance.sound.speech import spoken

log = logging.getLogger("foyer-sound")

_CHUNK = 1024 * 1024
_TEXT_BYTES = 64 * 1024


class SoundQuestion(Question):
    """One file or text."""

    def do_POST(self) -> None:
        """Answers 200 with the sound, 422 or 503 with the sentence as JSON."""
        try:
            sound = self._made()
        except FoyerError as error:
            log.info("%s: %s", self.path, error)
            status = 422 if isinstance(error, RejectedError) else 503
            self.reply(status, json.dumps(error.sentence.to_dict()).encode())
        else:
            self.reply(200, sound, "audio/wav")

    def _made(self) -> bytes:
        match self.path:
            case "/prompt":
                return self._file("prompt")
            case "/music":
                return self._file("music")
            case "/speech":
                asked = json.loads(self.rfile.read(min(self._length(), _TEXT_BYTES)))
                return spoken(str(asked["text"]), str(asked["language"]))
            case _:
                raise RejectedError("There is no such page.")

    def _file(self, kind: convert.Kind) -> bytes:
        left = self._length()
        if left > convert.MOST_BYTES:
            raise RejectedError("This file is too large.")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "file"
            with file.open("wb") as opened:
                while left and (chunk := self.rfile.read(min(left, _CHUNK))):
                    opened.write(chunk)
                    left -= len(chunk)
            return convert.convert(file, kind)

    def _length(self) -> int:
        given = self.headers.get("Content-Length", "")
        return int(given) if given.isdecimal() else 0
