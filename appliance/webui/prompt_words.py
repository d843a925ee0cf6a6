"""Prompts in words: what differs between two revisions. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from appliance.store.prompts import Prompt, Voice
from appliance.webui.i18n import N_

Say = Callable[[str], str]


def changes(before: Prompt, after: Prompt, say: Say) -> Iterator[tuple[str, str, str]]:
    """What of a prompt differs, as (what, before, after)."""
    if before.name != after.name:
        yield say(N_("Name")), before.name, after.name
    was = {voice.language: voice for voice in before.voices}
    now = {voice.language: voice for voice in after.voices}
    for code in dict.fromkeys((*now, *was)):
        if was.get(code) != now.get(code):
            is_other = bool(_sound(was.get(code)) and _sound(now.get(code)))
            is_other = is_other and _sound(was.get(code)) != _sound(now.get(code))
            yield code, _words(was.get(code), say), _words(now.get(code), say, is_other=is_other)


def _sound(voice: Voice | None) -> str:
    return voice.sound if voice else ""


def _words(voice: Voice | None, say: Say, *, is_other: bool = False) -> str:
    if voice is None:
        return ""
    if not voice.sound:
        return voice.text
    sound = say(N_("another recording")) if is_other else say(N_("a recording"))
    return f"{sound}: {voice.text}" if voice.text else sound
