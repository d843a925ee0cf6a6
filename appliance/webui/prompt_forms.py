"""The form of a prompt: a name, and for each language a text or a sound. Pure.

What is typed goes to and fro as a draft in which something may be missing; `Site.from_dict` says what, when
it is to be saved. A sound keeps the text beside it, as a note of what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from babel import Locale

from appliance.store.flows import LANGUAGES_MAX
from appliance.store.prompts import Prompt, Voice
from appliance.webui import site_forms
from appliance.webui.forms import Form
from appliance.webui.i18n import N_

Document = dict[str, Any]

_REMOVE, _DROP = "remove:", "drop:"
GONE = N_("This sound is no longer there. Upload or record it again.")
# Of espeak-ng's languages, those with a voice that can be understood on a telephone; the order is the
# reader's.
_CODES = """
af ar az bg bn bs ca cs cy da de el en eo es et eu fa fi fr ga gu he hi hr hu hy id is it ja ka kk kn ko ky
lt lv mk ml mr ms mt my nb ne nl pa pl pt pt-BR ro ru si sk sl sq sr sv sw ta te th tr uk ur uz vi
"""
LANGUAGES = tuple(_CODES.split())


@dataclass
class Draft:
    """A prompt as the form has it."""

    name: str = ""
    voices: list[Voice] = field(default_factory=list)


def draft_of(prompt: Prompt) -> Draft:
    """The prompt as it is saved."""
    return Draft(prompt.name, list(prompt.voices))


def read(form: Form) -> Draft:
    """The prompt as it was typed, after what its buttons say."""
    stage = form.text("stage")
    draft = Draft(form.text("name"))
    languages = [code for code in dict.fromkeys(form.all("languages")) if is_language(code)]
    if stage == "add" and is_language(form.text("add")) and form.text("add") not in languages:
        languages.append(form.text("add"))
    for code in languages[:LANGUAGES_MAX]:
        sound = "" if stage == f"{_DROP}{code}" else form.text(f"{code}-sound")
        if stage != f"{_REMOVE}{code}":
            draft.voices.append(Voice(code, form.text(f"{code}-text"), sound))
    return draft


def is_language(code: str) -> bool:
    """Whether a prompt can be in it."""
    return code in LANGUAGES


def write(document: Document, form: Form, prompt_id: str, has: Callable[[str], bool]) -> None:
    """Puts the form into the document, without the languages that were left empty; `has` knows whether a
    sound is still there.
    """
    draft = read(form)
    for voice in draft.voices:
        if voice.sound and not has(voice.sound):
            form.error(f"{voice.language}-sound", GONE)
    voices = [
        {"language": voice.language, "text": voice.text, "sound": voice.sound}
        for voice in draft.voices
        if voice.text or voice.sound
    ]
    site_forms.put(document, "prompts", {"id": prompt_id, "name": draft.name, "voices": voices})


def field_of(draft: Draft, path: str) -> str:
    """The form's field for a refused path below the prompt, such as "voices.1.text"."""
    parts = path.split(".")
    if parts[0] != "voices":
        return parts[0]
    said = [voice for voice in draft.voices if voice.text or voice.sound]
    if len(parts) == 1 or not said:
        return f"{draft.voices[0].language}-text" if draft.voices else "add"
    return f"{said[int(parts[1])].language}-{parts[2] if len(parts) > 2 else 'text'}"


def language_names(locale: Locale, codes: Sequence[str]) -> dict[str, str]:
    """What the reader calls these languages, by code."""
    return {code: str(locale.languages.get(code.replace("-", "_"), code)) for code in codes}
