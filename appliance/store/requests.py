"""Actions that one process asks of another: ring a phone, hang up, place a test call.

A request is claimed once, by its target, and never after its deadline. Its result is there to be shown.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from appliance.errors import ConflictError, NotFoundError
from appliance.store.db import Change, Store
from appliance.store.ids import new_id
from appliance.store.text import to_json

DEADLINE_S = 5.0
_POLL_S = 0.01
_FINAL = ("done", "failed", "expired")


@dataclass(frozen=True)
class Request:
    """`state` is waiting, claimed, done, failed or expired; times are ms UTC; `who` is a user id or a
    process.
    """

    id: str
    target: str
    kind: str
    args: dict[str, Any]
    who: str
    created: int
    deadline: int
    state: str
    result: dict[str, Any]
    claimed_at: int | None
    done_at: int | None

    @property
    def is_final(self) -> bool:
        """Nothing will happen to it any more."""
        return self.state in _FINAL


def ask(
    change: Change, target: str, kind: str, args: Mapping[str, Any], who: str, deadline_s: float = DEADLINE_S
) -> str:
    """Asks process `target` (such as "pbx") to do `kind` within `deadline_s` seconds; returns the request's
    id.
    """
    request_id = new_id()
    change.db.execute(
        "INSERT INTO request (id, target, kind, args, who, created, deadline, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting')",
        (
            request_id,
            target,
            kind,
            to_json(dict(args)),
            who,
            change.now,
            change.now + round(deadline_s * 1000),
        ),
    )
    change.event("request", request_id, target=target)
    return request_id


def is_waiting(db: Database, target: str) -> bool:
    """Whether `claim` has anything to do for `target`: look here before taking the write lock."""
    row = db.execute("SELECT 1 FROM request WHERE target = ? AND state = 'waiting' LIMIT 1", (target,))
    return row.fetchone() is not None


def claim(change: Change, target: str, others_than: Collection[str] = ()) -> Request | None:
    """The oldest waiting request of `target`, which is then this caller's to finish; None if there is none.

    Those past their deadline expire instead, and what these users ask waits.
    """
    _finish_where(
        change,
        "target = ? AND state = 'waiting' AND deadline < ?",
        (target, change.now),
        "expired",
        {"error": "Nobody took it in time."},
    )
    row = change.db.execute(
        "UPDATE request SET state = 'claimed', claimed_at = ? WHERE id ="
        " (SELECT id FROM request WHERE target = ? AND state = 'waiting'"
        " AND who NOT IN (SELECT value FROM json_each(?)) ORDER BY created, rowid LIMIT 1)"
        " RETURNING id, target, kind, args, who, created, deadline, state, result, claimed_at, done_at",
        (change.now, target, to_json(list(others_than))),
    ).fetchone()
    if row is None:
        return None
    request = _request(row)
    change.event("request", request.id, target=target)
    return request


def finish(change: Change, request_id: str, ok: bool, result: Mapping[str, Any]) -> None:
    """Ends a claimed request; for the page, a failed one has a sentence (`Sentence.to_dict`). ConflictError
    if not claimed.
    """
    count = _finish_where(
        change, "id = ? AND state = 'claimed'", (request_id,), "done" if ok else "failed", dict(result)
    )
    if not count:
        raise ConflictError("This request is not being worked on.")


def abandon(change: Change, target: str) -> int:
    """Fails what `target` had claimed before it was restarted, since nobody knows how far it got; returns
    how many.
    """
    result = {"error": "The box was interrupted while doing this."}
    return _finish_where(change, "target = ? AND state = 'claimed'", (target,), "failed", result)


def get(db: Database, request_id: str) -> Request:
    """The request; NotFoundError if there is none (any more)."""
    row = db.execute(
        "SELECT id, target, kind, args, who, created, deadline, state, result, claimed_at, done_at"
        " FROM request WHERE id = ?",
        (request_id,),
    ).fetchone()
    if row is None:
        raise NotFoundError("There is no such request.")
    return _request(row)


def wait(store: Store, request_id: str, timeout_s: float = DEADLINE_S) -> Request:
    """The request once it is final, or as it stands after `timeout_s` seconds. Not to be called within a
    change.
    """
    deadline = time.monotonic() + timeout_s
    version = None
    while True:
        seen = store.version()
        if seen != version:
            version = seen
            with store.read() as db:
                request = get(db, request_id)
            if request.is_final:
                return request
        if time.monotonic() >= deadline:
            return request
        time.sleep(_POLL_S)


def prune(change: Change, kept_ms: int = 7 * 24 * 3600 * 1000) -> int:
    """Deletes final requests older than `kept_ms`; returns how many."""
    return change.db.execute(
        "DELETE FROM request WHERE created < ? AND state IN ('done', 'failed', 'expired')",
        (change.now - kept_ms,),
    ).rowcount


def _finish_where(
    change: Change, where: str, values: tuple[str | int, ...], state: str, result: dict[str, Any]
) -> int:
    rows = change.db.execute(
        f"UPDATE request SET state = ?, result = ?, done_at = ? WHERE {where} RETURNING id, target",  # noqa: S608
        (state, to_json(result), change.now, *values),
    ).fetchall()
    for request_id, target in rows:
        change.event("request", request_id, target=target)
    return len(rows)


def _request(row: tuple[Any, ...]) -> Request:
    values = dict(zip(Request.__dataclass_fields__, row, strict=True))
    return Request(**{**values, "args": json.loads(values["args"]), "result": json.loads(values["result"])})
