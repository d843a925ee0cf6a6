"""The tables of fixed phrases."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from appliance.apply import prompts
from appliance.errors import SetupError
from appliance.pbx import conf
from appliance.pbx.conf import extensions_conf
from appliance.pbx.conf.inputs import PROMPT_LANGUAGES


def test_every_phrase_of_the_dialplan_exists_in_every_language() -> None:
    asked = {name for _, text in extensions_conf.steps() for name in re.findall(r"foyer/[a-z-]+", text)}
    renderers = Path(conf.__file__).parent.glob("*.py")
    asked |= {name for one in renderers for name in re.findall(r'"(foyer/[a-z-]+)"', one.read_text("utf-8"))}
    assert len(asked) > 8
    for language in PROMPT_LANGUAGES:
        ours = {one.name for one in prompts.phrases() if one.language == language}
        assert {name for name in ours if name.startswith("foyer/")} == asked, language


# What Asterisk's SayNumber asks for beside digits/<number>, up to some millions, as heard from the real one;
# English is its own.
SAID = {
    "de": {
        *map(str, (*range(21), *range(30, 100, 10))),
        *(f"{one}-and" for one in range(1, 10)),
        *("1F", "1N", "hundred", "thousand", "million", "millions"),
    },
    "fa": {*map(str, (*range(21), *range(30, 100, 10))), "hundred", "thousand", "million"},
    "fr": {*map(str, (*range(21), *range(30, 70, 10), 80)), "et", "hundred", "thousand", "million"},
    "ro": {*map(str, (*range(21), *range(30, 100, 10))), "hundred", "thousand", "million"},
    "th": {
        *map(str, (*range(22), *range(30, 100, 10), *range(31, 100, 10))),
        *("roi", "pan", "muan", "san", "larn"),
    },
    "vi": {
        *map(str, (*range(21), *range(30, 100, 10))),
        *("1a", "4a", "5a", "odd", "hundred", "0-hundred", "0-hundred-odd", "thousand", "million", "minus"),
    },
}


def test_every_number_that_asterisk_says() -> None:
    assert set(SAID) == set(PROMPT_LANGUAGES) - {"en"}
    for language, wanted in SAID.items():
        names = {one.name for one in prompts.phrases() if one.language == language}
        assert {f"digits/{name}" for name in wanted} <= names
        assert {"queue-youarenext", "queue-thereare", "queue-callswaiting"} <= names
        assert {"queue-holdtime", "queue-minute", "queue-minutes", "queue-seconds"} <= names


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
