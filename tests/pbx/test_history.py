"""Calls from recorded rows: each story in, one record out. `record_samples.py` made the rows on a real
Asterisk.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from appliance.pbx.history import build
from appliance.pbx.rows import CEL, NO_CALL, QUEUE_LOG
from appliance.store.conversations import OUTCOMES, SEGMENT_KINDS, CallRecord
from appliance.store.feeds import RawEvent
from tests.pbx import stories
from tests.pbx.stories import told


def records(name: str) -> list[CallRecord]:
    """The calls of a story that are customers' calls."""
    built = [build(rows) for rows in stories.calls(name)]
    return [record for record in built if record is not None]


def test_answered_with_two_holds() -> None:
    (record,) = records("answered")
    assert told(record) == [
        "answered by a1 at 1.5, ended 5.1",
        "greeting 0.0-1.0",
        "wait q1 1.0-1.5 answered",
        "ring q1 a1 1.0-1.5 answered",
        "talk q1 a1 1.5-2.5",
        "hold q1 a1 2.5-3.2",
        "talk q1 a1 3.2-3.8",
        "hold q1 a1 3.8-4.5",
        "talk q1 a1 4.5-5.1",
    ]
    assert (record.direction, record.line_id, record.number, record.caller) == (
        "in",
        "l1",
        "100",
        "0901234567",
    )
    assert (record.queue_id, record.state) == ("q1", "closed")
    ((path, started),) = record.recordings
    assert path == f"2026/11/22/{record.call_uuid}.wav"
    assert started == record.answered


def test_segments_leave_no_gap_and_never_overlap() -> None:
    (record,) = records("answered")
    line = [segment for segment in record.segments if segment.kind in ("wait", "talk", "hold")]
    assert [segment.ended for segment in line[:-1]] == [segment.started for segment in line[1:]]


def test_hung_up_on_hold() -> None:
    (record,) = records("hung_up_on_hold")
    assert told(record)[-2:] == ["talk q1 a1 1.5-2.0", "hold q1 a1 2.0-2.7"]
    assert record.outcome == "answered"


def test_the_agent_hangs_up_first() -> None:
    (record,) = records("agent_hangs_up")
    assert told(record)[0] == "answered by a1 at 1.5, ended 2.5"


def test_abandoned_in_the_queue() -> None:
    (record,) = records("abandoned")
    assert told(record) == [
        "abandoned by None at ..., ended 1.9",
        "greeting 0.0-1.0",
        "wait q1 1.0-1.9 abandoned",
        "ring q1 a1 1.0-1.9 cancelled",
    ]
    assert record.recordings == ()


def test_hung_up_in_the_greeting() -> None:
    (record,) = records("in_greeting")
    assert told(record) == ["abandoned by None at ..., ended 0.4", "greeting 0.0-0.4"]
    assert record.queue_id is None


def test_the_queue_gives_up() -> None:
    (record,) = records("nobody")
    assert told(record) == [
        "timeout by None at ..., ended 3.0",
        "greeting 0.0-1.0",
        "wait q1 1.0-3.0 timeout",
    ]


def test_one_agent_lets_it_ring_and_another_answers() -> None:
    (record,) = records("second_agent")
    assert told(record)[2:] == [
        "wait q1 1.0-5.1 answered",
        "ring q1 a1 1.0-4.0 no_answer",
        "ring q1 a2 5.0-5.1 answered",
        "talk q1 a2 5.1-6.1",
    ]
    assert record.agent_id == "a2"


def test_an_agent_turns_the_call_down_and_takes_it_then() -> None:
    (record,) = records("rejected")
    assert [line for line in told(record) if line.startswith("ring")] == [
        "ring q1 a1 1.0-1.1 rejected",
        "ring q1 a1 2.1-2.4 answered",
    ]


def test_a_phone_that_is_gone_does_not_ring() -> None:
    (record,) = records("unreachable")
    assert told(record) == [
        "abandoned by None at ..., ended 3.0",
        "greeting 0.0-1.0",
        "wait q1 1.0-3.0 abandoned",
    ]


def test_blind_transfer() -> None:
    (record,) = records("blind_transfer")
    assert told(record)[3:] == [
        "ring q1 a1 1.0-1.5 answered",
        "talk q1 a1 1.5-2.2",
        "ring a2 2.2-2.5 answered",
        "talk a2 2.5-3.5",
    ]
    assert record.agent_id == "a2"


def test_attended_transfer_is_one_call() -> None:
    (record,) = records("attended_transfer")
    lines = told(record)
    assert lines[0] == "answered by a2 at 1.5, ended 4.7"
    assert lines[4:6] == ["talk q1 a1 1.5-2.2", "hold q1 a1 2.2-3.6"]
    assert lines[-1] == "talk q1 a2 3.6-4.7"


@pytest.mark.parametrize(
    ("story", "wanted"),
    [
        ("answered", ["q1 a1 5.1"]),
        ("second_agent", ["q1 a2 6.1"]),
        ("blind_transfer", ["q1 a1 2.2"]),  # who got the call from a colleague has none
        ("attended_transfer", ["q1 a1 3.6"]),
        ("page_reload", ["q1 a1 2.9"]),
        ("abandoned", []),
        ("going_out", []),
        ("killed", []),
    ],
)
def test_wrap_up_begins_where_app_queue_has_it(story: str, wanted: list[str]) -> None:
    record, *_ = records(story)
    begun = [segment for segment in record.segments if segment.kind == "wrap_up"]
    assert {segment.ended for segment in begun} <= {None}
    assert [
        f"{segment.queue_id} {segment.agent_id} {round((segment.started - record.started) / 100) / 10}"
        for segment in begun
    ] == wanted


def test_two_calls_at_once_stay_apart() -> None:
    first, second = records("two_at_once")
    assert {first.agent_id, second.agent_id} == {"a1", "a2"}
    assert first.call_uuid != second.call_uuid
    for record in (first, second):
        assert [segment.agent_id for segment in record.segments if segment.kind == "talk"] == [
            record.agent_id
        ]


def test_a_caller_who_lost_an_agent_waits_again() -> None:
    (record,) = records("back_in_the_queue")
    assert told(record) == [
        "answered by a2 at 1.1, ended 2.8",
        "greeting 0.0-1.0",
        "wait q1 1.0-1.1 answered",
        "ring q1 a1 1.0-1.1 answered",
        "talk q1 a1 1.1-1.8",
        "wait q1 1.8-2.1 answered",
        "ring q1 a2 1.8-2.1 answered",
        "talk q1 a2 2.1-2.8",
    ]


def test_a_reloaded_page_is_the_same_talk() -> None:
    (record,) = records("page_reload")
    assert told(record)[-2:] == ["ring q1 a1 1.0-1.5 answered", "talk q1 a1 1.5-2.9"]


def test_a_call_that_a_colleague_picks_up() -> None:
    (record,) = records("picked_up")
    assert told(record)[0].startswith("answered by a2 at 1.5")
    assert [line for line in told(record) if line.startswith(("ring", "talk"))] == [
        "ring q1 a1 1.1-1.5 cancelled",
        "talk q1 a2 1.5-2.6",
    ]


def test_a_call_that_goes_out() -> None:
    (record,) = records("going_out")
    assert told(record) == [
        "answered by a1 at 0.6, ended 2.2",
        "ring 0.0-0.5 answered",
        "talk a1 0.6-1.1",
        "hold a1 1.1-1.6",
        "talk a1 1.6-2.2",
    ]
    assert (record.direction, record.line_id, record.number) == ("out", "l1", "0907654321")
    assert record.queue_id is None


def test_calls_that_go_out_and_are_not_answered() -> None:
    built = records("going_out_unanswered")
    assert [record.outcome for record in built] == ["no_answer"] * 3
    assert [record.agent_id for record in built] == ["a1"] * 3
    assert [segment.outcome for record in built for segment in record.segments] == [
        "rejected",
        "no_answer",
        "cancelled",
    ]


def turned_away(*stamps: int) -> list[RawEvent]:
    """A caller whom one full queue after the other sends on, q1 first, at these seconds of the greeting."""
    rows = stories.calls("in_greeting")[0]
    first = next(row for row in rows if row.source == CEL)
    return rows + [
        RawEvent(
            9000 + at,
            QUEUE_LOG,
            first.linkedid,
            (first.at // 1000 + stamp) * 1000,
            {"call": first.linkedid, "queue": f"q{at}", "who": "NONE", "event": "FULL", "data": []},
        )
        for at, stamp in enumerate(stamps, 1)
    ]


def test_full_queues_of_one_second_are_a_wait_each() -> None:
    record = build(turned_away(1, 1, 1))
    assert record is not None
    waits = [segment for segment in record.segments if segment.kind == "wait"]
    assert [segment.queue_id for segment in waits] == ["q1", "q2", "q3"]
    assert len({segment.started for segment in waits}) == 3


def queued(*stays: tuple[str, float, float, str]) -> CallRecord:
    """A caller in these queues one after the other: queue, from and to (seconds after the greeting), and what
    queue_log has at the end, if anything.
    """
    rows = stories.calls("nobody")[0]
    started = next(row for row in rows if row.row.get("appname") == "Queue")
    begin = float(started.row["eventtime"])
    kept = [row for row in rows if row.row.get("appname") != "Queue" and row.source == CEL]
    after = max(end for _, _, end, _ in stays) + 0.01
    made = [
        replace(row, row={**row.row, "eventtime": f"{begin + after:.6f}"})
        if float(row.row["eventtime"]) > begin
        else row
        for row in kept
    ]
    for queue, start, end, event in stays:
        for kind, at in (("APP_START", start), ("APP_END", end)):
            changed = {"eventtype": kind, "eventtime": f"{begin + at:.6f}", "appdata": f"{queue},cC,,,{end}"}
            made.append(replace(started, row={**started.row, **changed}))
        for word in event.split():
            row = {"call": started.linkedid, "queue": queue, "who": "NONE", "event": word, "data": ["1"]}
            made.append(RawEvent(0, QUEUE_LOG, started.linkedid, int(begin + end) * 1000, row))
    record = build([replace(row, seq=seq) for seq, row in enumerate(made)])
    assert record is not None
    return record


def waits(record: CallRecord) -> list[str]:
    """The waits in words."""
    return [line for line in told(record) if line.startswith("wait")]


def test_who_comes_back_to_a_queue_has_waited_once() -> None:
    # Nobody was logged in at first; then the caller listened how to leave a number.
    record = queued(("q1", 0, 0.001, ""), ("q1", 2, 20, "EXITWITHKEY"), ("q1", 30, 40, "EXITWITHTIMEOUT"))
    assert waits(record) == ["wait q1 1.0-41.0 timeout"]


def test_who_is_sent_back_to_a_queue_waits_again() -> None:
    record = queued(("q1", 0, 20, "EXITWITHTIMEOUT"), ("q1", 30, 40, "EXITWITHTIMEOUT"))
    assert waits(record) == ["wait q1 1.0-21.0 timeout", "wait q1 31.0-41.0 timeout"]


def test_a_number_is_left_in_the_last_queue() -> None:
    record = queued(("q1", 0, 20, "EXITWITHTIMEOUT"), ("q2", 20, 40, "EXITWITHKEY FOYERCALLBACK"))
    assert waits(record) == ["wait q1 1.0-21.0 timeout", "wait q2 21.0-41.0 callback"]
    record = queued(("q1", 0, 20, "EXITWITHKEY"), ("q2", 30, 40, "EXITWITHKEY FOYERCALLBACK"))
    assert waits(record) == ["wait q1 1.0-21.0 no_answer", "wait q2 31.0-41.0 callback"]


def test_who_is_sent_on_from_a_queue_that_is_gone_has_not_given_up() -> None:
    record = queued(("q1", 0, 20, "ABANDON"), ("q2", 21, 40, "EXITWITHTIMEOUT"))
    assert waits(record) == ["wait q1 1.0-21.0 no_answer", "wait q2 22.0-41.0 timeout"]


@pytest.mark.parametrize("name", ["phone_break", "between_phones"])
def test_what_is_no_customers_call_makes_no_record(name: str) -> None:
    assert records(name) == []


def test_asterisk_killed_with_two_calls_up() -> None:
    talking, waiting = records("killed")
    assert told(talking)[0] == "cut by a1 at 1.5, ended 4.7"
    assert told(talking)[-1] == "talk q1 a1 1.5-4.7"
    assert told(waiting) == ["cut by None at ..., ended 2.2", "greeting 0.0-1.0", "wait q1 1.0-2.2 cut"]


def test_a_cut_call_without_anybody_listening_ends_with_its_last_sign_of_life() -> None:
    rows, _ = stories.calls("killed")
    record = build([row for row in rows if row.row.get("event") != "FOYERRESUME"])
    assert record is not None
    assert (record.outcome, record.ended) == ("cut", max(row.at for row in rows if row.source == CEL))


def test_a_restart_cuts_no_call_that_goes_on() -> None:
    """The restart is logged late: with the first use of the queue's log, maybe by this very call."""
    rows = stories.calls("answered")[0]
    entered = next(row for row in rows if row.row.get("event") == "ENTERQUEUE")
    restart = {"call": "NONE", "queue": "NONE", "who": "NONE", "event": "QUEUESTART", "data": [""]}
    late = [replace(row, seq=row.seq * 2 + 1) for row in rows]
    late.append(RawEvent(entered.seq * 2, QUEUE_LOG, NO_CALL, entered.at, restart))
    assert build(late) == build(rows)
    waiting = [row for row in late if row.seq <= entered.seq * 2 + 1 and row.at <= entered.at + 1000]
    record = build(waiting)
    assert record is not None
    assert record.state == "open"


@pytest.mark.parametrize("name", stories.NAMES)
def test_every_beginning_of_a_story_makes_a_sound_record(name: str) -> None:
    """Rows come in batches: whatever has been read so far must be a call that the store can take."""
    for rows in stories.calls(name):
        for count in range(len(rows)):
            record = build(rows[:count])
            if record is None:
                continue
            assert record.outcome in (None, *OUTCOMES)
            assert (record.state == "open") == (record.ended is None) == (record.outcome is None)
            for segment in record.segments:
                assert segment.kind in SEGMENT_KINDS
                assert record.started <= segment.started
                assert segment.ended is None or segment.started <= segment.ended
                # The end of a wrap-up is the store's to tell.
                is_told = segment.ended is not None or segment.kind == "wrap_up"
                assert is_told or record.state == "open"
                assert record.ended is None or (segment.ended or 0) <= record.ended + 50


@pytest.mark.parametrize("name", stories.NAMES)
def test_the_order_in_which_the_logs_are_read_does_not_matter(name: str) -> None:
    for rows in stories.calls(name):
        cel = [row for row in rows if row.source == CEL]
        log = [row for row in rows if row.source != CEL]
        expected = build(rows)
        assert build([*log, *cel]) == expected
        shuffled = list(rows)
        random.Random(name).shuffle(shuffled)
        assert build(shuffled) == expected


@pytest.mark.parametrize("name", stories.NAMES)
def test_lost_rows_make_no_error(name: str) -> None:
    chance = random.Random(name)
    for rows in stories.calls(name):
        for _ in range(50):
            build([row for row in rows if chance.random() > 0.2])
