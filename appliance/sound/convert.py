"""A file of sound from anywhere, made into what Asterisk plays. Called by server.py only.

What the file is, its first bytes say, never its name: sox is told the format and chooses none itself, since
among those it knows are lists of other files. Only formats that it reads without help are taken.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from appliance.errors import RejectedError
from appliance.sound.level import FORMAT, LEVEL_DBFS, MUSIC_DBFS, RATE_HZ, levelled
from appliance.sound.tools import run

type Kind = Literal["prompt", "music"]

MOST_BYTES = 64 * 1024 * 1024
"""Of a file: more than six minutes of a CD's sound."""
MOST_MINUTES: dict[Kind, int] = {"prompt": 5, "music": 15}
_LEVELS: dict[Kind, float] = {"prompt": LEVEL_DBFS, "music": MUSIC_DBFS}
_WAV_HEADER = 44
_BYTES_PER_SECOND = 2 * RATE_HZ
_SHORTEST_S = 0.2
# Quieter than this, at the begin and at the end of what somebody said, is the room: a share of the loudest.
_ROOM = ("silence", "1", "0.05", "0.3%")


def convert(file: Path, kind: Kind) -> bytes:
    """The file as mono, 16-bit, 8 kHz WAV, as loud as all that callers hear; a prompt without the silence
    around it.

    RejectedError: it is no file of sound, a damaged one, too long, or there is nothing to be heard.
    """
    with file.open("rb") as opened:
        name = format_of(opened.read(64))
    minutes = MOST_MINUTES[kind]
    # One second more than there may be: what is longer is known by it.
    cut = ("trim", "0", str(minutes * 60 + 1))
    quiet = ("gain", "-n", "-2", *_ROOM, "reverse", *_ROOM, "reverse") if kind == "prompt" else ()
    with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".wav") as plain:
        done = run(
            ("sox", "-t", name, str(file), *FORMAT, "-t", "wav", plain.name, "remix", "-", *cut, *quiet)
        )
        sound = Path(plain.name).read_bytes()
    if done.returncode != 0:
        raise _unreadable()
    if seconds(sound) > minutes * 60:
        raise RejectedError("This is longer than {minutes} minutes.", minutes=minutes)
    heard = levelled(sound, _LEVELS[kind]) if seconds(sound) >= _SHORTEST_S else None
    if heard is None:
        raise RejectedError("There is nothing to be heard in this file.")
    return heard


def seconds(sound: bytes) -> float:
    """How long a WAV file of ours is."""
    return max(0, len(sound) - _WAV_HEADER) / _BYTES_PER_SECOND


def format_of(head: bytes) -> str:
    """What sox calls the format of a file that begins like this; RejectedError if it is none of ours."""
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[:4] == b"OggS":
        # RFC 3533 6: 27 bytes and a table of segments, here of one, come before the first packet.
        return "opus" if b"OpusHead" in head else "ogg"
    # An MPEG audio frame begins with eleven ones, and layer 3 is 01 in its third and second last bits.
    if head[:3] == b"ID3" or (head[:1] == b"\xff" and head[1:2] and head[1] & 0xE6 == 0xE2):
        return "mp3"
    for magic, name in ((b"fLaC", "flac"), (b".snd", "au"), (b"caff", "caf")):
        if head.startswith(magic):
            return name
    raise _unreadable()


def _unreadable() -> RejectedError:
    return RejectedError(
        "This is not a file of sound that the box can read.",
        "It reads WAV, MP3, FLAC, Ogg, Opus, AIFF, AU and CAF.",
    )
