"""How the pages ask foyer-sound: a file converted, a text spoken."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import IO

from appliance.errors import RejectedError, Sentence, TransientError
from appliance.on_demand import Connection
from appliance.sound.convert import Kind

# Others' files come first, one after the other.
ANSWER_TIMEOUT_S = 150.0


class Sounds:
    """Questions over the socket at `path` (`Settings.sound_socket`). Keeps no connection; any thread may use
    it.
    """

    def __init__(self, path: Path, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self._path = path
        self._timeout_s = timeout_s

    def converted(self, file: IO[bytes], kind: Kind) -> bytes:
        """The file as callers hear it, a WAV file of 8 kHz. RejectedError says what is wrong with it."""
        file.seek(0)
        return self._ask(f"/{kind}", file)

    def spoken(self, text: str, language: str) -> bytes:
        """A text as callers hear it. RejectedError: nobody can speak it."""
        return self._ask("/speech", json.dumps({"text": text, "language": language}).encode())

    def _ask(self, path: str, body: bytes | IO[bytes]) -> bytes:
        connection = Connection(self._path, self._timeout_s)
        length = len(body) if isinstance(body, bytes) else Path(body.name).stat().st_size
        try:
            connection.request("POST", path, body, {"Content-Length": str(length)})
            answer = connection.getresponse()
            found = answer.read()
            if answer.status == 200:
                return found
            sentence = Sentence.from_dict(json.loads(found))
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            raise TransientError("The sound could not be made.", "Try again.") from error
        finally:
            connection.close()
        kind = RejectedError if answer.status == 422 else TransientError
        refused = kind(sentence.message, sentence.hint)
        refused.sentence = sentence
        raise refused
