"""The internal numbers of a site that are nobody's phone: conference rooms, and groups of people whose phones
one speaks to at once. Checked like the rest of the site, and so is that no internal number is given twice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from appliance.errors import RejectedError
from appliance.store.sitecheck import Fields, field_names

ROOMS_MAX = 50
PAGINGS_MAX = 50
PAGED_MAX = 100
"""People in one group: Asterisk takes all their phones as one text."""
GROUPS = ("agents", "rooms", "pagings")
"""The lists of the document whose entries have an internal number (`extension`)."""
_PIN = re.compile(r"[0-9]{4,10}")


@dataclass(frozen=True)
class Room:
    """A conference room, which any phone of the office dials. One that is `locked` asks for a PIN at the door
    (store/secrets.py), and lets nobody in as long as it has none.
    """

    id: str
    name: str
    extension: str
    locked: bool = False


@dataclass(frozen=True)
class Paging:
    """Who dials the number speaks to the desk phones of these agents (ids), which answer by themselves."""

    id: str
    name: str
    extension: str
    agents: tuple[str, ...] = ()


class Numbered(Protocol):
    """Whoever has an internal number."""

    @property
    def name(self) -> str:
        """As people call it."""

    @property
    def extension(self) -> str:
        """The internal number."""


class Inside(Protocol):
    """What is looked at of a site."""

    @property
    def agents(self) -> Sequence[Numbered]:
        """The people."""

    @property
    def rooms(self) -> Sequence[Room]:
        """The conference rooms."""

    @property
    def pagings(self) -> Sequence[Paging]:
        """The groups that are spoken to."""


def room(data: object, path: str, strict: bool) -> Room:
    """The checked value; RejectedError names the field."""
    fields = Fields(data, path, field_names(Room), strict=strict)
    return Room(
        fields.item_id("id", "r"),
        fields.name("name"),
        fields.extension("extension"),
        fields.flag("locked", Room.locked),
    )


def is_pin(text: str) -> bool:
    """Whether a room may have it: 4 to 10 ASCII digits."""
    return _PIN.fullmatch(text) is not None


def secret_of(room_id: str) -> str:
    """The name of its PIN in store/secrets.py."""
    return f"room:{room_id}"


def paging(data: object, path: str, strict: bool) -> Paging:
    """The checked value; RejectedError names the field."""
    fields = Fields(data, path, field_names(Paging), strict=strict)
    found = Paging(
        fields.item_id("id", "g"),
        fields.name("name"),
        fields.extension("extension"),
        fields.texts("agents", (), PAGED_MAX),
    )
    if not found.agents:
        raise RejectedError("Nobody would hear this.", "Choose somebody.", fields.at("agents"))
    return found


def numbers(site: Inside) -> Iterator[tuple[str, Numbered]]:
    """Every internal number: its path in the document, and whose it is."""
    for group in GROUPS:
        for at, one in enumerate(getattr(site, group)):
            yield f"{group}.{at}.extension", one


def refuse_twice(site: Inside) -> None:
    """RejectedError at the second use of an internal number, saying whose it is."""
    taken: dict[str, str] = {}
    for path, one in numbers(site):
        if one.extension in taken:
            raise RejectedError(
                "{name} and {other} cannot both have the extension {extension}.",
                "Choose another one.",
                path,
                name=taken[one.extension],
                other=one.name,
                extension=one.extension,
            )
        taken[one.extension] = one.name


def refuse_dangling(pagings: Sequence[Paging], agents: Collection[str]) -> None:
    """RejectedError at the first agent that the site does not have."""
    for at, group in enumerate(pagings):
        for place, agent_id in enumerate(group.agents):
            if agent_id not in agents:
                raise RejectedError("There is no such agent.", field=f"pagings.{at}.agents.{place}")
