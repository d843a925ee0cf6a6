"""The search in the journal, on a reader with the test's own entries: bounded, masked, page by page."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

import pytest

from appliance.errors import RejectedError
from appliance.health import journal
from appliance.health.query import Query

BEGAN = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)


@dataclass
class Reader:
    """As systemd.journal.Reader, newest entry last; notes what it was asked for."""

    entries: list[dict[str, Any]]
    asked: list[str] = field(default_factory=list)
    at: int = 0
    reads: int = 0

    def add_match(self, *args: str, **kwargs: str) -> None:
        self.asked.append(" ".join([*args, *(f"{name}={value}" for name, value in kwargs.items())]))

    def add_disjunction(self) -> None:
        self.asked.append("or")

    def this_boot(self) -> None:
        self.asked.append("this boot")

    def log_level(self, level: int) -> None:
        self.asked.append(f"level {level}")

    def seek_tail(self) -> None:
        self.at = len(self.entries)

    def seek_cursor(self, cursor: str) -> None:
        self.at = 1 + next(i for i, entry in enumerate(self.entries) if entry["__CURSOR"] == cursor)

    def get_previous(self) -> dict[str, Any]:
        self.reads += 1
        self.at -= 1
        return self.entries[self.at] if self.at >= 0 else {}

    def close(self) -> None:
        self.asked.append("closed")


def entry(number: int, text: object, **more: Any) -> dict[str, Any]:
    moment = BEGAN + datetime.timedelta(seconds=number)
    return {"__REALTIME_TIMESTAMP": moment, "__CURSOR": f"s=a;i={number}", "MESSAGE": text, **more}


def search(query: Query, *entries: dict[str, Any]) -> tuple[list[str], Reader]:
    reader = Reader(list(entries))
    found = journal.search(query, lambda: reader)
    assert reader.asked[-1] == "closed"
    return [f"{message.who}: {message.text}" for message in found], reader


def test_the_newest_come_first_with_who_said_them() -> None:
    found, _ = search(
        Query(),
        entry(1, "from the kernel", SYSLOG_IDENTIFIER="kernel"),
        entry(2, "from a unit", _SYSTEMD_UNIT="caddy.service", SYSLOG_IDENTIFIER="caddy"),
        entry(3, "of a unit", _SYSTEMD_UNIT="init.scope", UNIT="asterisk.service"),
        entry(4, b"\xffbytes\x1b[31m"),
    )
    assert found == [": �bytes�[31m", "asterisk: of a unit", "caddy: from a unit", "kernel: from the kernel"]


def test_words_and_pages() -> None:
    entries = [entry(number, f"Line {number % 2}") for number in range(10)]
    found, _ = search(Query(words="LINE 1", limit=2), *entries)
    assert found == [": Line 1", ": Line 1"]
    older, _ = search(Query(words="line 1", before="s=a;i=3"), *entries)
    assert older == [": Line 1"]


def test_a_unit_and_what_systemd_says_of_it() -> None:
    _, reader = search(Query(unit="caddy", level=4))
    assert reader.asked[:-1] == [
        "level 4",
        "_SYSTEMD_UNIT=caddy.service",
        "or",
        "_PID=1 UNIT=caddy.service",
        "level 4",
    ]


def test_a_search_is_bounded_and_tells_no_secret() -> None:
    found, reader = search(Query(words="nowhere"), *[entry(n, "x") for n in range(journal.SCAN_MAX + 50)])
    assert found == [] and reader.reads == journal.SCAN_MAX
    found, _ = search(Query(), entry(1, "password=hunter2 " + "long " * 1000))
    assert "hunter2" not in found[0] and len(found[0]) < journal.TEXT_MAX + 10


def test_kernel_lines_are_those_of_this_start() -> None:
    reader = Reader([entry(1, "first"), entry(2, "second")])
    assert journal.kernel_lines(lambda: reader) == ["second", "first"]
    assert reader.asked[:3] == ["this boot", "_TRANSPORT=kernel", "or"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"unit": "../x"},
        {"unit": "A" * 99},
        {"level": 8},
        {"words": "x" * 300},
        {"before": "a b"},
        {"limit": 0},
    ],
)
def test_odd_questions_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(RejectedError):
        Query(**wrong)


def test_a_place_that_is_none_is_refused() -> None:
    with pytest.raises(RejectedError):
        journal.search(Query(before="s=1"))
