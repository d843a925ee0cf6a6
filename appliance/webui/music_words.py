"""Music for callers who wait, in words: what is played where, what differs between two revisions. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from appliance.store import music
from appliance.store.music import MusicSet, Piece
from appliance.store.sitemodel import Site
from appliance.webui.i18n import N_

Say = Callable[[str], str]

CALM = N_("Calm music")
AS_OFFICE = N_("As in the whole office: %(name)s")


def name(site: Site, chosen: str, say: Say) -> str:
    """What is played where this is chosen."""
    found = music.find(site, chosen)
    shown = found.name if found else say(CALM)
    return say(AS_OFFICE) % {"name": shown} if chosen == music.OFFICE else shown


def choices(site: Site, say: Say) -> list[tuple[str, str]]:
    """What the whole office can play: ids and names."""
    return [(music.CALM, say(CALM)), *((one.id, one.name) for one in site.music)]


def changes(before: MusicSet, after: MusicSet, say: Say) -> Iterator[tuple[str, str, str]]:
    """What of a set differs, as (what, before, after)."""
    if before.name != after.name:
        yield say(N_("Name")), before.name, after.name
    if before.shuffle != after.shuffle:
        yield say(N_("Order")), _order(before, say), _order(after, say)
    if before.pieces != after.pieces:
        was, now = _pieces(before.pieces, (), say), _pieces(after.pieces, before.pieces, say)
        yield say(N_("Pieces of music")), was, now


def _order(one: MusicSet, say: Say) -> str:
    return say(N_("Mixed")) if one.shuffle else say(N_("As listed"))


def _pieces(pieces: Sequence[Piece], before: Sequence[Piece], say: Say) -> str:
    """Their names; one whose sound is another than before says so."""
    was = {piece.name: piece.sound for piece in before}
    return ", ".join(
        f"{piece.name} ({say(N_('another recording'))})"
        if was.get(piece.name, piece.sound) != piece.sound
        else piece.name
        for piece in pieces
    )
