"""Prompts: what callers hear, under a name of its own and in several languages, each a text that the box
speaks or a sound that somebody uploaded or recorded; a part of the site document (sitemodel.py).

A sound is named by the SHA-256 of its file, which the pages keep in `Settings.prompts` for as long as any
revision has it: so undo brings an old one back as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlite_utils import Database

from appliance.errors import RejectedError
from appliance.store.flows import LANGUAGES_MAX, TEXT_MAX, Flow, Speaking, Text
from appliance.store.sitecheck import Fields, field_names

PROMPTS_MAX = 500
_SOUND = re.compile(r"[0-9a-f]{64}", re.ASCII)
_USED = "A prompt that is still played cannot be removed: {where}."


@dataclass(frozen=True)
class Voice(Text):
    """What is heard in one language: the text, or the sound instead of it."""

    sound: str = ""


@dataclass(frozen=True)
class Prompt:
    """A name, and a voice for each language."""

    id: str
    name: str
    voices: tuple[Voice, ...]


class Host(Protocol):
    """A queue, as far as it speaks."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def greeting_text(self) -> str:
        """What callers hear first."""

    @property
    def greeting_id(self) -> str:
        """The prompt that they hear instead."""

    @property
    def message_text(self) -> str:
        """What those who wait hear from time to time."""

    @property
    def message_id(self) -> str:
        """The prompt that they hear instead."""


class Speaker(Protocol):
    """A site, as far as it speaks."""

    @property
    def language(self) -> str:
        """The office's language."""

    @property
    def prompts(self) -> Sequence[Prompt]:
        """The prompts."""

    @property
    def flows(self) -> Sequence[Flow]:
        """The flows."""

    @property
    def queues(self) -> Sequence[Host]:
        """The queues."""


def build(data: object, path: str, strict: bool) -> Prompt:
    """A prompt from JSON; RejectedError names the field."""
    fields = Fields(data, path, field_names(Prompt), strict=strict)
    prompt = Prompt(
        fields.item_id("id", "p"), fields.name("name"), fields.items("voices", LANGUAGES_MAX, _voice)
    )
    if not prompt.voices:
        raise RejectedError("This must be filled in.", field=fields.at("voices"))
    languages = [voice.language for voice in prompt.voices]
    for at, language in enumerate(languages):
        if language in languages[:at]:
            raise RejectedError("This stands here twice.", field=f"{fields.at('voices')}.{at}.language")
    return prompt


def _voice(data: object, path: str, strict: bool) -> Voice:
    fields = Fields(data, path, field_names(Voice), strict=strict)
    voice = Voice(fields.language("language", ""), fields.prose("text", TEXT_MAX), fields.text("sound", ""))
    if voice.sound and not is_sound(voice.sound):
        raise RejectedError("This is not a sound of this box.", field=fields.at("sound"))
    if not voice.text and not voice.sound:
        raise RejectedError("This must be filled in.", field=fields.at("text"))
    return voice


def is_sound(name: str) -> bool:
    """Whether this can be the name of a sound."""
    return _SOUND.fullmatch(name) is not None


def find(site: Speaker, prompt_id: str) -> Prompt | None:
    """The prompt of that id, None if there is none (any more)."""
    return next((prompt for prompt in site.prompts if prompt.id == prompt_id), None)


def said_by(site: Speaker, step: Speaking) -> Sequence[Text]:
    """What a step says: its prompt, or its own texts; nothing where a message begins with the box's words."""
    prompt = find(site, step.prompt_id) if step.prompt_id else None
    return prompt.voices if prompt else step.texts


def greeting(site: Speaker, queue: Host) -> Sequence[Text]:
    """What a queue says first; nothing for none."""
    return _prompt_or_text(site, queue.greeting_id, queue.greeting_text)


def message(site: Speaker, queue: Host) -> Sequence[Text]:
    """What a queue says from time to time; nothing for none."""
    return _prompt_or_text(site, queue.message_id, queue.message_text)


def _prompt_or_text(site: Speaker, prompt_id: str, text: str) -> Sequence[Text]:
    prompt = find(site, prompt_id) if prompt_id else None
    if prompt:
        return prompt.voices
    return (Text(site.language, text),) if text else ()


def uses(site: Speaker, prompt_id: str) -> list[str]:
    """The names of the flows and queues that play this prompt."""
    steps = (
        flow.name
        for flow in site.flows
        for step in flow.steps
        if isinstance(step, Speaking) and step.prompt_id == prompt_id
    )
    queues = (queue.name for queue in site.queues if prompt_id in (queue.greeting_id, queue.message_id))
    return list(dict.fromkeys((*steps, *queues)))


def refuse_missing(site: Speaker) -> None:
    """RejectedError at the first step or queue that plays a prompt which is not there."""
    known = {prompt.id for prompt in site.prompts}
    for at, flow in enumerate(site.flows):
        for place, step in enumerate(flow.steps):
            if isinstance(step, Speaking) and step.prompt_id and step.prompt_id not in known:
                _refuse(site, step.prompt_id, f"flows.{at}.steps.{place}.prompt_id")
    for at, queue in enumerate(site.queues):
        for name in ("greeting_id", "message_id"):
            chosen = getattr(queue, name)
            if chosen and chosen not in known:
                _refuse(site, chosen, f"queues.{at}.{name}")


def _refuse(site: Speaker, prompt_id: str, field: str) -> None:
    where = ", ".join(f"“{name}”" for name in uses(site, prompt_id))
    raise RejectedError(_USED, "Choose another one there first.", field, where=where)


@dataclass(frozen=True)
class Version:
    """How a prompt was in the revisions from `number` on, saved by the user `who` at `created` (ms UTC)."""

    number: int
    who: str
    created: int
    prompt: Prompt


def versions(db: Database, prompt_id: str) -> list[Version]:
    """Every form that a prompt has had, the newest first."""
    rows = db.execute(
        "SELECT number, who, created, item.value FROM revision, json_each(revision.site, '$.prompts') AS item"
        " WHERE json_extract(item.value, '$.id') = ? ORDER BY number",
        (prompt_id,),
    )
    found: list[Version] = []
    for number, who, created, value in rows:
        prompt = build(json.loads(value), "", False)
        if not found or found[-1].prompt != prompt:
            found.append(Version(number, who, created, prompt))
    return found[::-1]


def sounds_in_use(db: Database) -> frozenset[str]:
    """The sounds that some revision has, in prompts and in music."""
    rows = db.execute(
        "SELECT json_extract(voice.value, '$.sound') FROM revision,"
        " json_each(revision.site, '$.prompts') AS item, json_each(item.value, '$.voices') AS voice"
        " UNION SELECT json_extract(piece.value, '$.sound') FROM revision,"
        " json_each(revision.site, '$.music') AS item, json_each(item.value, '$.pieces') AS piece"
    )
    return frozenset(str(row[0]) for row in rows if row[0])
