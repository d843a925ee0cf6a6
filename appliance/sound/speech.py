"""Text to speech with espeak-ng and sox: a WAV file as Asterisk plays it without any conversion.

Called by foyer-apply for the greetings that an administrator typed, and by prompts.py for the fixed phrases.
The text goes through a pipe, never into a command line. Nothing here decides what is said.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from appliance.errors import RejectedError, SetupError, TransientError

RATE_HZ = 8000
# Speech at -20 dBFS on average, its loudest sample at most -2 dBFS: beside the music and the agents' voices
# it is neither faint nor shrill (ITU-T P.56 puts nominal speech at -26 dBov; a telephone in a noisy street
# wants more).
LEVEL_DBFS = -20.0
PEAK_DBFS = -2.0
_WORDS_PER_MINUTE = "150"
# 2,000 characters, the longest greeting, are about three minutes of speech, made in less than two seconds.
_TIMEOUT_S = 60.0
_FORMAT = ("-r", str(RATE_HZ), "-c", "1", "-b", "16")
_AVERAGE, _PEAK = "RMS lev dB", "Pk lev dB"
_STATISTIC = re.compile(rf"^({_AVERAGE}|{_PEAK})\s+(-?[\d.]+|-inf)", re.MULTILINE)
_SILENCE_DBFS = -80.0
# espeak-ng's plain "en" is British; Asterisk's English prompts are American.
_VOICES = {"en": "en-us"}
_NO_VOICE = b"voice does not exist"


def speak(text: str, language: str, target: Path) -> None:
    """Writes `text`, spoken in `language` ("vi", "pt-BR"), to `target`: mono, 16-bit, 8 kHz.

    The file appears at once and whole. RejectedError: there is no voice for the language, or nothing in the
    text can be spoken. TransientError: it took longer than a minute. SetupError: espeak-ng or sox is not
    installed.
    """
    spoken = _spoken(text, language)
    levels = _levels(spoken)
    gain_db = min(LEVEL_DBFS - levels[_AVERAGE], PEAK_DBFS - levels[_PEAK])
    # What a telephone line carries (300 to 3400 Hz); a breath of silence, so that nothing is cut at the ends.
    shape = ("gain", f"{gain_db:.2f}", "highpass", "200", "lowpass", "3600", "pad", "0.05", "0.10")
    done = _run(("sox", "-D", "-t", "wav", "-", *_FORMAT, "-t", "wav", "-", *shape), spoken)
    if done.returncode != 0:
        raise _refusal(done)
    _write(target, done.stdout)


def _spoken(text: str, language: str) -> bytes:
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
        done = _run(command, _words(text))
        if done.returncode == 0:
            return done.stdout
        if _NO_VOICE not in done.stderr:
            raise _refusal(done)
    raise RejectedError("The box has no voice for the language {language}.", language=language)


def _words(text: str) -> bytes:
    """The text as espeak-ng reads it: "[[" would begin phoneme codes, control characters say nothing."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(plain.replace("[[", "[ ").split()).encode("utf-8", "ignore") + b"\n"


def _levels(sound: bytes) -> dict[str, float]:
    """Average and peak of a WAV file in dBFS; a silent or empty one is refused."""
    done = _run(("sox", "-t", "wav", "-", "-n", "stats"), sound)
    found = {name: float(level) for name, level in _STATISTIC.findall(done.stderr.decode("utf-8", "replace"))}
    if done.returncode != 0 or len(found) < 2 or found[_AVERAGE] < _SILENCE_DBFS:
        raise RejectedError("There is nothing in this text that can be spoken.")
    return found


def _run(command: Sequence[str], given: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(command, input=given, capture_output=True, timeout=_TIMEOUT_S, check=False)
    except FileNotFoundError as error:
        raise SetupError(f"{command[0]} is not installed.") from error
    except subprocess.TimeoutExpired as error:
        raise TransientError("The text could not be spoken in time.", "Try a shorter one.") from error


def _refusal(done: subprocess.CompletedProcess[bytes]) -> RejectedError:
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return RejectedError(
        "The text could not be spoken: {reason}", reason=said[-1] if said else "no reason given"
    )


def _write(target: Path, sound: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            file.write(sound)
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(0o644)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
