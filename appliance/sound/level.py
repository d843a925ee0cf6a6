"""How loud what callers hear is, and what a telephone carries of it: one shape for texts, files and
recordings.
"""

from __future__ import annotations

import re

from appliance.errors import TransientError
from appliance.sound.tools import run

RATE_HZ = 8000
FORMAT = ("-r", str(RATE_HZ), "-c", "1", "-b", "16")
# Speech at -20 dBFS on average, its loudest sample at most -2 dBFS: beside the music and the agents' voices
# it is neither faint nor shrill (ITU-T P.56 puts nominal speech at -26 dBov; a telephone in a noisy street
# wants more).
LEVEL_DBFS = -20.0
# Music has no pauses, and somebody waits with it at the ear.
MUSIC_DBFS = -26.0
PEAK_DBFS = -2.0
# By how much peaks may be pressed down for the sake of the rest: a knock on the table is no measure of a
# voice.
_LIMITED_DB = 6.0
_AVERAGE, _PEAK = "RMS lev dB", "Pk lev dB"
_STATISTIC = re.compile(rf"^({_AVERAGE}|{_PEAK})\s+(-?[\d.]+|-inf)", re.MULTILINE)
_SILENCE_DBFS = -80.0


def levelled(sound: bytes, level_dbfs: float = LEVEL_DBFS) -> bytes | None:
    """A WAV file as mono, 16-bit, 8 kHz at this average level, or as near as its peaks allow; None if there
    is nothing to be heard in it.
    """
    found = measured(sound)
    if found is None:
        return None
    average, peak = found
    gain_db = min(level_dbfs - average, PEAK_DBFS - peak + _LIMITED_DB)
    # What a telephone line carries (300 to 3400 Hz); a breath of silence, so that nothing is cut at the ends.
    shape = ("highpass", "200", "lowpass", "3600", "pad", "0.05", "0.10")
    # sox limits at full scale; what is only made softer its limiter would leave up to 8 dB too loud.
    limited = ("gain", "-l", f"{gain_db - PEAK_DBFS:.2f}", "gain", f"{PEAK_DBFS:.2f}")
    loud = limited if gain_db > PEAK_DBFS else ("gain", f"{gain_db:.2f}")
    done = run(("sox", "-D", "-t", "wav", "-", *FORMAT, "-t", "wav", "-", *shape, *loud), sound)
    if done.returncode != 0:
        raise TransientError("The sound could not be made.", "Try again.")
    return _with_length(done.stdout)


def _with_length(sound: bytes) -> bytes:
    """A WAV file whose head says how long it is: into a pipe, sox cannot write that."""
    length = len(sound)
    head = sound[:4] + (length - 8).to_bytes(4, "little") + sound[8:40] + (length - 44).to_bytes(4, "little")
    return head + sound[44:]


def measured(sound: bytes) -> tuple[float, float] | None:
    """Average and peak of a WAV file in dBFS; None for a silent or an empty one."""
    done = run(("sox", "-t", "wav", "-", "-n", "stats"), sound)
    found = {name: float(level) for name, level in _STATISTIC.findall(done.stderr.decode("utf-8", "replace"))}
    if done.returncode != 0 or len(found) < 2 or found[_AVERAGE] < _SILENCE_DBFS:
        return None
    return found[_AVERAGE], found[_PEAK]
