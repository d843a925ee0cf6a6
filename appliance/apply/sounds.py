"""The greetings of a site as files: which ones it needs, and making those that are missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from appliance.pbx.conf.inputs import sound_name
from appliance.store.sitemodel import Site

_NAME = re.compile(r"[0-9a-f]{64}", re.ASCII)

type Speaker = Callable[[str, str, Path], None]


def make_missing(site: Site, folder: Path, speak: Speaker) -> int:
    """Speaks every text of `site` that has no file in `folder` yet; returns how many. Raises what
    `speak` raises.
    """
    made = 0
    for text in _texts(site):
        target = folder / f"{sound_name(site.language, text)}.wav"
        if not target.exists():
            speak(text, site.language, target)
            made += 1
    return made


def forget_unused(dialplans: Iterable[str], folder: Path) -> None:
    """Deletes the files that none of these extensions.conf plays: all of them can be spoken again."""
    needed = {name for text in dialplans for name in _NAME.findall(text)}
    for path in folder.glob("*.wav"):
        if path.stem not in needed:
            path.unlink(missing_ok=True)


def _texts(site: Site) -> Iterator[str]:
    for queue in site.queues:
        if queue.greeting_text:
            yield queue.greeting_text
