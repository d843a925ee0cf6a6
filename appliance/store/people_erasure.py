"""Erases a person: name, notes, addresses, what was said and written, and every row that holds their number.

What remains are figures: conversations and segments that are nobody's. Recordings' files go after the commit
(see doomed_files.py). Nothing brings an erased person back; if they call again, they are somebody new.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from appliance.errors import ConflictError
from appliance.store import audit, doomed_files, line_tests, people, phone, site
from appliance.store.db import Change
from appliance.store.text import to_json

SETTLED_MS = 60_000
"""After a call's end its last rows, its recording and its agent's note may still come for so long."""
# The digits of shorter addresses (a service number, an extension) are everywhere, in stamps and in durations:
# they are a number only where Asterisk writes one.
_SOUGHT_MIN = 7
_SHORT = r'(?<=sip:){0}(?=@)|(?<=\^){0}(?=\^)|(?<="extension":"){0}(?=")'
_SHORT_NEEDLES = ('"{}"', '\\"{}\\"', "sip:{}@", "^{}^")
_NUMBER_FIELDS = ("num", "exten")
# queue_log: which of an event's data is a number.
_NUMBER_AT = {"ENTERQUEUE": 1, "BLINDTRANSFER": 0}
_CONVERSATIONS = """
SELECT id, origin, agent_id, queue_id FROM conversation
WHERE person_id IN (SELECT value FROM json_each(?)) ORDER BY id
"""
_UNSETTLED = """
SELECT 1 FROM conversation
WHERE person_id IN (SELECT value FROM json_each(?)) AND (ended IS NULL OR ended > ?) LIMIT 1
"""
_COUNTS = """
SELECT count(DISTINCT conversation.id),
       count(message.id) FILTER (WHERE message.kind IN ('recording', 'voicemail', 'fax')),
       count(message.id) FILTER (WHERE message.kind = 'note' AND trim(message.body) <> '')
FROM conversation LEFT JOIN message ON message.conversation_id = conversation.id
WHERE person_id IN (SELECT value FROM json_each(?))
"""


@dataclass(frozen=True)
class Extent:
    """What erasing would touch: conversations lose their person, recordings and notes go."""

    conversations: int
    recordings: int
    notes: int


@dataclass(frozen=True)
class Mentions:
    """Raw rows that hold one of a person's numbers, by `seq`, as far as they were looked through
    (`up_to`).
    """

    rows: tuple[int, ...] = ()
    up_to: int = 0


def extent(db: Database, person_id: str) -> Extent:
    """What erasing the person would touch. NotFoundError if there is none."""
    return Extent(*db.execute(_COUNTS, (_keys(people.get(db, person_id)),)).fetchone())


def mentions(db: Database, person_id: str) -> Mentions:
    """Looks through all raw rows. For `erase`, so that it does not have to while everybody waits for it."""
    return _mentions(db, _Traces.of(db, people.get(db, person_id)), 0)


def erase(change: Change, person_id: str, by: str, seen: Mentions | None = None) -> None:
    """Erases the person with everybody merged into them. `by` is the user's id, for the journal; `seen` the
    answer of `mentions`.

    ConflictError while they are on the phone, and for a minute after; NotFoundError. Events: person,
    conversation, live.
    """
    found = people.get(change.db, person_id)
    keys = _keys(found)
    if change.db.execute(_UNSETTLED, (keys, change.now - SETTLED_MS)).fetchone():
        raise ConflictError(
            "This person is on the phone, or was until just now.", "Erase them a minute after the call."
        )
    # What is deleted is overwritten, not only forgotten.
    change.db.execute("PRAGMA secure_delete = ON")
    traces = _Traces.of(change.db, found)
    calls = change.db.execute(_CONVERSATIONS, (keys,)).fetchall()
    _forget_conversations(change, json.dumps([row[0] for row in calls]))
    _forget_rows(change, [str(row[1]) for row in calls if row[1]], traces, seen or Mentions())
    _forget_requests(change, traces)
    _forget_live(change, traces)
    _forget_callbacks(change, traces)
    _forget_line_tests(change, traces)
    # One statement, since merged people point at each other; their addresses go with them.
    change.db.execute("DELETE FROM person WHERE id IN (SELECT value FROM json_each(?))", (keys,))
    audit.record(change, by, "person.erase", found.id, conversations=len(calls))
    for person in (found.id, *found.merged):
        change.event("person", person)
    for conversation_id, _, agent_id, queue_id in calls:
        change.event(
            "conversation", conversation_id, conversation=conversation_id, agent=agent_id, queue=queue_id
        )


@dataclass(frozen=True)
class _Traces:
    """How to find a person in rows that are not theirs."""

    numbers: frozenset[str]
    names: frozenset[str]
    needles: tuple[str, ...]
    pattern: re.Pattern[str]
    country: str

    @classmethod
    def of(cls, db: Database, found: people.Person) -> _Traces:
        """`needles` are plain parts of the rows' text where `pattern` may find something."""
        numbers = frozenset(address.value for address in found.addresses)
        long = sorted(number for number in numbers if len(number) >= _SOUGHT_MIN)
        short = sorted(numbers.difference(long))
        patterns = [*map(phone.spelled, long), *(_SHORT.format(re.escape(number)) for number in short)]
        # Without anything to look for: a pattern that nothing fits.
        pattern = "|".join(patterns) or r"(?!)"
        names = frozenset(filter(None, (found.name, *found.aliases)))
        needles = [*map(phone.national, long), *(one.format(n) for n in short for one in _SHORT_NEEDLES)]
        return cls(numbers, names, tuple(needles), re.compile(pattern), site.country(db))

    def without(self, row: dict[str, Any]) -> dict[str, Any]:
        """A raw row without the numbers; if there was one, without the names where they stand alone, too."""
        plain: dict[str, Any] = _each_text(row, lambda text: self.pattern.sub("", text))
        plain |= {name: "" for name in _NUMBER_FIELDS if plain.get(name) in self.numbers}
        place, data = _NUMBER_AT.get(plain.get("event", "")), plain.get("data", [])
        if place is not None and data[place : place + 1] and data[place] in self.numbers:
            plain["data"] = [*data[:place], "", *data[place + 1 :]]
        if plain == row:
            return row
        cleared: dict[str, Any] = _each_text(plain, lambda text: "" if text in self.names else text)
        return cleared

    def are_in(self, value: Any) -> bool:
        """Whether one of the numbers is in a JSON value, written in whatever way."""
        if isinstance(value, dict | list):
            return any(self.are_in(item) for item in (value.values() if isinstance(value, dict) else value))
        if not isinstance(value, str):
            return False
        written = phone.e164(value, self.country) or value
        return written in self.numbers or self.pattern.search(value) is not None


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    """A JSON value with each of its texts, but not their names, changed."""
    if isinstance(value, dict):
        return {name: _each_text(item, change) for name, item in value.items()}
    if isinstance(value, list):
        return [_each_text(item, change) for item in value]
    return change(value) if isinstance(value, str) else value


def _keys(found: people.Person) -> str:
    return json.dumps((found.id, *found.merged))


def _mentions(db: Database, traces: _Traces, after: int) -> Mentions:
    up_to = db.execute("SELECT coalesce(max(seq), 0) FROM pbx_event").fetchone()[0]
    rows: set[int] = set()
    for needle in traces.needles:
        texts = db.execute(
            "SELECT seq, row FROM pbx_event WHERE seq > ? AND instr(row, ?) > 0", (after, needle)
        )
        rows |= {seq for seq, text in texts if traces.without(row := json.loads(text)) != row}
    return Mentions(tuple(sorted(rows)), up_to)


def _forget_conversations(change: Change, calls: str) -> None:
    """Everything that was said or written goes, files too; of the conversation, when and how it went
    stays.
    """
    mine = "conversation_id IN (SELECT value FROM json_each(?))"
    kinds = "kind IN ('recording', 'voicemail', 'fax')"
    files = change.db.execute(
        f"SELECT path FROM message WHERE {kinds} AND path IS NOT NULL AND {mine}",  # noqa: S608
        (calls,),
    ).fetchall()
    doomed_files.doom(change, [str(row[0]) for row in files])
    change.db.execute(f"DELETE FROM message WHERE {mine}", (calls,))  # noqa: S608
    change.db.execute(
        "UPDATE conversation SET person_id = NULL, address = '', state = 'closed', updated = ?, erased = ?,"
        " number = CASE direction WHEN 'out' THEN '' ELSE number END"
        " WHERE id IN (SELECT value FROM json_each(?))",
        (change.now, change.now, calls),
    )


def _forget_rows(change: Change, origins: Sequence[str], traces: _Traces, seen: Mentions) -> None:
    """The raw rows of the person's calls go; in those of other calls (a transfer), the number does."""
    change.db.execute(
        "DELETE FROM pbx_event WHERE linkedid IN (SELECT value FROM json_each(?))", (json.dumps(origins),)
    )
    for seq in (*seen.rows, *_mentions(change.db, traces, seen.up_to).rows):
        row = change.db.execute("SELECT row FROM pbx_event WHERE seq = ?", (seq,)).fetchone()
        if row is not None:
            text = to_json(traces.without(json.loads(row[0])))
            change.db.execute("UPDATE pbx_event SET row = ? WHERE seq = ?", (text, seq))


def _forget_requests(change: Change, traces: _Traces) -> None:
    """Calls that somebody asked for; their text is what was typed, so they lose all of it."""
    for request_id, args, result in change.db.execute("SELECT id, args, result FROM request").fetchall():
        if traces.are_in(json.loads(args)) or traces.are_in(json.loads(result)):
            change.db.execute("UPDATE request SET args = '{}', result = '{}' WHERE id = ?", (request_id,))


def _forget_callbacks(change: Change, traces: _Traces) -> None:
    """Numbers that they left; nobody calls them any more."""
    for callback_id, number in change.db.execute("SELECT id, number FROM callback").fetchall():
        if traces.are_in(number):
            change.db.execute("DELETE FROM callback WHERE id = ?", (callback_id,))
            change.event("callback", callback_id)


def _forget_line_tests(change: Change, traces: _Traces) -> None:
    """Calls that tried a line go as a whole, with their recordings."""
    for test_id, number in change.db.execute("SELECT id, number FROM line_test").fetchall():
        if traces.are_in(number):
            line_tests.drop(change, test_id)


def _forget_live(change: Change, traces: _Traces) -> None:
    """Rows that were left behind when foyer-pbx or Asterisk died; nobody is on the phone now."""
    for kind, row_id, data in change.db.execute("SELECT kind, id, data FROM live").fetchall():
        row = json.loads(data)
        if traces.are_in(row):
            text = to_json({**row, "number": "", "name": ""})
            change.db.execute("UPDATE live SET data = ? WHERE kind = ? AND id = ?", (text, kind, row_id))
            change.event("live", row_id, kind=kind)
