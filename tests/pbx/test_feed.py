"""Every call counted once: the feed killed at any moment and begun again makes the same database."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import TransientError
from appliance.pbx import feed as module
from appliance.pbx.feed import Feed, take_breaks
from appliance.pbx.history import build
from appliance.pbx.rows import parse_queue_log
from appliance.store import Change, Store, agents, conversations, feeds, migrate, now_ms, site
from appliance.store.sitemodel import Site
from tests.pbx import stories


class Killed(Exception):
    """The process dies here."""


class DyingStore(Store):
    """A store whose process is killed now and then: in a change, or right after its commit."""

    chance: random.Random | None = None

    @contextlib.contextmanager
    def change(self) -> Iterator[Change]:
        fate = self.chance.random() if self.chance else 1.0
        with super().change() as change:
            yield change
            if fate < 0.3:
                raise Killed
        if fate < 0.5:
            raise Killed


class FullStore(Store):
    """A store on a full disk."""

    is_full = False

    @contextlib.contextmanager
    def change(self) -> Iterator[Change]:
        if self.is_full:
            raise TransientError("The disk is full.")
        with super().change() as change:
            yield change


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between batches."""
    monkeypatch.setattr(module, "IDLE_S", 0.0)


def opened(folder: Path, kind: type[Store] = Store) -> Any:
    """A new store, without any call; its queue lets agents write for three seconds after each."""
    folder.mkdir()
    migrate(folder / "foyer.db")
    store = kind(folder / "foyer.db")
    queue = {"id": "q1", "name": "Sales", "wrap_up_seconds": 3, "agents": []}
    with store.change() as change:
        site.save(change, Site.from_dict({"queues": [queue]}), "u1", "", 0)
    return store


def everything() -> tuple[list[str], list[str]]:
    """All stories one after the other, as Asterisk would have written them."""
    cel: list[tuple[str, str]] = []
    queue_log: list[str] = []
    for name in stories.NAMES:
        calls, log = stories.lines(name)
        cel += [(str(json.loads(line)["eventtime"]), line) for line in calls]
        queue_log += log
    return [line for _, line in sorted(cel)], sorted(queue_log, key=lambda line: line.split("|")[0])


def dump(store: Store) -> dict[str, Any]:
    """What the store says of calls, without what differs by nature: ids, and when it was written."""
    with store.read() as db:
        calls = db.execute(
            "SELECT external_id, origin, direction, address, line_id, number, queue_id, agent_id, outcome,"
            " started, answered, ended,"
            " (SELECT count(*) FROM message WHERE conversation_id = conversation.id)"
            " FROM conversation ORDER BY external_id"
        ).fetchall()
        segments = db.execute(
            "SELECT external_id, kind, segment.queue_id, segment.agent_id, segment.started, segment.ended,"
            " segment.outcome FROM segment JOIN conversation ON conversation.id = conversation_id"
            " ORDER BY external_id, segment.started, kind, segment.agent_id"
        ).fetchall()
        rows = db.execute("SELECT source, row FROM pbx_event ORDER BY source, at, row").fetchall()
        people = db.execute("SELECT count(*) FROM person").fetchall()
        states = db.execute("SELECT agent_id, state, reason, started, ended, by FROM agent_state").fetchall()
    return {"calls": calls, "segments": segments, "rows": rows, "people": people, "states": states}


def read_all(feed: Feed) -> None:
    """Until there is nothing more."""
    while feed.step():
        pass


def write(folder: Path, cel: list[str], queue_log: list[str]) -> Feed | None:
    """The two logs."""
    (folder / "cel.jsonl").write_text("".join(f"{line}\n" for line in cel))
    (folder / "queue_log").write_text("".join(f"{line}\n" for line in queue_log))
    return None


def feed_of(store: Store, folder: Path) -> Feed:
    """A new process."""
    return Feed(store, folder / "cel.jsonl", folder / "queue_log")


@pytest.fixture
def expected(tmp_path: Path) -> dict[str, Any]:
    """What all stories make when read at once."""
    store = opened(tmp_path / "reference")
    write(tmp_path, *everything())
    feed = feed_of(store, tmp_path)
    read_all(feed)
    feed.close()
    result = dump(store)
    store.close()
    return result


def test_all_stories_at_once(expected: dict[str, Any]) -> None:
    outcomes = sorted(row[8] for row in expected["calls"])
    assert len(outcomes) == 22
    assert outcomes.count("cut") == 2
    assert outcomes.count("answered") == 13
    wrap_ups = [row for row in expected["segments"] if row[1] == "wrap_up"]
    assert len(wrap_ups) == 12
    assert {row[5] - row[4] for row in wrap_ups} <= {3000, *range(3000)}
    # Nobody but those who called and were called.
    assert expected["people"] == [(4,)]


@pytest.mark.parametrize("seed", [*range(8), 19, 25])
def test_killed_at_any_moment(expected: dict[str, Any], tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    store = opened(tmp_path / "dying", DyingStore)
    store.chance = chance
    cel, queue_log = everything()
    logs = {tmp_path / "cel.jsonl": cel, tmp_path / "queue_log": queue_log}
    for path in logs:
        path.write_text("")
    data = {path: "".join(f"{line}\n" for line in lines).encode() for path, lines in logs.items()}
    written = dict.fromkeys(data, 0)
    deaths = 0
    feed = feed_of(store, tmp_path)
    while any(written[path] < len(text) for path, text in data.items()):
        # Asterisk writes on, in pieces that end anywhere, both logs about as fast.
        for path, text in data.items():
            end = written[path] + chance.randint(0, len(text) // 40)
            with path.open("ab") as file:
                file.write(text[written[path] : end])
            written[path] = min(end, len(text))
        try:
            for _ in range(chance.randint(0, 3)):
                feed.step()
        except Killed:
            deaths += 1
            feed.close()
            feed = feed_of(store, tmp_path)
            if deaths > 30:
                store.chance = None
    store.chance = None
    read_all(feed)
    assert deaths > 3
    assert dump(store) == expected
    store.close()


def test_read_again_from_the_beginning_changes_nothing_in_the_calls(
    expected: dict[str, Any], tmp_path: Path
) -> None:
    """The rows are kept twice then, and the calls they make are the same."""
    store = opened(tmp_path / "twice")
    read_all(feed_of(store, tmp_path))
    with store.change() as change:
        for source in ("cel", "queue_log"):
            feeds.advance(change, source, 0, 0)
    read_all(feed_of(store, tmp_path))
    again = dump(store)
    for what in ("calls", "people", "segments"):
        assert again[what] == expected[what]
    store.close()


def test_rotated_in_between(
    expected: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.pbx.log_file.LATE_S", 0.0)
    store = opened(tmp_path / "rotated")
    cel, queue_log = everything()
    write(tmp_path, cel[:100], queue_log[:40])
    feed = feed_of(store, tmp_path)
    read_all(feed)
    for path, more in (("cel.jsonl", cel[100:150]), ("queue_log", queue_log[40:60])):
        with (tmp_path / path).open("a") as file:
            file.write("".join(f"{line}\n" for line in more))
        (tmp_path / path).rename(tmp_path / f"{path}.0")
    write(tmp_path, cel[150:], queue_log[60:])
    for _ in range(20):
        read_all(feed)
    assert dump(store) == expected
    store.close()


def test_a_full_disk_loses_nothing(expected: dict[str, Any], tmp_path: Path) -> None:
    store = opened(tmp_path / "full", FullStore)
    feed = feed_of(store, tmp_path)
    store.is_full = True
    for _ in range(3):
        with pytest.raises(TransientError):
            feed.step()
    store.is_full = False
    read_all(feed)
    assert dump(store) == expected
    store.close()


def test_garbage_between_the_lines(expected: dict[str, Any], tmp_path: Path) -> None:
    store = opened(tmp_path / "garbage")
    cel, queue_log = everything()
    # A crash cuts a line short, and the next Asterisk goes on behind it.
    cel[50] = cel[49][:100] + cel[50]
    cel.insert(20, "\x00\x00\x00")
    cel.insert(30, '{"eventtype":')
    queue_log.insert(7, "||||||")
    write(tmp_path, cel, queue_log)
    read_all(feed_of(store, tmp_path))
    assert dump(store)["calls"] == expected["calls"]
    store.close()


def breaks(store: Store, *lines: str) -> tuple[str, str]:
    """The agent's state after these lines of queue_log."""
    rows = [row for line in lines if (row := parse_queue_log(line)) is not None]
    with store.change() as change:
        take_breaks(change, rows)
        now = agents.current_of(change.db, "a1")
    return now.state, now.reason


def test_breaks_on_the_phone(store: Store) -> None:
    def say(state: str, reason: str = "", at: int = 1_000_000_000_000) -> None:
        with store.change() as change:
            agents.set_state(change, "a1", state, reason, "desk", "u1", at)

    pause, back = "1000000010|NONE|NONE|a1|PAUSEALL|phone", "1000000020|NONE|NONE|a1|UNPAUSEALL|phone"
    # Who is not there takes no break.
    assert breaks(store, pause) == ("offline", "")
    say("available")
    assert breaks(store, pause.replace("phone", "lunch")) == ("available", "")
    assert breaks(store, "1000000010|NONE|q1|a1|PAUSE|phone") == ("available", "")
    assert breaks(store, pause.replace("|a1|", "|Local/x|")) == ("available", "")
    assert breaks(store, pause) == ("break", "phone")
    assert breaks(store, back) == ("available", "")
    with store.read() as db:
        now = agents.current_of(db, "a1")
    assert (now.started, now.by, now.device) == (1_000_000_020_000, "phone", "desk")
    # A break that was said in the browser later counts more than an old one from the phone.
    say("break", "lunch", 1_000_000_030_500)
    assert breaks(store, back) == ("break", "lunch")
    # Within the same second, the phone was later.
    assert breaks(store, back.replace("1000000020", "1000000030")) == ("available", "")
    # Who has declined a call and says on the phone that he is back, is.
    with store.change() as change:
        agents.decline(change, "a1", "u1", 1_000_000_040_000)
    assert breaks(store, back) == ("available", "declined")
    assert breaks(store, back.replace("1000000020", "1000000050")) == ("available", "")
    # What was said by a clock that was ahead, and is set back now, is no newer than what the phone says.
    say("break", "lunch", now_ms() + 3_600_000)
    assert breaks(store, back.replace("1000000020", "1000000060")) == ("available", "")


def test_the_end_of_a_wrap_up_on_the_phone(store: Store) -> None:
    at = 1_000_000_000_000

    def ended(*lines: str) -> int:
        breaks(store, *lines)
        with store.read() as db:
            return int(db.execute("SELECT ended - started FROM segment").fetchone()[0])

    with store.change() as change:
        agents.set_state(change, "a1", "available", at=at - 60_000)
        change.db.execute(
            "INSERT INTO conversation (id, channel, external_id, origin, direction, state, started, updated)"
            " VALUES ('c', 'voice', 'u', '1.1', 'in', 'wrap_up', 1, 1)"
        )
        change.db.execute(
            "INSERT INTO segment (id, conversation_id, kind, queue_id, agent_id, started, ended)"
            " VALUES ('s', 'c', 'wrap_up', 'q1', 'a1', ?, ?)",
            (at, at + 60_000),
        )
    # A break before the call is over again when it ends: it is news of long ago, told all at once.
    before = [
        f"{at // 1000 - 40}|NONE|NONE|a1|PAUSEALL|phone",
        f"{at // 1000 - 20}|NONE|NONE|a1|UNPAUSEALL|phone",
    ]
    assert ended(*before) == 60_000
    assert ended(f"{at // 1000 + 30}|NONE|NONE|a1|UNPAUSEALL|phone") == 30_999
    assert ended(f"{at // 1000 + 10}|NONE|NONE|a1|PAUSEALL|phone") == 10_000


def test_a_clock_that_was_ahead_hides_no_call_that_a_restart_cut(tmp_path: Path) -> None:
    store = opened(tmp_path / "ahead")
    cut = next(record for rows in stories.calls("killed") if (record := build(rows)))
    later = replace(
        cut, call_uuid="0" * 8 + cut.call_uuid[8:], linkedid="4100000000.1", started=4_100_000_000_000
    )
    with store.change() as change:
        for record in (cut, later):
            conversations.upsert_call(change, record)
    with store.read() as db:
        assert cut.linkedid in module._cut_by_a_restart(db)
    store.close()


def test_rows_of_a_call_whose_end_is_not_known_are_kept(tmp_path: Path) -> None:
    """The box was without power for weeks: the next start of Asterisk tells when it ended."""
    store = opened(tmp_path / "weeks")
    rows = stories.calls("answered")[0]
    done, begun = build(rows), build(rows[:4])
    assert done and begun and (begun.state, done.state) == ("open", "closed")
    with store.change() as change:
        conversations.upsert_call(change, begun)
        feeds.add(change, "cel", [(row.linkedid, row.at, row.row) for row in rows[:4]])
        change.now = rows[0].at + 30 * 86_400_000
        assert feeds.prune(change) == 0
        conversations.upsert_call(change, done)
        assert feeds.prune(change) == 4
    store.close()
