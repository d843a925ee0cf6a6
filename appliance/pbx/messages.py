"""Messages that callers left: takes the silence off them, says how long they are, and drops those in which
nobody spoke. A chore of housekeeping.

The row without a length is what is left to do, so a crash in between changes nothing: the file is put in
place as a whole, and trimming it once more changes nothing either.
"""

from __future__ import annotations

import array
import io
import logging
import math
import threading
import wave
from pathlib import Path

from appliance.durable import place_file
from appliance.store import Store, voicemails
from appliance.store.records import Message

_log = logging.getLogger(__name__)

RATE_HZ = 8000
FRAME = RATE_HZ // 50
LOUD_DBFS = -45.0
"""Louder than a quiet room over a telephone, fainter than anybody who speaks into one."""
SHORTEST_S = 1.0
"""Of speech: a breath and a click are no message."""
KEPT_S = 0.3
"""Before the first word and after the last."""


class Messages:
    """`tidy` now and then."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder

    def tidy(self, stop: threading.Event) -> None:
        """Looks at the new ones. Raises `TransientError` when the store cannot be used."""
        with self._store.read() as db:
            new = voicemails.unseen(db)
        for message in new:
            if stop.is_set():
                return
            duration_ms = self._trimmed_ms(message)
            with self._store.change() as change:
                if duration_ms:
                    voicemails.keep(change, message.id, duration_ms)
                else:
                    voicemails.drop(change, message.id)

    def _trimmed_ms(self, message: Message) -> int:
        """How long the message is without the silence around it, 0 for none that could be heard."""
        file = self._folder / str(message.path)
        try:
            with wave.open(str(file), "rb") as opened:
                samples = array.array("h", opened.readframes(opened.getnframes()))
            spoken = trimmed(samples)
            if spoken and len(spoken) < len(samples):
                place_file(file, _file_of(spoken), file.stat().st_mode & 0o777)
        except (OSError, EOFError, ValueError, wave.Error) as error:
            _log.error("The message %s cannot be read: %s", message.path, error)
            return 0
        return len(spoken) * 1000 // RATE_HZ


def trimmed(samples: array.array[int]) -> array.array[int]:
    """Without the silence at both ends (8 kHz, 16 bit); empty if there is too little speech in it."""
    least = (10 ** (LOUD_DBFS / 20) * 32768) ** 2 * FRAME
    loud = [
        at
        for at in range(0, len(samples), FRAME)
        if math.sumprod(frame := samples[at : at + FRAME], frame) >= least
    ]
    if len(loud) * FRAME < SHORTEST_S * RATE_HZ:
        return array.array("h")
    kept = int(KEPT_S * RATE_HZ)
    return samples[max(0, loud[0] - kept) : loud[-1] + FRAME + kept]


def _file_of(samples: array.array[int]) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        sound.writeframes(samples.tobytes())
    return file.getvalue()
