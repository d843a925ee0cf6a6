"""A caller who waits long while everybody's phone rings, again and again: thousands of legs of one call. Work
is counted in the interpreter's instructions, since seconds say more of the machine.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType

import pytest

from appliance.pbx.feed import Feed
from appliance.pbx.history import build
from appliance.pbx.rows import CEL, QUEUE_LOG, parse_cel, parse_queue_log
from appliance.store import Change, Store, migrate, people_erasure
from appliance.store.feeds import RawEvent
from tests.pbx import stories

RING_S = 15
TOOL = sys.monitoring.PROFILER_ID


def long_wait(agents: int, rounds: int, begin: float = 1_795_304_087.0) -> tuple[list[str], list[str]]:
    """The lines of cel.jsonl and of queue_log: each agent's phone rings in each round, nobody takes the call,
    and in the end the caller gives up. Beside the first agent's browser, the desk phone rings.
    """
    template, _ = stories.lines("abandoned")
    caller = [json.loads(line) for line in template if '"channame":"PJSIP/l1-' in line]
    linkedid, last = f"{int(begin)}.6", begin + 1 + rounds * (RING_S + 1)
    cel: list[tuple[float, dict[str, str]]] = []
    for place, row in enumerate(caller):
        is_end = row["eventtype"] in ("HANGUP", "CHAN_END", "LINKEDID_END")
        is_end = is_end or (row["eventtype"], row["appname"]) == ("APP_END", "Queue")
        cel.append((last if is_end else begin + place / 1000, {**row, "uniqueid": linkedid}))
    queue_log: list[str] = []
    for ring in range(rounds):
        start = begin + 1 + ring * (RING_S + 1)
        for phone in ("a1d", *(f"a{agent}" for agent in range(1, agents + 1))):
            unique = f"{int(start)}.{'0' if phone == 'a1d' else phone[1:]}"
            leg = {**caller[0], "channame": f"PJSIP/{phone}-{ring:08x}", "uniqueid": unique}
            cel.append((start, {**leg, "eventtype": "CHAN_START"}))
            cel += [(start + RING_S, {**leg, "eventtype": kind}) for kind in ("HANGUP", "CHAN_END")]
            queue_log.append(f"{int(start + RING_S)}|{linkedid}|q1|{phone}|RINGNOANSWER|15000")
    queue_log.append(f"{int(last)}|{linkedid}|q1|NONE|ABANDON|1|1|0")
    cel.sort(key=lambda one: one[0])
    written = [{**row, "eventtime": f"{at:.6f}", "linkedid": linkedid} for at, row in cel]
    return [json.dumps(row, separators=(",", ":")) for row in written], queue_log


def rows(agents: int, rounds: int) -> list[RawEvent]:
    """The same as the feed keeps it."""
    cel, queue_log = long_wait(agents, rounds)
    parsed = [(CEL, parse_cel(line)) for line in cel]
    parsed += [(QUEUE_LOG, parse_queue_log(line)) for line in queue_log]
    return [
        RawEvent(seq, source, row.linkedid, row.at, row.row)
        for seq, (source, row) in enumerate(parsed)
        if row is not None
    ]


def instructions(work: Callable[[], object]) -> int:
    """How many of the interpreter's instructions the work takes."""
    count = 0

    def one_more(_code: CodeType, _offset: int) -> None:
        nonlocal count
        count += 1

    sys.monitoring.use_tool_id(TOOL, "instructions")
    try:
        sys.monitoring.register_callback(TOOL, sys.monitoring.events.INSTRUCTION, one_more)
        sys.monitoring.set_events(TOOL, sys.monitoring.events.INSTRUCTION)
        work()
    finally:
        sys.monitoring.set_events(TOOL, 0)
        sys.monitoring.register_callback(TOOL, sys.monitoring.events.INSTRUCTION, None)
        sys.monitoring.free_tool_id(TOOL)
    return count


def test_every_ring_is_there_once() -> None:
    record = build(rows(agents=3, rounds=4))
    assert record is not None
    rings = [segment for segment in record.segments if segment.kind == "ring"]
    assert [segment.agent_id for segment in rings] == ["a1", "a2", "a3"] * 4
    assert {segment.outcome for segment in rings} == {"no_answer"}
    assert record.outcome == "abandoned"


def test_twice_as_long_a_wait_is_twice_the_work() -> None:
    short, long = rows(agents=10, rounds=10), rows(agents=10, rounds=40)
    assert instructions(lambda: build(long)) < 4.5 * instructions(lambda: build(short))
    few, many = rows(agents=5, rounds=10), rows(agents=40, rounds=10)
    assert instructions(lambda: build(many)) < 9 * instructions(lambda: build(few))


class WatchedStore(Store):
    """Notes whether a record is built while everybody waits; before its next change, something happens."""

    is_changing = False
    built_inside = 0
    meanwhile: Callable[[], None] | None = None

    @contextlib.contextmanager
    def change(self) -> Iterator[Change]:
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            happens()
        with super().change() as change:
            self.is_changing = True
            try:
                yield change
            finally:
                self.is_changing = False

    def saw_start(self, _code: CodeType, _offset: int) -> None:
        """A record begins to be built."""
        self.built_inside += self.is_changing


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedStore]:
    """A new store; whoever builds a record is seen."""
    migrate(tmp_path / "foyer.db")
    store = WatchedStore(tmp_path / "foyer.db")
    start = sys.monitoring.events.PY_START
    sys.monitoring.use_tool_id(TOOL, "builds")
    sys.monitoring.register_callback(TOOL, start, store.saw_start)
    sys.monitoring.set_local_events(TOOL, build.__code__, start)
    yield store
    sys.monitoring.set_local_events(TOOL, build.__code__, 0)
    sys.monitoring.register_callback(TOOL, start, None)
    sys.monitoring.free_tool_id(TOOL)
    store.close()


def feed_with(store: Store, folder: Path, cel: list[str], queue_log: list[str]) -> Feed:
    """Everything there is has been read."""
    (folder / "cel.jsonl").write_text("".join(f"{line}\n" for line in cel))
    (folder / "queue_log").write_text("".join(f"{line}\n" for line in queue_log))
    feed = Feed(store, folder / "cel.jsonl", folder / "queue_log")
    while feed.step():
        pass
    return feed


def test_nobody_waits_while_a_record_is_built(watched: WatchedStore, tmp_path: Path) -> None:
    cel, queue_log = long_wait(agents=10, rounds=10)
    # And Asterisk starts again, so that all calls are looked at once more.
    restart = [f"{int(time.time())}|NONE|NONE|NONE|QUEUESTART|"]
    feed = feed_with(watched, tmp_path, cel[:-3], [*queue_log[:-1], *restart])
    assert watched.built_inside == 0
    with watched.read() as db:
        rings = db.execute("SELECT count(*), count(DISTINCT agent_id) FROM segment WHERE kind = 'ring'")
        assert rings.fetchone() == (100, 10)
    feed.close()


def test_who_is_erased_while_a_record_is_built_stays_erased(watched: WatchedStore, tmp_path: Path) -> None:
    cel, queue_log = long_wait(agents=2, rounds=1, begin=time.time() - 3600)
    feed = feed_with(watched, tmp_path, cel[:-1], queue_log)

    def erase() -> None:
        with Store(tmp_path / "foyer.db").change() as change:
            (person,) = change.db.execute("SELECT id FROM person").fetchone()
            people_erasure.erase(change, person, "u1")

    watched.meanwhile = erase
    with (tmp_path / "cel.jsonl").open("a") as file:
        file.write(f"{cel[-1]}\n")
    assert feed.step()
    with watched.read() as db:
        assert db.execute("SELECT count(*) FROM person").fetchone() == (0,)
        assert db.execute("SELECT address, state FROM conversation").fetchall() == [("", "closed")]
    feed.close()
