"""The recorded samples as rows, and calls as short lines to compare."""

from __future__ import annotations

import json
from pathlib import Path

from appliance.pbx.rows import CEL, NO_CALL, QUEUE_LOG, parse_cel, parse_queue_log
from appliance.store.conversations import CallRecord
from appliance.store.feeds import RawEvent

SAMPLES = Path(__file__).parent / "samples"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.jsonl"))


def lines(name: str) -> tuple[list[str], list[str]]:
    """The lines of cel.jsonl and of queue_log."""
    cel: list[str] = []
    queue_log: list[str] = []
    for line in (SAMPLES / f"{name}.jsonl").read_text().splitlines():
        row = json.loads(line)
        if "queue_log" in row:
            queue_log.append(row["queue_log"])
        else:
            cel.append(line)
    return cel, queue_log


def rows(name: str) -> list[RawEvent]:
    """Every row, as the feed keeps it."""
    cel, queue_log = lines(name)
    parsed = [(CEL, parse_cel(line)) for line in cel] + [
        (QUEUE_LOG, parse_queue_log(line)) for line in queue_log
    ]
    return [
        RawEvent(seq, source, row.linkedid, row.at, row.row)
        for seq, (source, row) in enumerate(parsed)
        if row is not None
    ]


def calls(name: str) -> list[list[RawEvent]]:
    """The rows of each call, with those that concern all calls."""
    found = rows(name)
    ids = dict.fromkeys(row.linkedid for row in found if row.linkedid != NO_CALL)
    return [[row for row in found if row.linkedid in (linkedid, NO_CALL)] for linkedid in ids]


def told(record: CallRecord) -> list[str]:
    """A record in words: the call, then its segments but for the wrap-ups, which history only begins, in
    tenths of a second from its begin.
    """

    def tenths(at: int | None) -> str:
        return "..." if at is None else f"{round((at - record.started) / 100) / 10}"

    segments = [
        " ".join(
            str(word)
            for word in (
                segment.kind,
                segment.queue_id,
                segment.agent_id,
                f"{tenths(segment.started)}-{tenths(segment.ended)}",
                segment.outcome,
            )
            if word is not None
        )
        for segment in record.segments
        if segment.kind != "wrap_up"
    ]
    head = f"{record.outcome} by {record.agent_id} at {tenths(record.answered)}, ended {tenths(record.ended)}"
    return [head, *segments]
