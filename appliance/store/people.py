"""Customers and the addresses that reach them.

Merging sets a pointer and splitting deletes it: conversations and addresses keep the person they first
belonged to, and every reader follows the pointer. So a wrong merge costs nothing.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass

from sqlite_utils import Database

from appliance.errors import NotFoundError, RejectedError
from appliance.store import phone, records
from appliance.store.db import Change
from appliance.store.ids import new_id
from appliance.store.records import Conversation, Message, Segment
from appliance.store.text import storable

NAME_MAX = 200
NOTE_MAX = 10_000
PRIORITIES = ("normal", "high")
# ISO 639: two letters, or three for a language without a code of two.
_LANGUAGE = re.compile(r"[a-z]{2,3}", re.ASCII)
_DIGITS_MIN = 3
# Arabic yeh and kaf, which look like the Persian letters; the zero-width non-joiner; and Vietnamese đ.
_SAME_LETTERS = str.maketrans({"\u064a": "\u06cc", "\u0643": "\u06a9", "\u200c": None, "đ": "d"})
_NO_NAME = frozenset(("Cc", "Cs", "Zl", "Zp"))

_ROOT = """
WITH RECURSIVE up(id, parent) AS (
    SELECT id, merged_into FROM person WHERE id = ?
    UNION SELECT person.id, person.merged_into FROM person JOIN up ON person.id = up.parent)
SELECT id FROM up WHERE parent IS NULL
"""
_MEMBERS = """
WITH RECURSIVE down(id) AS (
    SELECT ? UNION SELECT person.id FROM person JOIN down ON person.merged_into = down.id)
SELECT id FROM down
"""
_MEMBERS_ADDRESSES = """
SELECT id, person_id, kind, value, label
FROM address WHERE person_id IN (SELECT value FROM json_each(?)) ORDER BY created, id
"""
_ALIASES = """
SELECT DISTINCT name FROM person
WHERE id IN (SELECT value FROM json_each(?)) AND name NOT IN ('', ?) ORDER BY name
"""
_EVERYBODY = """
SELECT id FROM person
WHERE merged_into IS NULL AND (:after IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit
"""
_SEARCH = """
WITH RECURSIVE hit(id) AS (
    SELECT id FROM person WHERE folded LIKE :name ESCAPE '\\'
    UNION SELECT person_id FROM address WHERE value LIKE :value ESCAPE '\\' OR value LIKE :digits),
up(id, parent) AS (
    SELECT person.id, person.merged_into FROM person JOIN hit USING (id)
    UNION SELECT person.id, person.merged_into FROM person JOIN up ON person.id = up.parent)
SELECT id FROM up WHERE parent IS NULL AND (:after IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit
"""
_TREATMENTS = """
WITH RECURSIVE treated(id, language, priority, blocked) AS (
    SELECT id, language, priority, blocked FROM person
    WHERE merged_into IS NULL AND (blocked = 1 OR priority <> 'normal' OR language <> '')
    UNION SELECT person.id, treated.language, treated.priority, treated.blocked
    FROM person JOIN treated ON person.merged_into = treated.id)
SELECT value, language, priority, blocked
FROM treated JOIN address ON person_id = treated.id WHERE kind = 'phone' ORDER BY value
"""


@dataclass(frozen=True)
class Address:
    """`kind` is phone, email ...; `value` E.164 for a phone, the raw text where it is not one."""

    id: str
    person_id: str
    kind: str
    value: str
    label: str


@dataclass(frozen=True)
class Person:
    """A customer with everybody merged into them: `addresses`, `merged` (ids) and `aliases` (their names) are
    of all, the rest is the root's. `language` is an ISO 639 code or "", `priority` normal or high.
    """

    id: str
    name: str
    language: str
    note: str
    priority: str
    blocked: bool
    created: int
    addresses: tuple[Address, ...]
    merged: tuple[str, ...]
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class Treatment:
    """What a flow must know when `number` calls: the caller's language ("" if unknown), priority, and whether
    their calls are turned away.
    """

    number: str
    language: str
    priority: str
    blocked: bool


@dataclass(frozen=True)
class TimelineEntry:
    """A conversation with what happened in it."""

    conversation: Conversation
    segments: tuple[Segment, ...]
    messages: tuple[Message, ...]


def person_for(change: Change, kind: str, value: str, name: str | None = None) -> str:
    """The id of the person whom `value` belongs to, made if there is none. `value` is already normalised.

    The id is the address's own person even if that one was merged into another, so that splitting gives every
    conversation back. `name` only helps where there is none yet. Event: person, if anything changed.
    """
    row = change.db.execute(
        "SELECT person.id, person.name FROM address JOIN person ON person.id = person_id"
        " WHERE kind = ? AND value = ?",
        (kind, value),
    ).fetchone()
    clean = _clean_name(name or "")
    if row is not None:
        if clean and not row[1]:
            _set_name(change, row[0], clean)
        return str(row[0])
    person_id = new_id()
    change.db.execute(
        "INSERT INTO person (id, name, folded, created) VALUES (?, ?, ?, ?)",
        (person_id, clean, fold(clean), change.now),
    )
    change.db.execute(
        "INSERT INTO address (id, person_id, kind, value, created) VALUES (?, ?, ?, ?, ?)",
        (new_id(), person_id, kind, value, change.now),
    )
    change.event("person", person_id)
    return person_id


def by_address(db: Database, kind: str, value: str) -> Person | None:
    """Whom an address belongs to; None if nobody ever used it."""
    row = db.execute("SELECT person_id FROM address WHERE kind = ? AND value = ?", (kind, value)).fetchone()
    return get(db, row[0]) if row else None


def get(db: Database, person_id: str) -> Person:
    """The person, or the one they were merged into. NotFoundError if there is none."""
    root = root_of(db, person_id)
    return _person(db, root, _members(db, root))


def part(db: Database, person_id: str) -> Person:
    """The person alone, with those merged into them: what `split` would take out. NotFoundError."""
    root_of(db, person_id)
    return _person(db, person_id, _members(db, person_id))


def root_of(db: Database, person_id: str) -> str:
    """The id of the person that this one is part of now (mostly their own). NotFoundError if there is
    none.
    """
    row = db.execute(_ROOT, (person_id,)).fetchone()
    if row is None:
        raise NotFoundError("There is no such person.")
    return str(row[0])


def search(db: Database, text: str, limit: int = 50, after: str | None = None) -> list[Person]:
    """People by part of a name (case and marks do not matter), number or other address, newest first.

    `after` is the id of the last one of the page before. An empty text finds everybody.
    """
    digits = "".join(char for char in phone.ascii_digits(text) if char.isdigit()).lstrip("0")
    values = {
        "name": _part(fold(text)),
        "value": _part(text.strip()),
        # "0901 234" is how people write +84901234...; two digits would find half the world.
        "digits": f"%{digits}%" if len(digits) >= _DIGITS_MIN else None,
        "after": after,
        "limit": limit,
    }
    sql = _SEARCH if text.strip() else _EVERYBODY
    return [get(db, row[0]) for row in db.execute(sql, values).fetchall()]


def timeline(db: Database, person_id: str, before: str | None = None, limit: int = 50) -> list[TimelineEntry]:
    """The conversations of a person and of everybody merged into them, newest first, with what is in them.

    `before` is the conversation id of the last entry of the page before.
    """
    members = _members(db, root_of(db, person_id))
    where = "person_id IN (SELECT value FROM json_each(?))"
    values = [json.dumps(members)]
    if before is not None:
        where += " AND (started, id) < (SELECT started, id FROM conversation WHERE id = ?)"
        values.append(before)
    found = records.conversations_where(db, where, values, limit)
    keys = [conversation.id for conversation in found]
    segments = records.segments_of(db, keys)
    messages = records.messages_of(db, keys)
    return [TimelineEntry(item, tuple(segments[item.id]), tuple(messages[item.id])) for item in found]


def rename(change: Change, person_id: str, name: str) -> None:
    """Gives the person a name (empty: none). RejectedError if it is too long or not one line. Event:
    person.
    """
    clean = unicodedata.normalize("NFC", name).strip()
    if len(clean) > NAME_MAX or clean != _clean_name(clean):
        raise RejectedError("A name is one line of at most {high} characters.", field="name", high=NAME_MAX)
    _set_name(change, root_of(change.db, person_id), clean)


def describe(change: Change, person_id: str, note: str, language: str = "") -> None:
    """Sets the note that everybody sees beside the person, and their language (ISO 639, "" for unknown).

    RejectedError: the note is too long, or this is no language. Event: person.
    """
    if len(note) > NOTE_MAX:
        raise RejectedError("At most {high} characters, please.", field="note", high=NOTE_MAX)
    if language and not _LANGUAGE.fullmatch(language):
        raise RejectedError("This is not one of the choices.", field="language")
    root = root_of(change.db, person_id)
    change.db.execute("UPDATE person SET note = ?, language = ? WHERE id = ?", (note, language, root))
    change.event("person", root)


def set_priority(change: Change, person_id: str, priority: str) -> None:
    """Whether the person's calls go before others in a queue. RejectedError for an unknown word. Event:
    person.
    """
    if priority not in PRIORITIES:
        raise RejectedError("This is not one of the choices.", field="priority")
    root = root_of(change.db, person_id)
    change.db.execute("UPDATE person SET priority = ? WHERE id = ?", (priority, root))
    change.event("person", root)


def set_blocked(change: Change, person_id: str, blocked: bool) -> None:
    """Whether the person's calls are turned away. Event: person."""
    root = root_of(change.db, person_id)
    change.db.execute("UPDATE person SET blocked = ? WHERE id = ?", (int(blocked), root))
    change.event("person", root)


def treatments(db: Database) -> list[Treatment]:
    """The phone numbers whose calls are not like everybody's. What is set for a person counts for the numbers
    of everybody merged into them.
    """
    return [
        Treatment(number, language, priority, bool(blocked))
        for number, language, priority, blocked in db.execute(_TREATMENTS)
    ]


def merge(change: Change, from_id: str, into_id: str) -> None:
    """Makes `from_id`, with all merged into them, part of `into_id`. RejectedError if they are one
    already.
    """
    source, target = root_of(change.db, from_id), root_of(change.db, into_id)
    if source == target:
        raise RejectedError("These are the same person already.")
    change.db.execute("UPDATE person SET merged_into = ? WHERE id = ?", (target, source))
    change.event("person", source)
    change.event("person", target)


def split(change: Change, person_id: str) -> None:
    """Takes back the merge of `person_id` (one of Person.merged). RejectedError if they are not merged."""
    row = change.db.execute("SELECT merged_into FROM person WHERE id = ?", (person_id,)).fetchone()
    if row is None or row[0] is None:
        raise RejectedError("This person was not merged.")
    change.event("person", root_of(change.db, person_id))
    change.db.execute("UPDATE person SET merged_into = NULL WHERE id = ?", (person_id,))
    change.event("person", person_id)


def fold(text: str) -> str:
    """`text` as searching sees it: no case, no marks, so that "nguyen" finds "Nguyễn" and "duc" finds
    "Đức"; the letters of Persian, also as an Arabic keyboard types them.
    """
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_SAME_LETTERS)
    return " ".join("".join(char for char in plain if not unicodedata.combining(char)).split())


def _person(db: Database, person_id: str, members: list[str]) -> Person:
    """The row of `person_id` with what belongs to all `members`, of whom they are the first."""
    name, language, note, priority, blocked, created = db.execute(
        "SELECT name, language, note, priority, blocked, created FROM person WHERE id = ?", (person_id,)
    ).fetchone()
    keys = json.dumps(members)
    addresses = tuple(Address(*row) for row in db.execute(_MEMBERS_ADDRESSES, (keys,)))
    others = db.execute(_ALIASES, (keys, name)).fetchall() if len(members) > 1 else []
    aliases = tuple(str(row[0]) for row in others)
    return Person(
        person_id,
        name,
        language,
        note,
        priority,
        bool(blocked),
        created,
        addresses,
        tuple(members[1:]),
        aliases,
    )


def _members(db: Database, root: str) -> list[str]:
    return [str(row[0]) for row in db.execute(_MEMBERS, (root,))]


def _set_name(change: Change, person_id: str, name: str) -> None:
    change.db.execute("UPDATE person SET name = ?, folded = ? WHERE id = ?", (name, fold(name), person_id))
    change.event("person", person_id)


def _clean_name(name: str) -> str:
    """A name as a network or a page gave it, without what is no part of a name."""
    text = unicodedata.normalize("NFC", storable(name))
    return "".join(char for char in text if unicodedata.category(char) not in _NO_NAME).strip()[:NAME_MAX]


def _part(text: str) -> str | None:
    """The pattern of what has this text in it; None, which matches nothing, where nothing can have it.

    Marks alone fold to an empty text, which would be in everything. SQLite reads a pattern up to a NUL only.
    """
    if not text or "\0" in text:
        return None
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
