"""Makes the fixed phrases of provisioning/prompts: `python3 -m appliance.apply.prompts FOLDER`.

The image's build runs it once, inside the root, with Asterisk's folder of sounds
(/usr/share/asterisk/sounds); each table <language>.toml becomes FOLDER/<language>/<name>.wav. Files that are
there already stay, so that a build can go on where it was interrupted and a recorded voice can replace a
synthetic one.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import FoyerError, SetupError
from appliance.sound.speech import speak

TABLES = Path(__file__).parents[2] / "provisioning" / "prompts"
_NAME = re.compile(r"[a-z0-9-]{1,40}(?:/[A-Za-z0-9-]{1,40})?", re.ASCII)


@dataclass(frozen=True)
class Phrase:
    """One prompt: `name` is what Asterisk asks for, such as "digits/20"."""

    language: str
    name: str
    text: str


def phrases(folder: Path = TABLES) -> Iterator[Phrase]:
    """Every phrase of every table. SetupError names a table that cannot be used."""
    for table in sorted(folder.glob("*.toml")):
        try:
            facts = tomllib.loads(table.read_text("utf-8"))
            language, texts = facts["language"], facts["phrases"]
        except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
            raise SetupError(f"{table} is not a usable table of prompts: {error}.") from error
        for name, text in texts.items():
            if (
                language != table.stem
                or not _NAME.fullmatch(name)
                or not isinstance(text, str)
                or not text.strip()
            ):
                raise SetupError(f"{table}: {name} is not a prompt of {table.stem}.")
            yield Phrase(language, name, text)


def make(folder: Path, tables: Path = TABLES) -> int:
    """Speaks what is missing in `folder`; returns how many files it made."""
    made = 0
    for phrase in phrases(tables):
        target = folder / phrase.language / f"{phrase.name}.wav"
        if not target.exists():
            speak(phrase.text, phrase.language, target)
            made += 1
    return made


def main(arguments: list[str]) -> int:
    """The command."""
    if len(arguments) != 1:
        print("usage: python3 -m appliance.apply.prompts FOLDER", file=sys.stderr)
        return 2
    try:
        made = make(Path(arguments[0]))
    except FoyerError as error:
        print(f"prompts: {error}", file=sys.stderr)
        return 1
    print(f"{made} prompts made in {arguments[0]}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
