"""Ears for tests: is the tone there, is anything missing, is it the prompt that should have been played.

All functions take mono 16-bit samples at 8 kHz (what a telephone line carries) and return plain numbers.
"""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.asterisk.g711 import Samples

RATE = 8000
WINDOW_MS = 40
SILENCE_DBFS = -50.0


@dataclass(frozen=True)
class Gap:
    """A stretch in which what should be heard was not; seconds from the start of the samples."""

    start_s: float
    length_s: float


def tone(frequency_hz: float, seconds: float, rate: int = RATE, amplitude: float = 8000.0) -> Samples:
    """A sine tone; the default amplitude is about -12 dBFS, a loud voice."""
    time_s = np.arange(round(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.int16)


def seconds(samples: Samples) -> float:
    """Duration."""
    return len(samples) / RATE


def _windows(samples: Samples, window_ms: int) -> NDArray[np.float64]:
    """The samples cut into whole windows, one per row; what is left at the end is dropped."""
    size = RATE * window_ms // 1000
    count = len(samples) // size
    return samples[: count * size].astype(np.float64).reshape(count, size)


def level_dbfs(samples: Samples, window_ms: int = WINDOW_MS) -> NDArray[np.float64]:
    """Level of each window, in dB below full scale; digital silence is -120."""
    power = (_windows(samples, window_ms) ** 2).mean(axis=1)
    level: NDArray[np.float64] = 10 * np.log10(np.maximum(power, 1e-12) / 32768.0**2)
    return np.maximum(level, -120.0)


def loudest_dbfs(samples: Samples) -> float:
    """The level of the loudest window; that of digital silence if there is none."""
    return float(level_dbfs(samples).max(initial=-120))


def tone_level_dbfs(samples: Samples, frequency_hz: float, window_ms: int = WINDOW_MS) -> NDArray[np.float64]:
    """For each window, the level of what is at this frequency, in dB below full scale.

    A Hann window and the bin's two neighbours are used, so that a few hertz of clock difference between
    a browser's sound card and the telephone network do not matter, and a loud tone 100 Hz away neither.
    """
    cut = _windows(samples, window_ms)
    size = cut.shape[1]
    shaped = cut * np.hanning(size)
    at = 2j * np.pi * np.arange(size) / RATE
    step = RATE / size
    power = np.zeros(len(cut))
    for offset in (-step, 0.0, step):
        power += np.abs(shaped @ np.exp(-at * (frequency_hz + offset))) ** 2
    # A sine of amplitude A gives 3/32 (A N)^2 in those three bins; its mean square is A^2 / 2.
    mean_square = power * 16 / 3 / size**2
    level: NDArray[np.float64] = 10 * np.log10(np.maximum(mean_square, 1e-12) / 32768.0**2)
    return np.maximum(level, -120.0)


def tone_share(samples: Samples, frequency_hz: float, window_ms: int = WINDOW_MS) -> NDArray[np.float64]:
    """For each window, the part of its power (0 to 1) that is a tone of this frequency; 0 if silent."""
    level = level_dbfs(samples, window_ms)
    share = 10 ** ((tone_level_dbfs(samples, frequency_hz, window_ms) - level) / 10)
    result: NDArray[np.float64] = np.where(level > SILENCE_DBFS, np.minimum(share, 1.0), 0.0)
    return result


def tone_seconds(samples: Samples, frequency_hz: float, least_share: float = 0.5) -> float:
    """How long the tone was what was heard, as the sum of the windows in which it has at least this share."""
    return float((tone_share(samples, frequency_hz) >= least_share).sum()) * WINDOW_MS / 1000


def audible_tone_seconds(samples: Samples, frequency_hz: float) -> float:
    """How long the tone was there, whatever else was heard beside it."""
    present = tone_level_dbfs(samples, frequency_hz) > SILENCE_DBFS
    return float(present.sum()) * WINDOW_MS / 1000


def gaps(heard: NDArray[np.bool_], window_ms: int = WINDOW_MS, longer_than_ms: int = 200) -> list[Gap]:
    """The stretches of false windows that last longer than `longer_than_ms`."""
    found: list[Gap] = []
    start: int | None = None
    for index, present in enumerate([*heard.tolist(), True]):
        if not present and start is None:
            start = index
        elif present and start is not None:
            if (index - start) * window_ms > longer_than_ms:
                found.append(Gap(start * window_ms / 1000, (index - start) * window_ms / 1000))
            start = None
    return found


def silences(samples: Samples, longer_than_ms: int = 200) -> list[Gap]:
    """Where nothing at all was heard for longer than that."""
    return gaps(level_dbfs(samples, 20) > SILENCE_DBFS, 20, longer_than_ms)


def tone_gaps(
    samples: Samples, frequency_hz: float, longer_than_ms: int = 200, least_share: float = 0.5
) -> list[Gap]:
    """Where this tone was not heard for longer than that."""
    return gaps(tone_share(samples, frequency_hz) >= least_share, WINDOW_MS, longer_than_ms)


def clipped_share(samples: Samples) -> float:
    """Part of the samples (0 to 1) at the end of the scale."""
    if not len(samples):
        return 0.0
    return float((np.abs(samples.astype(np.int32)) >= 32700).mean())


def likeness(heard: Samples, reference: Samples, piece_s: float = 0.5) -> float:
    """How much `heard` holds `reference` somewhere: 1 is the same sound, 0 none of it.

    The median, over pieces of the reference, of the greatest normalised cross-correlation at any position:
    neither a different level nor a slip of a few frames between two pieces counts.
    """
    size = min(round(piece_s * RATE), len(reference))
    if not size or len(heard) < size:
        return 0.0
    cuts = range(0, len(reference) - size + 1, size)
    pieces = [reference[cut : cut + size] for cut in cuts]
    spoken = [piece for piece in pieces if level_dbfs(piece).max() > SILENCE_DBFS]
    return float(np.median([_correlation(heard, piece) for piece in spoken])) if spoken else 0.0


def _correlation(heard: Samples, piece: Samples) -> float:
    """The greatest normalised cross-correlation of the piece at any position, by FFT."""
    size = 1 << (len(heard) + len(piece)).bit_length()
    a = heard.astype(np.float64)
    b = piece.astype(np.float64)
    product = np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size))
    matched = np.fft.irfft(product, size)[: len(a) - len(b) + 1]
    energy = np.concatenate(([0.0], np.cumsum(a**2)))
    local = energy[len(b) :][: len(matched)] - energy[: len(matched)]
    scale = np.sqrt(np.maximum(local, 1.0) * max(float((b**2).sum()), 1.0))
    return float((matched / scale).max())


def read_wav(path: Path) -> Samples:
    """Samples of a mono 16-bit 8 kHz WAV file, such as a recording; anything else is an AssertionError."""
    with wave.open(str(path), "rb") as file:
        shape = (file.getnchannels(), file.getsampwidth(), file.getframerate())
        assert shape == (1, 2, RATE), f"{path}: channels, bytes, rate are {shape}"
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.int16)


def write_wav(path: Path, samples: Samples, rate: int = RATE) -> Path:
    """Write a mono 16-bit WAV file; returns the path."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return path
