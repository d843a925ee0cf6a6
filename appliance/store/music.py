"""Music for callers who wait: sets of pieces, each a sound that somebody uploaded; a part of the site
document (sitemodel.py). The sounds are kept like those of prompts (prompts.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from appliance.errors import RejectedError
from appliance.store import prompts
from appliance.store.sitecheck import Fields, field_names

SETS_MAX = 50
PIECES_MAX = 50
CALM = "calm"
"""The music that every box has, in place of a set."""
OFFICE = "default"
"""What a queue has that plays what the whole office plays (`Site.hold_music`)."""
_USED = "Music that is still played cannot be removed: {where}."
_OFFICES = "Music that the whole office plays cannot be removed."
_CHOOSE = "Choose another one there first."


@dataclass(frozen=True)
class Piece:
    """A sound, and what the office calls it."""

    name: str
    sound: str


@dataclass(frozen=True)
class MusicSet:
    """Pieces that are played in their order to every caller, or in one of chance (`shuffle`)."""

    id: str
    name: str
    pieces: tuple[Piece, ...]
    shuffle: bool = False


class Place(Protocol):
    """A queue, as far as it plays music."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def music(self) -> str:
        """The id of a set, CALM or OFFICE."""


class Player(Protocol):
    """A site, as far as it plays music."""

    @property
    def music(self) -> Sequence[MusicSet]:
        """The sets."""

    @property
    def hold_music(self) -> str:
        """What the whole office plays: the id of a set, or CALM."""

    @property
    def queues(self) -> Sequence[Place]:
        """The queues."""


def build(data: object, path: str, strict: bool) -> MusicSet:
    """A set from JSON; RejectedError names the field."""
    fields = Fields(data, path, field_names(MusicSet), strict=strict)
    found = MusicSet(
        fields.item_id("id", "m"),
        fields.name("name"),
        fields.items("pieces", PIECES_MAX, _piece),
        fields.flag("shuffle", MusicSet.shuffle),
    )
    if not found.pieces:
        raise RejectedError("A set needs a piece of music.", "Upload one.", field=fields.at("pieces"))
    return found


def _piece(data: object, path: str, strict: bool) -> Piece:
    fields = Fields(data, path, field_names(Piece), strict=strict)
    piece = Piece(fields.name("name"), fields.text("sound"))
    if not prompts.is_sound(piece.sound):
        raise RejectedError("This is not a sound of this box.", field=fields.at("sound"))
    return piece


def find(site: Player, music: str) -> MusicSet | None:
    """The set that plays where this is chosen; None for the box's own music."""
    wanted = site.hold_music if music == OFFICE else music
    return next((one for one in site.music if one.id == wanted), None)


def uses(site: Player, set_id: str) -> list[str]:
    """The names of the queues that play this set, apart from what the whole office plays."""
    return [queue.name for queue in site.queues if queue.music == set_id]


def refuse_missing(site: Player) -> None:
    """RejectedError where the office or a queue plays music that is not there."""
    known = {CALM, *(one.id for one in site.music)}
    if site.hold_music not in known:
        raise RejectedError(_OFFICES, _CHOOSE, "hold_music")
    for at, queue in enumerate(site.queues):
        if queue.music not in known | {OFFICE}:
            where = ", ".join(f"“{name}”" for name in uses(site, queue.music))
            raise RejectedError(_USED, _CHOOSE, f"queues.{at}.music", where=where)
