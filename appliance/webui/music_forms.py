"""The form of a set of music: a name, an order, and the pieces. Pure.

What is typed goes to and fro as a draft in which something may be missing; `Site.from_dict` says what, when
it is to be saved. The pieces are rows of two fields, "titles" and "sounds".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from appliance.store.music import PIECES_MAX, MusicSet, Piece
from appliance.webui import site_forms
from appliance.webui.forms import Form
from appliance.webui.prompt_forms import GONE

Document = dict[str, Any]

_UP, _DOWN, _REMOVE = "up:", "down:", "remove:"


@dataclass
class Draft:
    """A set as the form has it."""

    name: str = ""
    shuffle: bool = False
    pieces: list[Piece] = field(default_factory=list)


def draft_of(found: MusicSet) -> Draft:
    """The set as it is saved."""
    return Draft(found.name, found.shuffle, list(found.pieces))


def read(form: Form) -> Draft:
    """The set as it was typed, after what its buttons say."""
    pieces = [Piece(*row) for row in zip(form.all("titles"), form.all("sounds"), strict=False)]
    pieces = pieces[:PIECES_MAX]
    stage = form.text("stage")
    for what, to in ((_UP, -1), (_DOWN, 1)):
        at = _place(stage, what, len(pieces))
        if at is not None and 0 <= at + to < len(pieces):
            pieces[at], pieces[at + to] = pieces[at + to], pieces[at]
    gone = _place(stage, _REMOVE, len(pieces))
    if gone is not None:
        del pieces[gone]
    return Draft(form.text("name"), form.has("shuffle"), pieces)


def _place(stage: str, what: str, length: int) -> int | None:
    """The row that a button is about; None for another button, or a row that is not there."""
    at = stage.removeprefix(what)
    if not stage.startswith(what) or not at.isdecimal() or not at.isascii():
        return None
    return int(at) if len(at) < 4 and int(at) < length else None


def write(document: Document, form: Form, set_id: str, has: Callable[[str], bool]) -> None:
    """Puts the form into the document; `has` knows whether a sound is still there."""
    draft = read(form)
    for at, piece in enumerate(draft.pieces):
        if not has(piece.sound):
            form.error(f"title-{at}", GONE)
    pieces = [{"name": piece.name, "sound": piece.sound} for piece in draft.pieces]
    site_forms.put(
        document, "music", {"id": set_id, "name": draft.name, "pieces": pieces, "shuffle": draft.shuffle}
    )


def field_of(path: str) -> str:
    """The form's field for a refused path below the set, such as "pieces.1.name"."""
    parts = path.split(".")
    return f"title-{parts[1]}" if parts[0] == "pieces" and len(parts) > 1 else parts[0]
