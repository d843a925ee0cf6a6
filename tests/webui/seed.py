"""A box in the middle of a working day, for tests of pages and for looking at them: people with all kinds of
names, days of calls, callers who wait, agents in every state.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from appliance.store import Change, agents, conversations, live, people, site
from appliance.store.conversations import CallRecord, SegmentRecord

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
LONG_NAME = "Công ty Trách nhiệm Hữu hạn Thương mại và Dịch vụ Vận tải Quốc tế Hoàng Long Phát"
ARABIC_NAME = "عبد الرحمن بن محمد الأنصاري"
HEBREW_NAME = "שירה כהן (לקוחה ותיקה)"

SITE: dict[str, Any] = {
    "country": "VN",
    "language": "en",
    "time_zone": "Asia/Ho_Chi_Minh",
    "business_name": "Lotus Dental",
    "queues": [
        {"id": "q1", "name": "Reception", "agents": ["a1", "a2", "a3", "a4", "a5", "a6", "a7"]},
        {
            "id": "q2",
            "name": "Urgent treatment, implants and everything that cannot wait until Monday at all",
            "agents": ["a1", "a2", "a8"],
            "service_level_seconds": 10,
        },
        {"id": "q3", "name": "الاستقبال", "agents": []},
    ],
    "agents": [
        {"id": "a1", "name": "Nguyễn Thị Lan", "extension": "101"},
        {"id": "a2", "name": "Trần Văn Minh", "extension": "102"},
        {"id": "a3", "name": "Hoa", "extension": "103"},
        {"id": "a4", "name": LONG_NAME[:80], "extension": "104"},
        {"id": "a5", "name": "سارة", "extension": "105"},
        {"id": "a6", "name": "Quân", "extension": "106"},
        {"id": "a7", "name": "Phạm Đức", "extension": "107"},
        {"id": "a8", "name": "Mai", "extension": "108"},
    ],
    "lines": [{"id": "l1", "kind": "sip", "name": "Provider", "host": "voice.example.net"}],
    "numbers": [{"id": "n1", "number": "+842812345678", "line_id": "l1", "queue_id": "q1"}],
    "dispositions": [
        {"code": "booked", "name": "Appointment booked"},
        {"code": "moved", "name": "Appointment moved"},
        {"code": "question", "name": "Question answered"},
        {"code": "complaint", "name": "Complaint"},
        {"code": "long", "name": "Wrong number, or somebody who wanted another company of the same name"},
    ],
    "breaks": [
        {"code": "lunch", "name": "Lunch"},
        {"code": "coffee", "name": "Coffee"},
        {"code": "training", "name": "Training with the new treatment chairs on the second floor"},
    ],
}

PEOPLE = (
    ("+84901234567", "Nguyễn Văn An"),
    ("+84912345678", "Trần Thị Bích"),
    ("+84987654321", LONG_NAME),
    ("+966501234567", ARABIC_NAME),
    ("+972501234567", HEBREW_NAME),
    ("+84283930001", ""),
    ("+442071838750", "Claire O'Neil <script>alert(1)</script>"),
    ("+84938111222", "Lê Hoàng Yến"),
    ("+84909333444", "Đặng Quốc Bảo"),
    ("113", ""),
)
NOTES = (
    "Wants to move the appointment on Tuesday to the afternoon, after 15:00. Please call back if not.",
    "Asked for the price of two implants.\nSent the list by e-mail.",
    "المريض يطلب موعدًا جديدًا يوم الأحد",
    "Complains about the waiting time. Third call this week. Be kind.",
)


def call_uuid(number: int) -> str:
    """The uuid of the n-th seeded call."""
    return f"00000000-0000-4000-8000-{number:012d}"


def answered(
    number: int,
    caller: str,
    began: int,
    *,
    wait_ms: int,
    talk_ms: int,
    agent: str = "a1",
    queue: str = "q1",
    hold_ms: int = 0,
    recorded: bool = True,
) -> CallRecord:
    """A call that an agent took: greeting, wait with one ring that was missed, talk, perhaps a hold, talk
    again.
    """
    waited, at = began + 4000, began + 4000 + wait_ms
    middle, end = at + talk_ms // 2, at + talk_ms + hold_ms
    segments = [
        SegmentRecord("greeting", None, None, began, waited),
        SegmentRecord("wait", queue, None, waited, at, "answered"),
        SegmentRecord("ring", queue, agent, max(waited, at - 6000), at, "answered"),
    ]
    if wait_ms > 30_000:
        segments.append(SegmentRecord("ring", queue, "a3", waited + 500, waited + 20_500, "no_answer"))
    if hold_ms:
        segments += [
            SegmentRecord("talk", queue, agent, at, middle),
            SegmentRecord("hold", queue, agent, middle, middle + hold_ms),
            SegmentRecord("talk", queue, agent, middle + hold_ms, end),
        ]
    else:
        segments.append(SegmentRecord("talk", queue, agent, at, end))
    segments.append(SegmentRecord("wrap_up", queue, agent, end, None))
    uuid = call_uuid(number)
    return CallRecord(
        uuid,
        f"{number}.1",
        "in",
        "l1",
        "+842812345678",
        caller,
        "",
        queue,
        agent,
        began,
        at,
        end,
        "closed",
        "answered",
        tuple(segments),
        ((f"2026/11/21/{uuid}.wav", at),) if recorded else (),
    )


def unanswered(
    number: int, caller: str, began: int, *, wait_ms: int, outcome: str = "abandoned", queue: str = "q1"
) -> CallRecord:
    """A call that nobody took."""
    waited, end = began + 4000, began + 4000 + wait_ms
    segments = (
        SegmentRecord("greeting", None, None, began, waited),
        SegmentRecord("wait", queue, None, waited, end, outcome),
    )
    return CallRecord(
        call_uuid(number),
        f"{number}.1",
        "in",
        "l1",
        "+842812345678",
        caller,
        "",
        queue,
        None,
        began,
        None,
        end,
        "closed",
        outcome,
        segments,
    )


def past(change: Change, author: str, calls: int = 90) -> list[str]:
    """People, and `calls` calls of the last days, the newest some minutes ago; returns the calls' ids."""
    chance = random.Random(7)
    codes = [one.code for one in site.head(change.db)[1].dispositions]
    for address, name in PEOPLE:
        people.person_for(change, "phone", address, name or None)
    ids = []
    for number in range(calls):
        began = change.now - 20 * MINUTE - number * 11 * MINUTE - chance.randrange(5 * MINUTE)
        caller = PEOPLE[chance.randrange(len(PEOPLE))][0] if chance.random() > 0.05 else "anonymous"
        queue = "q2" if chance.random() < 0.25 else "q1"
        wait_ms = chance.randrange(3000, 60_000)
        if chance.random() < 0.8:
            record = answered(
                number,
                caller,
                began,
                wait_ms=wait_ms,
                talk_ms=chance.randrange(20_000, 9 * MINUTE),
                queue=queue,
                agent=f"a{chance.randrange(1, 5)}",
                hold_ms=chance.choice((0, 0, 25_000)),
            )
        else:
            outcome = chance.choice(("abandoned", "abandoned", "timeout", "no_answer", "cut"))
            record = unanswered(number, caller, began, wait_ms=wait_ms, outcome=outcome, queue=queue)
        call = conversations.upsert_call(change, record)
        ids.append(call)
        if record.answered and chance.random() < 0.7:
            conversations.set_disposition(change, call, chance.choice(codes), author)
        if record.answered and chance.random() < 0.5:
            conversations.save_note(change, call, author, chance.choice(NOTES))
    return ids


def present(change: Change) -> None:
    """Three callers who wait, and agents in every state."""
    now = change.now
    live.put(change, "pbx", "state", {"up": True, "since": now - DAY})
    for place, (number, queue, since_s) in enumerate(
        (("+84901234567", "q1", 75), ("+966501234567", "q1", 12), ("anonymous", "q2", 8)), 1
    ):
        position = place if queue == "q1" else 1
        row = {
            "queue": queue,
            "position": position,
            "since": now - since_s * 1000,
            "number": number,
            "name": "",
        }
        live.put(change, "caller", call_uuid(1000 + place), row)
    states: Mapping[str, tuple[str, str]] = {
        "a1": ("available", ""),
        "a2": ("available", ""),
        "a3": ("break", "lunch"),
        "a4": ("available", ""),
        "a5": ("break", "training"),
        "a6": ("available", ""),
        "a7": ("offline", ""),
        "a8": ("break", "phone"),
    }
    for agent, (state, reason) in states.items():
        agents.set_state(change, agent, state, reason, at=now - 40 * MINUTE)
        idle = {"browser": agent != "a6", "desk": False, "queues": {}, "state": "idle"}
        live.put(change, "agent", agent, idle)
    talking = {
        "since": now - 3 * MINUTE,
        "call": call_uuid(1100),
        "queue": "q1",
        "number": "+84987654321",
        "name": "",
    }
    live.put(
        change, "agent", "a2", {"browser": True, "desk": False, "queues": {}, "state": "talking", **talking}
    )
    ringing = {
        "since": now - 5000,
        "call": call_uuid(1001),
        "queue": "q1",
        "number": "+84901234567",
        "name": "",
    }
    live.put(
        change, "agent", "a4", {"browser": True, "desk": False, "queues": {}, "state": "ringing", **ringing}
    )
