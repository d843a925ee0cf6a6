"""What a site says, as files: which ones it needs, and making those that are missing."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from appliance.durable import place_file
from appliance.errors import RejectedError
from appliance.pbx.conf import extensions_conf, musiconhold_conf, queues_conf
from appliance.pbx.conf.inputs import prompt_name, sound_name
from appliance.store import prompts
from appliance.store.flows import Speaking, Text, said
from appliance.store.prompts import Voice
from appliance.store.sitemodel import Site

# The files of Asterisk that name what is played.
PLAYING = (extensions_conf.FILE, musiconhold_conf.FILE, queues_conf.FILE)
# Longer than any caller stays in one menu or listens to one set of music.
KEPT_S = 6 * 3600.0
_NAME = re.compile(r"[0-9a-f]{64}", re.ASCII)

type Speaker = Callable[[str, str, Path], None]


def make_missing(site: Site, folder: Path, kept: Path, speak: Speaker) -> int:
    """Speaks every text of `site` that has no file in `folder` yet, and copies every sound, of which the
    pages have one in `kept`; returns how many it made.

    RejectedError: a sound is not there any more. Raises what `speak` raises.
    """
    made = 0
    for file, text in wanted(site):
        target = folder / file
        if target.exists():
            continue
        if isinstance(text, Voice) and text.sound:
            _copy(kept / f"{text.sound}.wav", target)
        else:
            speak(text.text, text.language, target)
        made += 1
    return made


def _copy(source: Path, target: Path) -> None:
    """The whole file or none: not a link, since its group is another."""
    try:
        sound = source.read_bytes()
    except FileNotFoundError as error:
        raise RejectedError(
            "A sound that callers are to hear is missing.", "Upload or record it again."
        ) from error
    target.parent.mkdir(parents=True, exist_ok=True)
    place_file(target, sound, 0o644)


def forget_unused(texts: Iterable[str], folder: Path) -> None:
    """Deletes the files that none of these texts of PLAYING has named for hours: all of them can be made
    again, but a caller may be where one of them is played, however often somebody has saved since.
    """
    needed = {name for text in texts for name in _NAME.findall(text)}
    oldest = time.time() - KEPT_S
    for path in folder.rglob("*.wav"):
        if path.stem in needed:
            os.utime(path)
        elif path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def wanted(site: Site) -> Iterator[tuple[str, Text]]:
    """Every file that the site plays, relative to the folder of sounds, and what it says."""
    for queue in site.queues:
        yield from _prompt(site, prompts.greeting(site, queue))
        yield from _prompt(site, prompts.message(site, queue))
        if queue.tells_agent:
            yield f"{sound_name(site.language, queue.name)}.wav", Text(site.language, queue.name)
    for one in site.music:
        for piece in one.pieces:
            yield f"{piece.sound}.wav", Voice("", "", piece.sound)
    for flow in site.flows:
        for step in flow.steps:
            if isinstance(step, Speaking):
                yield from _prompt(site, prompts.said_by(site, step))


def _prompt(site: Site, texts: Sequence[Text]) -> Iterator[tuple[str, Text]]:
    """The text for everybody, and those for callers of another language, in that language's folder."""
    if not texts:
        return
    name = prompt_name(site.language, texts)
    main = said(texts, site.language)
    for text in texts:
        folder = "" if text is main else f"{text.language.partition('-')[0]}/"
        yield f"{folder}{name}.wav", text
