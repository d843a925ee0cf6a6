"""What espeak-ng and sox make of a text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from babel import Locale

from appliance.errors import RejectedError
from appliance.sound.speech import speak
from appliance.webui.prompt_forms import LANGUAGES
from tests.asterisk import sound


@pytest.mark.parametrize(
    ("language", "text"),
    [("vi", "Xin chào quý khách."), ("en", "Welcome."), ("pt-BR", "Bom dia."), ("vi", "Kính chào. " * 150)],
)
def test_speech_is_a_telephones_and_as_loud_as_the_rest(tmp_path: Path, language: str, text: str) -> None:
    speak(text, language, tmp_path / "a.wav")
    heard = sound.read_wav(tmp_path / "a.wav")
    level = 10 * np.log10((heard.astype(np.float64) ** 2).mean() / 32768**2)
    assert -26 < level < -17
    assert sound.clipped_share(heard) == 0 and sound.seconds(heard) > 0.4
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_of_the_prompts_page_speaks(tmp_path: Path, language: str) -> None:
    """The days of the week, in its own words and script, as CLDR has them."""
    text = ", ".join(Locale.parse(language, sep="-").days["stand-alone"]["wide"].values())
    speak(text, language, tmp_path / "a.wav")
    heard = sound.read_wav(tmp_path / "a.wav")
    assert -26 < 10 * np.log10((heard.astype(np.float64) ** 2).mean() / 32768**2) < -17
    assert 2 < sound.seconds(heard) < 40 and sound.clipped_share(heard) == 0


@pytest.mark.parametrize(
    "text",
    ["$(touch /tmp/x); `id` | cat", "-v xx --path=/etc", "[[h@]] [[", "a\0b\x1b[31mc", "<speak>a</speak>"],
)
def test_text_is_only_ever_text(tmp_path: Path, text: str) -> None:
    speak(text, "vi", tmp_path / "a.wav")
    assert sound.seconds(sound.read_wav(tmp_path / "a.wav")) > 0.2


def test_what_cannot_be_spoken(tmp_path: Path) -> None:
    for language, text, words in (
        ("tlh", "nuqneH", "no voice for the language tlh"),
        ("../../etc/passwd", "a", "no voice"),
        ("en", " ... ", "nothing in this text"),
        ("en", "\u202e", "nothing in this text"),
    ):
        with pytest.raises(RejectedError, match=words):
            speak(text, language, tmp_path / "a.wav")
    assert list(tmp_path.iterdir()) == []
