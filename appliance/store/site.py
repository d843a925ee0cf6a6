"""The revisions of the site document, which of them is wanted, and how far foyer-apply has come with it.

A revision is never changed or deleted. Undo saves an old one again as the newest; users, people and
credentials are not part of it and stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from sqlite_utils import Database

from appliance.errors import ConflictError, NotFoundError, RejectedError, Sentence, SetupError
from appliance.store import audit
from appliance.store.db import Change
from appliance.store.sitemodel import Site
from appliance.store.text import to_json

APPLY_STATES = ("rendering", "live", "failed", "back")
COMMENT_MAX = 200
NOTHING = Sentence("")
_LISTS = {
    "q": "queues",
    "a": "agents",
    "r": "rooms",
    "g": "pagings",
    "d": "spans",
    "l": "lines",
    "n": "numbers",
    "s": "schedules",
    "f": "flows",
    "p": "prompts",
    "m": "music",
    "x": "ports",
}


@dataclass(frozen=True)
class Revision:
    """One saved version: `who` is a user id, `created` ms UTC, `copy_of` the revision that an undo brought
    back.
    """

    number: int
    who: str
    comment: str
    created: int
    based_on: int
    copy_of: int | None


@dataclass(frozen=True)
class PartState:
    """How far one part (such as "asterisk") of a revision is: rendering, live, failed, or back at the last
    good one; `sentence` says what there is to say, and may be empty.
    """

    part: str
    state: str
    sentence: Sentence
    at: int


def head_number(db: Database) -> int:
    """The number of the newest revision; 0 on a box that nobody has set up."""
    return int(db.execute("SELECT coalesce(max(number), 0) FROM revision").fetchone()[0])


def head(db: Database) -> tuple[int, Site]:
    """The newest revision; (0, Site()) on a box that nobody has set up."""
    number = head_number(db)
    return (number, revision(db, number)) if number else (0, Site())


def revision(db: Database, number: int) -> Site:
    """The document of one revision; 0 is the empty site. NotFoundError if there is none of that number.

    SetupError: this release cannot read it, since a newer one saved it.
    """
    if number == 0:
        return Site()
    row = db.execute("SELECT site FROM revision WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise NotFoundError("There is no such revision.")
    try:
        return Site.from_dict(json.loads(row[0]), strict=False)
    except RejectedError as error:
        raise SetupError(f"Revision {number} cannot be read: {error.field}: {error}") from error


def history(db: Database, limit: int = 100, before: int | None = None) -> list[Revision]:
    """The newest revisions first; `before` is the number of the last one of the page before."""
    rows = db.execute(
        "SELECT number, who, comment, created, based_on, copy_of FROM revision"
        " WHERE :before IS NULL OR number < :before ORDER BY number DESC LIMIT :limit",
        {"before": before, "limit": limit},
    )
    return [Revision(*row) for row in rows]


def country(db: Database) -> str:
    """The newest revision's country, without reading the whole document."""
    row = db.execute(
        "SELECT json_extract(site, '$.country') FROM revision ORDER BY number DESC LIMIT 1"
    ).fetchone()
    return str(row[0]) if row and row[0] else Site.country


def wrap_up_seconds(db: Database, queue_id: str) -> int:
    """The newest revision's wrap-up time of a queue; 0 if there is no such queue."""
    row = db.execute(
        "SELECT json_extract(value, '$.wrap_up_seconds') FROM json_each((SELECT json_extract(site,"
        " '$.queues') FROM revision ORDER BY number DESC LIMIT 1)) WHERE json_extract(value, '$.id') = ?",
        (queue_id,),
    ).fetchone()
    return int(row[0]) if row else 0


def has_disposition(db: Database, code: str) -> bool:
    """Whether the newest revision knows this disposition."""
    row = db.execute(
        "SELECT 1 FROM json_each((SELECT json_extract(site, '$.dispositions') FROM revision"
        " ORDER BY number DESC LIMIT 1)) WHERE json_extract(value, '$.code') = ?",
        (code,),
    )
    return row.fetchone() is not None


def save(change: Change, site: Site, who: str, comment: str, based_on: int) -> int:
    """Saves `site` as the newest revision and as the wanted one; returns its number. Events: site, and then
    apply's.

    ConflictError: somebody saved a revision after `based_on`, the one that this was made from.
    RejectedError: the document or the comment is not clean.
    """
    return _save(change, site, who, comment, based_on, None)


def undo_to(change: Change, number: int, who: str, based_on: int) -> int:
    """Saves revision `number` again as the newest; returns the new number. NotFoundError if there is none.

    ConflictError: somebody saved a revision after `based_on`, the newest that `who` has seen.
    """
    return _save(change, revision(change.db, number), who, "", based_on, number)


def _save(change: Change, site: Site, who: str, comment: str, based_on: int, copy_of: int | None) -> int:
    checked = Site.from_dict(site.to_dict())
    if len(comment) > COMMENT_MAX or not comment.isprintable():
        raise RejectedError("At most {high} characters, please.", field="comment", high=COMMENT_MAX)
    newest = head_number(change.db)
    if based_on != newest:
        raise ConflictError(
            "Somebody else has changed the settings meanwhile.", "Look at theirs, then save again."
        )
    number = newest + 1
    change.db.execute(
        "INSERT INTO revision (number, site, who, comment, created, based_on, copy_of)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            to_json(checked.to_dict()),
            who,
            comment,
            change.now,
            based_on,
            copy_of,
        ),
    )
    set_desired(change, number)
    change.event("site", str(number))
    audit.record(change, who, "site.save", str(number), based_on=based_on, copy_of=copy_of)
    return number


def desired(db: Database) -> int:
    """The revision that the box should run; 0 before the first."""
    row = db.execute("SELECT number FROM desired").fetchone()
    return int(row[0]) if row else 0


def set_desired(change: Change, number: int) -> None:
    """Wants another revision to be live: the one just saved, or (by foyer-apply) the last that worked."""
    change.db.execute(
        "INSERT INTO desired (one, number) VALUES (1, ?)"
        " ON CONFLICT (one) DO UPDATE SET number = excluded.number",
        (number,),
    )
    change.event("apply", str(number))


def report(change: Change, number: int, part: str, state: str, sentence: Sentence = NOTHING) -> None:
    """foyer-apply tells how far it is with one part of a revision; `sentence` is for a reader.
    Event: apply.
    """
    if state not in APPLY_STATES:
        raise RejectedError("This is not one of the choices.", field="state")
    change.db.execute(
        "INSERT INTO apply_state (revision, part, state, message, hint, filling, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (revision, part) DO UPDATE SET state = excluded.state, message = excluded.message,"
        " hint = excluded.hint, filling = excluded.filling, at = excluded.at",
        (number, part, state, sentence.message, sentence.hint, to_json(dict(sentence.values)), change.now),
    )
    change.event("apply", str(number), part=part)


def apply_report(db: Database, number: int) -> list[PartState]:
    """How far every part of a revision is; empty if foyer-apply has not begun."""
    rows = db.execute(
        "SELECT part, state, message, hint, filling, at FROM apply_state WHERE revision = ? ORDER BY part",
        (number,),
    )
    return [
        PartState(part, state, Sentence(message, hint, json.loads(filling)), at)
        for part, state, message, hint, filling, at in rows
    ]


def fresh_id(db: Database, prefix: str, taken: Collection[str] = ()) -> str:
    """An id for a new thing of the list of this prefix (_LISTS) that no revision has ever used, nor `taken`.

    Old ids are never given to something else: history, recordings and reports still speak of them.
    """
    used = db.execute(
        "SELECT DISTINCT json_extract(item.value, '$.id') FROM revision, json_each(revision.site, ?) AS item",
        ("$." + _LISTS[prefix],),
    )
    known = {str(row[0]) for row in used} | {item for item in taken if item.startswith(prefix)}
    return f"{prefix}{max((int(item[1:]) for item in known), default=0) + 1}"
