"""Tests of phone lines that somebody asked for on the page of a line, and what came of them: the line's
history.

foyer-pbx begins one (pbx/line_tests.py) and reads its end from Asterisk's log (pbx/feed.py), where it stands
also if foyer-pbx died meanwhile. One of which no end is known after `LOST_MS` was cut off with Asterisk.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from appliance.errors import NotFoundError, RejectedError
from appliance.store import doomed_files
from appliance.store.db import Change
from appliance.store.ids import new_id
from appliance.store.text import to_json

CALL_OUT, CALL_IN = "call_out", "call_in"
LONGEST_S = 20
"""How long a call out may last that tries a line, from the first dialled digit to the end."""
LOST_MS = (LONGEST_S + 20) * 1000
LOST = "lost"
WAIT_MS = 120_000
"""How long a call in is waited for."""
UNREAD_MS = 10_000
"""Until a call that came in then stands in the log, and the log was read."""
CAME, NONE = "came", "none"
KEPT_MS = 90 * 24 * 3600 * 1000
_COLUMNS = "id, line_id, port_id, kind, number, who, asked, done, result"


@dataclass(frozen=True)
class LineTest:
    """A test of the line, over its port `port_id` ("" for a line without ports). `done` is None while it goes
    on; times are ms UTC. What `result` holds, `kind` tells.

    call_out: "status" is Dial's word (ANSWER, BUSY, NOANSWER, CANCEL, CONGESTION, CHANUNAVAIL), "" where
    nothing was dialled; "why" then says why not ("not-allowed", "limit-now", "limit-day", "stopped").
    "cause" is that of ITU-T Q.850, 0 for none; "rang" is after how many ms it rang, "sound" after how many
    sound came before an answer, "talked" how many ms the call was up, each left out if it did not; "word" is
    the other side's own ("SIP 486 Busy Here"). "deaf": the port does not hear whether somebody answers.
    "record": somebody wanted it recorded.

    call_in: the next call on the line within two minutes, whose number as it came is then `number`. "status"
    is CAME or NONE; "name" is the caller's name as it came, "dialled" the number that was dialled, where the
    line tells. "leg" and "channel" are Asterisk's names for it, from the first ring on.
    """

    id: str
    line_id: str
    port_id: str
    kind: str
    number: str
    who: str
    asked: int
    done: int | None
    result: Mapping[str, Any]

    @property
    def took_ms(self) -> int:
        """How long it took, once it is done."""
        return max(0, (self.done or self.asked) - self.asked)

    @property
    def is_heard(self) -> bool:
        """Whether there is a recording with something in it: `recording` has its file."""
        return bool(self.result.get("record")) and ("talked" in self.result or "sound" in self.result)


def recording(test_id: str) -> str:
    """The file of a test's recording, in the folder of recordings (dialplan/foyer-test.conf)."""
    return f"line-tests/{test_id}.wav"


def get(db: Database, test_id: str) -> LineTest:
    """The test; NotFoundError if there is none (any more)."""
    row = db.execute(f"SELECT {_COLUMNS} FROM line_test WHERE id = ?", (test_id,)).fetchone()  # noqa: S608
    if row is None:
        raise NotFoundError("There is no such test.")
    return _line_test(row)


def begin(
    change: Change, line_id: str, port_id: str, kind: str, number: str, who: str, known: Mapping[str, Any]
) -> str:
    """A test begins now; returns its id. `known` is what of the result is known already. RejectedError:
    another one of that kind and line goes on.
    """
    lose(change)
    if any(one.line_id == line_id for one in going(change.db, kind)):
        raise RejectedError("A test of this line goes on already.", "Wait for its result, a few seconds.")
    test_id = new_id()
    change.db.execute(
        "INSERT INTO line_test (id, line_id, port_id, kind, number, who, asked, result)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (test_id, line_id, port_id, kind, number, who, change.now, to_json(dict(known))),
    )
    change.event("live", line_id, kind="line_test")
    return test_id


def note(change: Change, test_id: str, result: Mapping[str, Any]) -> None:
    """This is known already of a test that goes on."""
    change.db.execute(
        "UPDATE line_test SET result = json_patch(result, ?) WHERE id = ? AND done IS NULL",
        (to_json(dict(result)), test_id),
    )


def end(change: Change, test_id: str, at: int, result: Mapping[str, Any], number: str | None = None) -> bool:
    """The test has ended `at` (ms UTC), and this is known of it besides, such as its `number`. False if no
    such test goes on. One that was given up as lost takes its end all the same: it stands in Asterisk's log,
    which is read late if foyer-pbx was dead.
    """
    row = change.db.execute(
        "UPDATE line_test SET done = max(asked, ?), result = json_patch(result, ?),"
        " number = coalesce(?, number) WHERE id = ?"
        " AND (done IS NULL OR json_extract(result, '$.status') = ?) RETURNING line_id",
        (at, to_json(dict(result)), number, test_id, LOST),
    ).fetchone()
    if row is not None:
        change.event("live", row[0], kind="line_test")
    return row is not None


def drop(change: Change, test_id: str) -> None:
    """Deletes a test, with its recording: it never began, or is not to be known of any more."""
    row = change.db.execute(
        "DELETE FROM line_test WHERE id = ? RETURNING line_id, json_extract(result, '$.record')", (test_id,)
    ).fetchone()
    if row is not None:
        doomed_files.doom(change, [recording(test_id)] if row[1] else [])
        change.event("live", row[0], kind="line_test")


def lose(change: Change) -> int:
    """Ends tests whose end nobody heard of, also those of a clock that was ahead; returns how many."""
    count = 0
    for kind, after_ms, status in ((CALL_OUT, LOST_MS, LOST), (CALL_IN, WAIT_MS + UNREAD_MS, NONE)):
        for one in going(change.db, kind):
            if abs(change.now - one.asked) > after_ms:
                count += end(change, one.id, min(change.now, one.asked + after_ms), {"status": status})
    return count


def going(db: Database, kind: str) -> list[LineTest]:
    """The tests of this kind that go on."""
    sql = f"SELECT {_COLUMNS} FROM line_test WHERE done IS NULL AND kind = ?"  # noqa: S608
    return [_line_test(row) for row in db.execute(sql, (kind,))]


def of_line(db: Database, line_id: str, count: int = 20) -> list[LineTest]:
    """The newest tests of a line, the newest first."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM line_test WHERE line_id = ? ORDER BY asked DESC, id DESC LIMIT ?",  # noqa: S608
        (line_id, count),
    )
    return [_line_test(row) for row in rows]


def prune(change: Change) -> int:
    """Ends those that were lost, and deletes what is too old; returns how many were deleted."""
    lose(change)
    old = change.db.execute("SELECT id FROM line_test WHERE asked < ?", (change.now - KEPT_MS,)).fetchall()
    for row in old:
        drop(change, row[0])
    return len(old)


def _line_test(row: tuple[Any, ...]) -> LineTest:
    values = dict(zip(LineTest.__dataclass_fields__, row, strict=True))
    return LineTest(**{**values, "result": json.loads(values["result"])})
