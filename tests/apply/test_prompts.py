"""The tables of fixed phrases."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from appliance.apply import prompts
from appliance.errors import SetupError
from appliance.pbx.conf import extensions_conf
from appliance.pbx.conf.inputs import PROMPT_LANGUAGES


def test_every_phrase_of_the_dialplan_exists_in_every_language() -> None:
    asked = {name for _, text in extensions_conf.steps() for name in re.findall(r"foyer/[a-z-]+", text)}
    assert len(asked) > 8
    for language in PROMPT_LANGUAGES:
        ours = {one.name for one in prompts.phrases() if one.language == language}
        assert {name for name in ours if name.startswith("foyer/")} == asked, language


def test_vietnamese_has_every_number_that_asterisk_says() -> None:
    names = {one.name.removeprefix("digits/") for one in prompts.phrases() if one.language == "vi"}
    numbers = [*range(20), *range(20, 100, 10)]
    words = {"1a", "4a", "5a", "odd", "hundred", "0-hundred", "0-hundred-odd", "thousand", "million", "minus"}
    assert {str(number) for number in numbers} | words <= names
    assert {"queue-youarenext", "queue-thereare", "queue-callswaiting"} <= names


def test_phrases_become_files_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables, out = tmp_path / "tables", tmp_path / "sounds"
    tables.mkdir()
    (tables / "vi.toml").write_text(
        'language = "vi"\n[phrases]\n"digits/1" = "một"\nhello = "chào"\n', "utf-8"
    )
    assert prompts.make(out, tables) == 2
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*.wav")) == [
        "vi/digits/1.wav",
        "vi/hello.wav",
    ]
    assert prompts.make(out, tables) == 0
    assert prompts.main([]) == 2
    for wrong in ('"../x" = "a"', '"A" = "a"', 'a = ""', "a = 1"):
        (tables / "vi.toml").write_text(f'language = "vi"\n[phrases]\n{wrong}\n', "utf-8")
        with pytest.raises(SetupError):
            prompts.make(out, tables)
    assert "usage" in capsys.readouterr().err
