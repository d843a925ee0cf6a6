"""Files of sound in every format that is taken, and files that are none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from appliance.errors import RejectedError
from appliance.sound import convert, level
from appliance.sound.speech import spoken
from tests.asterisk import sound


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some seconds of speech."""
    file = tmp_path_factory.mktemp("speech") / "speech.wav"
    file.write_bytes(spoken("The office is closed today. We are back on Monday at eight.", "en"))
    return file


def sox(*arguments: str | Path) -> None:
    subprocess.run(["sox", "-D", *map(str, arguments)], check=True, capture_output=True)


def level_of(heard: bytes, tmp_path: Path) -> float:
    """Average in dBFS, by another way than the product's."""
    (tmp_path / "heard.wav").write_bytes(heard)
    samples = sound.read_wav(tmp_path / "heard.wav").astype(np.float64)
    return float(10 * np.log10((samples**2).mean() / 32768**2))


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac", "ogg", "aiff", "au", "caf"])
def test_every_common_format_is_heard_alike(speech: Path, tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"file.{kind}"
    sox(speech, "-r", "44100", "-c", "2", file, "gain", "-25", "pad", "2", "2")
    # What it is called plays no part.
    heard = convert.convert(file.rename(tmp_path / "file"), "prompt")
    assert -23 < level_of(heard, tmp_path) < -18
    was = sound.seconds(sound.read_wav(speech))
    assert abs(convert.seconds(heard) - was) < 0.6, "the silence around it is gone"
    assert sound.clipped_share(sound.read_wav(tmp_path / "heard.wav")) == 0
    assert sound.likeness(sound.read_wav(tmp_path / "heard.wav"), sound.read_wav(speech)) > 0.8


# 1.5 s of 440 Hz, as a phone's voice memo: made by ffmpeg 9.0 (sine; libopus at 16 kbit/s, or its own AAC
# encoder at 24 kbit/s), since nothing in the box writes them.
SAMPLES = Path(__file__).parent / "samples"


def test_a_voice_memo_in_opus_is_heard(tmp_path: Path) -> None:
    heard = convert.convert(SAMPLES / "memo.opus", "prompt")
    assert -23 < level_of(heard, tmp_path) < -17
    samples = sound.read_wav(tmp_path / "heard.wav")
    assert sound.tone_seconds(samples, 440) > 1.3 and convert.seconds(heard) < 1.9


def test_a_voice_memo_in_aac_is_the_browsers() -> None:
    """The box says which formats it reads; what the page does then is shown in test_sound_upload.py."""
    with pytest.raises(RejectedError, match="not a file of sound"):
        convert.convert(SAMPLES / "memo.m4a", "prompt")


def test_opus_is_known_by_its_head() -> None:
    page = b"OggS\0\2" + bytes(20) + b"\1\x13"
    assert convert.format_of(page + b"OpusHead\1") == "opus"
    assert convert.format_of(page + b"\1vorbis") == "ogg"


@pytest.mark.parametrize("gain", ["-45", "0", "9"])
def test_faint_and_shrill_are_levelled(speech: Path, tmp_path: Path, gain: str) -> None:
    file = tmp_path / "file.wav"
    sox(speech, "-b", "24", file, "gain", gain)
    assert -23 < level_of(convert.convert(file, "prompt"), tmp_path) < -17


@pytest.mark.parametrize(("kind", "wanted"), [("prompt", -20.0), ("music", -26.0)])
def test_what_is_dense_and_loud_is_made_softer(tmp_path: Path, kind: convert.Kind, wanted: float) -> None:
    """As mastered music is: about 15 dB louder than callers shall hear it."""
    file = tmp_path / "file.wav"
    sox("-n", "-r", "44100", "-c", "2", "-b", "16", file, "synth", "3", "sine", "440", "sine", "660")
    assert abs(level_of(convert.convert(file, kind), tmp_path) - wanted) < 1


def test_one_knock_is_no_measure_of_a_voice(speech: Path, tmp_path: Path) -> None:
    knock, file = tmp_path / "knock.wav", tmp_path / "file.wav"
    sox("-n", "-r", "8000", "-c", "1", "-b", "16", knock, "synth", "0.01", "square", "300", "gain", "-1")
    sox(knock, "-v", "0.1", speech, file)
    assert -27 < level_of(convert.convert(file, "prompt"), tmp_path) < -18


def test_music_is_softer_and_keeps_its_pauses(speech: Path, tmp_path: Path) -> None:
    file = tmp_path / "file.wav"
    sox(speech, file, "pad", "1", "1")
    heard = convert.convert(file, "music")
    assert convert.seconds(heard) > sound.seconds(sound.read_wav(file)) - 0.1
    assert level_of(heard, tmp_path) < -23


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a file of sound"),
        (b"Dear Sir or Madam, this is a letter.\n" * 100, "not a file of sound"),
        (b"#EXTM3U\n/etc/passwd\n", "not a file of sound"),
        (b"RIFF\xff\xff\xff\x7fWAVEfmt ", "not a file of sound"),
        (b"RIFF\0\0\0\0WAVE" + b"\xff" * 4000, "not a file of sound"),
        (b"fLaC" + bytes(500), "not a file of sound"),
        (b"ID3\4\0\0\0\0\0\0" + b"text " * 500, "hear|not a file of sound"),
        (b"\x00\x00\x00\x20ftypM4A ", "not a file of sound"),
    ],
)
def test_what_is_no_sound_is_refused_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "letter.wav"
    file.write_bytes(content)
    with pytest.raises(RejectedError, match=words):
        convert.convert(file, "prompt")
    assert list(tmp_path.iterdir()) == [file]


def test_silence_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file.wav"
    sox("-n", "-r", "8000", "-c", "1", file, "trim", "0", "3")
    with pytest.raises(RejectedError, match="nothing to be heard"):
        convert.convert(file, "prompt")


@pytest.mark.slow
def test_hours_in_a_small_file_are_cut_short(tmp_path: Path) -> None:
    file = tmp_path / "file.flac"
    sox("-n", "-r", "8000", "-c", "1", file, "synth", "1800", "sine", "440")
    with pytest.raises(RejectedError, match="longer than 5 minutes"):
        convert.convert(file, "prompt")


def test_a_measure_of_nothing() -> None:
    assert level.measured(b"") is None
    assert level.levelled(b"RIFF") is None
