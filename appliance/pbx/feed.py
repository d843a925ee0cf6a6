"""The thread that makes calls of Asterisk's two logs: reads on where it stopped, and counts every line once.

The raw rows, the conversations built from them and the position in the files are one change of the store. So
normal life, a dead foyer-pbx and a crash of the box are one path: reading goes on behind the last row that
was committed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from appliance.errors import TransientError
from appliance.pbx import line_tests
from appliance.pbx.history import build
from appliance.pbx.log_file import LogFile
from appliance.pbx.rows import (
    CEL,
    DIALLING,
    NO_CALL,
    NUMBER_LEFT,
    OVER,
    QUEUE_LOG,
    RESTART,
    RESUME,
    Parsed,
    agent_of,
    parse_cel,
    parse_queue_log,
)
from appliance.store import Change, Store, agents, callbacks, conversations, feeds, now_ms, wrap_ups
from appliance.store.conversations import CallRecord
from appliance.store.feeds import Position

_log = logging.getLogger(__name__)

POLL_S = 0.05
IDLE_S = 0.005
BATCH_S = 0.030
BATCH_ROWS = 200
RETRY_S = 1.0
REBUILT_AT_ONCE = 10
CUT_CALLS = 1000
CUT_WITHIN_MS = 24 * 3600 * 1000
"""A restart becomes known in two rows: calls cut by the first are looked at again after the second. A day
before the last of them, for the box may have been without power for weeks.
"""

PHONE = "phone"
"""The reason of a pause that was begun or ended with the phone's own code."""


type News = tuple[str, int, Mapping[str, Any]]
"""A line to be kept: its call, when (ms UTC), its fields."""


@dataclass
class Batch:
    """Rows that were read and are not committed yet, by source, and the positions behind them."""

    rows: dict[str, list[Parsed]] = field(default_factory=lambda: {CEL: [], QUEUE_LOG: []})
    positions: dict[str, Position] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(len(rows) for rows in self.rows.values())


class Feed:
    """Reads both logs. `run` until stopped, or `step` once."""

    def __init__(self, store: Store, cel: Path, queue_log: Path) -> None:
        self._store = store
        with store.read() as db:
            self._files = {
                CEL: LogFile(cel, feeds.position(db, CEL)),
                QUEUE_LOG: LogFile(queue_log, feeds.position(db, QUEUE_LOG)),
            }
            # A restart may have been read, and this process killed, before every call it cut was looked at.
            self._unfinished = dict.fromkeys(_cut_by_a_restart(db))
        self._batch = Batch()

    def close(self) -> None:
        """Lets go of the files."""
        for file in self._files.values():
            file.close()

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Follows the logs."""
        while not stop.is_set():
            beat()
            try:
                has_read = self.step()
            except TransientError as error:
                _log.error("Calls cannot be saved: %s", error)
                stop.wait(RETRY_S)
                continue
            if not has_read:
                stop.wait(POLL_S)
        self.close()

    def step(self) -> bool:
        """Reads what there is and commits it; returns whether there was anything.

        Raises `TransientError` when it cannot be saved now; nothing is lost, the next step saves it.
        """
        started = time.monotonic()
        while len(self._batch) < BATCH_ROWS and time.monotonic() - started < BATCH_S:
            if not self._read():
                if not self._batch.positions:
                    return self._finish()
                time.sleep(IDLE_S)
                if not self._read():
                    break
        self._commit(self._batch)
        self._batch = Batch()
        return True

    def _read(self) -> bool:
        """Takes in the next lines of one log, of queue_log only when CEL has no more.

        The other way round, after a long absence, calls would seem cut by restarts that came long after them.
        """
        for source, parse in ((CEL, parse_cel), (QUEUE_LOG, parse_queue_log)):
            chunk = self._files[source].read()
            if chunk is None:
                continue
            for line in chunk.lines:
                row = parse(line)
                if row is not None:
                    self._batch.rows[source].append(row)
                elif line:
                    _log.warning("%s: not an event: %.200r", source, line)
            self._batch.positions[source] = chunk.position
            return True
        return False

    def _commit(self, batch: Batch) -> None:
        news = {source: [_news(row) for row in rows if _is_kept(row)] for source, rows in batch.rows.items()}
        calls = dict.fromkeys(linkedid for rows in news.values() for linkedid, *_ in rows)
        drafts = self._drafts([linkedid for linkedid in calls if linkedid != NO_CALL], news)
        with self._store.change() as change:
            stale = {draft.linkedid for draft in drafts if draft.is_stale(change.db)}
            for source, rows in news.items():
                feeds.add(change, source, rows)
            for draft in drafts:
                draft.keep(change, is_stale=draft.linkedid in stale)
            take_breaks(change, batch.rows[QUEUE_LOG])
            take_callbacks(change, batch.rows[QUEUE_LOG])
            line_tests.take(change, batch.rows[CEL])
            for source, position in batch.positions.items():
                feeds.advance(change, source, position.inode, position.offset)
        if NO_CALL in calls:
            with self._store.read() as db:
                self._unfinished |= dict.fromkeys(_cut_by_a_restart(db))

    def _finish(self) -> bool:
        """Looks again at some of the calls that a restart may have cut; returns whether there were any."""
        some = list(self._unfinished)[:REBUILT_AT_ONCE]
        if some:
            drafts = self._drafts(some, {})
            with self._store.change() as change:
                for draft in drafts:
                    draft.keep(change, is_stale=draft.is_stale(change.db))
            for linkedid in some:
                del self._unfinished[linkedid]
        return bool(some)

    def _drafts(self, calls: Iterable[str], news: Mapping[str, Sequence[News]]) -> list[Draft]:
        """The calls as they are with rows that are not kept yet."""
        with self._store.read() as db:
            return [draft_of(db, linkedid, news) for linkedid in calls]


@dataclass(frozen=True)
class Draft:
    """A call's record, made before anybody has to wait for it: a caller who waits long while everybody's
    phone rings has ten thousands of rows. `extent` is that of the rows kept when it was made.
    """

    linkedid: str
    extent: tuple[int, int]
    record: CallRecord | None

    def is_stale(self, db: Database) -> bool:
        """Whether somebody was erased meanwhile; to be asked before the new rows are kept."""
        return feeds.extent(db, self.linkedid) != self.extent

    def keep(self, change: Change, *, is_stale: bool) -> None:
        """Makes the conversation agree with all the rows there are of its call, which are kept by now."""
        record = draft_of(change.db, self.linkedid, {}).record if is_stale else self.record
        if record is not None:
            conversations.upsert_call(change, record)
            take_refusals(change, record)


def draft_of(db: Database, linkedid: str, news: Mapping[str, Sequence[News]]) -> Draft:
    """The call as the kept rows tell it together with new ones, by source."""
    rows = [*feeds.of_call(db, linkedid), *feeds.of_call(db, NO_CALL)]
    extent, last = feeds.extent(db, linkedid), max((row.seq for row in rows), default=0)
    for source, lines in news.items():
        own = [line for line in lines if line[0] in (linkedid, NO_CALL)]
        rows += feeds.not_kept_yet(source, own, last)
        last += len(own)
    return Draft(linkedid, extent, build(rows))


def take_refusals(change: Change, record: CallRecord) -> None:
    """Agents who declined the call, in the browser or on the desk: app_queue would ring the same phone again
    a second later.
    """
    for segment in record.segments:
        is_refused = (segment.kind, segment.outcome) == ("ring", "rejected")
        if is_refused and segment.queue_id and segment.agent_id and segment.ended:
            agents.decline(change, segment.agent_id, PHONE, segment.ended)


def take_breaks(change: Change, rows: Iterable[Parsed]) -> None:
    """Breaks that agents began or ended on their phones, and what else they ended there: wrap-ups, and the
    time in which others come first. What they said in the browser later counts more.
    """
    news: dict[str, int] = {}
    for row in rows:
        event, data = row.row["event"], row.row["data"]
        if event not in ("PAUSEALL", "UNPAUSEALL") or not data or data[0] != PHONE:
            continue
        agent = agent_of(row.row["who"])
        if agent is None:
            continue
        now = agents.current_of(change.db, agent)
        # The log counts whole seconds: within one, the phone was later. And what was said at a time to come,
        # by a clock that was ahead, is no later than this.
        if row.at + 999 < now.started <= change.now:
            continue
        news.setdefault(agent, row.at)
        if event == "UNPAUSEALL":
            wrap_ups.end(change, agent, min(row.at + 999, change.now))
        if event == "PAUSEALL" and now.state != "offline":
            agents.set_state(change, agent, "break", PHONE, by=PHONE, at=row.at)
        elif event == "UNPAUSEALL" and (now.state == "break" or now.reason == agents.DECLINED):
            agents.set_state(change, agent, "available", by=PHONE, at=row.at)
    for agent, since in news.items():
        wrap_ups.settle(change, agent, since)


def take_callbacks(change: Change, rows: Iterable[Parsed]) -> None:
    """Numbers that callers left, and what the dialplan says of calling them back."""
    for row in rows:
        event, data = row.row["event"], row.row["data"]
        told: list[str] = str(data[0]).split("^") if data else []
        uuid, first, second, third, *_ = (*told, "", "", "", "")
        if event == NUMBER_LEFT and uuid and first and second.isdecimal():
            priority = int(third) if third.isdecimal() else 0
            callbacks.leave(change, uuid, row.row["queue"], first, int(second) * 1000, priority)
        elif event == DIALLING:
            callbacks.dialled(change, uuid, row.at)
        elif event == OVER:
            callbacks.over(change, uuid, first)


def _news(row: Parsed) -> News:
    return row.linkedid, row.at, row.row


def _is_kept(row: Parsed) -> bool:
    """Of the rows of no call, only what tells of restarts."""
    return row.linkedid != NO_CALL or row.row.get("event") in (RESTART, RESUME)


def _cut_by_a_restart(db: Database) -> list[str]:
    """The calls that a restart of Asterisk may have cut, and those that one has cut lately."""
    # By a clock that was ahead once, a call may be of a time to come: it counts for no other.
    cut = conversations.recent(db, CUT_CALLS, outcome="cut", until=now_ms() + 1)
    lately = [call for call in cut if call.started > cut[0].started - CUT_WITHIN_MS]
    return [call.origin for call in (*conversations.open_calls(db), *lately)]
