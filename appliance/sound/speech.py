"""Text to speech with espeak-ng: a WAV file as Asterisk plays it without any conversion.

Called by foyer-apply for the texts that an administrator typed, by prompts.py for the fixed phrases, and by
foyer-sound for who wants to hear a text before it is saved. The text goes through a pipe, never into a
command line. Nothing here decides what is said.
"""

from __future__ import annotations

from pathlib import Path

from appliance.durable import place_file
from appliance.errors import RejectedError
from appliance.sound.level import levelled
from appliance.sound.tools import run

_WORDS_PER_MINUTE = "150"
# espeak-ng's plain "en" is British; Asterisk's English prompts are American.
_VOICES = {"en": "en-us"}
_NO_VOICE = b"voice does not exist"


def speak(text: str, language: str, target: Path) -> None:
    """Writes `text`, spoken in `language` ("vi", "pt-BR"), to `target`: mono, 16-bit, 8 kHz.

    The file appears at once and whole. RejectedError: there is no voice for the language, or nothing in the
    text can be spoken. TransientError: it took longer than a minute. SetupError: espeak-ng or sox is not
    installed.
    """
    sound = spoken(text, language)
    target.parent.mkdir(parents=True, exist_ok=True)
    place_file(target, sound, 0o644)


def spoken(text: str, language: str) -> bytes:
    """The same as the bytes of a WAV file. Errors as `speak`."""
    said = levelled(_raw(text, language))
    if said is None:
        raise RejectedError("There is nothing in this text that can be spoken.")
    return said


def _raw(text: str, language: str) -> bytes:
    """The raw speech, by the voice of the language, or else of the language without its region."""
    whole, base = language.lower(), language.partition("-")[0].lower()
    for voice in dict.fromkeys((whole, base)):
        command = (
            "espeak-ng",
            "-v",
            _VOICES.get(voice, voice),
            "-s",
            _WORDS_PER_MINUTE,
            "--stdin",
            "--stdout",
        )
        done = run(command, _words(text))
        if done.returncode == 0:
            return done.stdout
        if _NO_VOICE not in done.stderr:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise RejectedError(
                "The text could not be spoken: {reason}", reason=said[-1] if said else "no reason given"
            )
    raise RejectedError("The box has no voice for the language {language}.", language=language)


def _words(text: str) -> bytes:
    """The text as espeak-ng reads it: "[[" would begin phoneme codes, control characters say nothing."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(plain.replace("[[", "[ ").split()).encode("utf-8", "ignore") + b"\n"
