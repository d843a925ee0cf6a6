"""Following a log: cut lines, rotation, truncation, restarts of the reader. Every line once, in order."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from appliance.pbx import log_file
from appliance.pbx.log_file import LogFile
from appliance.store.feeds import Position


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rotated file is left as soon as its end was seen twice."""
    monkeypatch.setattr(log_file, "LATE_S", 0.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The present log; not there yet."""
    return tmp_path / "queue_log"


def drain(log: LogFile) -> tuple[list[str], Position]:
    """Everything there is to read, and the position after it."""
    lines: list[str] = []
    position = Position()
    idle = 0
    # The end of a file is looked at again before the next one is opened.
    while idle < 4:
        chunk = log.read()
        if chunk is None:
            idle += 1
            continue
        idle = 0
        lines += chunk.lines
        position = chunk.position
    return lines, position


def add(path: Path, text: str) -> None:
    """What Asterisk writes."""
    with path.open("a") as file:
        file.write(text)


def test_a_file_that_is_not_there_yet(path: Path) -> None:
    log = LogFile(path, Position())
    assert log.read() is None
    add(path, "a\n")
    assert drain(log)[0] == ["a"]


def test_a_line_counts_once_it_is_whole(path: Path) -> None:
    add(path, "one\ntw")
    log = LogFile(path, Position())
    lines, position = drain(log)
    assert lines == ["one"]
    assert position == Position(path.stat().st_ino, 4)
    add(path, "o\n")
    assert drain(log) == (["two"], Position(path.stat().st_ino, 8))


def test_one_byte_at_a_time(path: Path) -> None:
    log = LogFile(path, Position())
    read: list[str] = []
    for letter in "eins\nzwei\n\ndrei\n":
        add(path, letter)
        read += drain(log)[0]
    assert read == ["eins", "zwei", "", "drei"]


def test_lines_longer_than_a_chunk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "CHUNK_BYTES", 10)
    add(path, "x" * 25 + "\nshort\n" + "ü" * 20 + "\n")
    assert drain(LogFile(path, Position()))[0] == ["x" * 25, "short", "ü" * 20]


def test_a_line_without_an_end_is_skipped(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "LINE_BYTES", 100)
    add(path, "x" * 500)
    log = LogFile(path, Position())
    assert drain(log)[0] == []
    add(path, "\ngood\n")
    assert drain(log)[0][-1] == "good"


def test_reading_goes_on_where_it_stopped(path: Path) -> None:
    add(path, "a\nb\n")
    _, position = drain(LogFile(path, Position()))
    add(path, "c\n")
    assert drain(LogFile(path, position))[0] == ["c"]


def test_rotation_while_reading(path: Path) -> None:
    add(path, "a\n")
    log = LogFile(path, Position())
    assert drain(log)[0] == ["a"]
    path.rename(path.with_name("queue_log.0"))
    # The writer has not noticed yet.
    add(path.with_name("queue_log.0"), "b\n")
    add(path, "c\n")
    assert drain(log)[0] == ["b", "c"]


def test_a_late_line_of_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "LATE_S", 60.0)
    add(path, "a\n")
    log = LogFile(path, Position())
    drain(log)
    path.rename(path.with_name("queue_log.0"))
    add(path, "c\n")
    assert drain(log)[0] == []
    add(path.with_name("queue_log.0"), "b\n")
    assert drain(log)[0] == ["b"]
    monkeypatch.setattr(log_file, "LATE_S", 0.0)
    assert drain(log)[0] == ["c"]


def test_rotations_while_nobody_read(path: Path) -> None:
    add(path, "a\nb\n")
    _, position = drain(LogFile(path, Position()))
    add(path, "c\n")
    path.rename(path.with_name("queue_log.1"))
    add(path, "d\n")
    path.rename(path.with_name("queue_log.0"))
    add(path, "e\n")
    for age, name in enumerate(("queue_log.1", "queue_log.0", "queue_log")):
        os.utime(path.with_name(name), (1000 + age, 1000 + age))
    add(path.with_name("queue_log.swp"), "no log\n")
    assert drain(LogFile(path, position))[0] == ["c", "d", "e"]


def test_the_first_reader_ever_begins_with_the_oldest_file(path: Path) -> None:
    add(path.with_name("queue_log.0"), "a\n")
    add(path, "b\n")
    os.utime(path.with_name("queue_log.0"), (1000, 1000))
    assert drain(LogFile(path, Position()))[0] == ["a", "b"]


def test_a_file_that_was_emptied(path: Path) -> None:
    add(path, "a\nb\n")
    log = LogFile(path, Position())
    drain(log)
    path.write_text("")
    assert drain(log)[0] == []
    add(path, "c\n")
    assert drain(log)[0] == ["c"]


def test_a_file_that_was_emptied_while_nobody_read(path: Path) -> None:
    add(path, "a\nb\n")
    _, position = drain(LogFile(path, Position()))
    path.write_text("c\n")
    assert drain(LogFile(path, position))[0] == ["c"]


def test_the_old_file_is_gone(path: Path) -> None:
    add(path, "a\n")
    assert drain(LogFile(path, Position(12345, 2)))[0] == ["a"]


def test_a_cut_line_before_a_rotation_is_left_behind(path: Path) -> None:
    add(path, "a\nhalf")
    log = LogFile(path, Position())
    drain(log)
    path.rename(path.with_name("queue_log.0"))
    add(path, "b\n")
    assert drain(log)[0] == ["b"]


def test_any_order_of_writing_rotating_and_restarting(path: Path) -> None:
    chance = random.Random(5)
    for _ in range(20):
        for old in path.parent.iterdir():
            old.unlink()
        add(path, "")
        log, position = LogFile(path, Position()), Position()
        wrote: list[str] = []
        read: list[str] = []
        age = 0
        for number in range(60):
            what = chance.random()
            if what < 0.6:
                wrote.append(f"line {number}")
                add(path, wrote[-1] + "\n")
            elif what < 0.7:
                for n in range(20, 0, -1):
                    if (numbered := path.with_name(f"queue_log.{n - 1}")).exists():
                        numbered.rename(path.with_name(f"queue_log.{n}"))
                path.rename(path.with_name("queue_log.0"))
                age += 1
                os.utime(path.with_name("queue_log.0"), (age, age))
                add(path, "")
            elif what < 0.9:
                lines, seen = drain(log)
                read += lines
                position = seen if seen.inode else position
            else:
                log.close()
                log = LogFile(path, position)
        read += drain(log)[0]
        assert read == wrote
