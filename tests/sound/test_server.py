"""The process's answers over its socket."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import RejectedError, TransientError
from appliance.sound.client import Sounds
from appliance.sound.convert import Kind
from appliance.sound.speech import spoken
from tests.sound.serving import serving


def test_files_and_texts(tmp_path: Path) -> None:
    file = tmp_path / "file"
    with serving(tmp_path / "s"):
        sounds = Sounds(tmp_path / "s")
        said = sounds.spoken("Xin chào.", "vi")
        assert said == spoken("Xin chào.", "vi")
        file.write_bytes(said)
        kinds: tuple[Kind, ...] = ("prompt", "music")
        for kind in kinds:
            with file.open("rb") as opened:
                assert sounds.converted(opened, kind)[:4] == b"RIFF"
        file.write_bytes(b"a letter")
        with file.open("rb") as opened, pytest.raises(RejectedError) as refused:
            sounds.converted(opened, "prompt")
        assert "not a file of sound" in str(refused.value) and "It reads WAV" in str(refused.value)
        with pytest.raises(RejectedError, match="no voice for the language tlh"):
            sounds.spoken("nuqneH", "tlh")


def test_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(TransientError):
        Sounds(tmp_path / "s").spoken("a", "en")
