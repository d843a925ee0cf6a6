"""Whether all that Asterisk has logged is in the store."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from appliance.pbx import backlog
from appliance.pbx.feed import Feed
from appliance.pbx.rows import CEL
from appliance.store import Store, feeds, migrate
from appliance.store.feeds import Position
from tests.until import Stopwatch

LINE = '{"eventtype":"CHAN_START","eventtime":"1795302612.467738","linkedid":"1795302612.1"}\n'
OTHER = "1795302612|1795302612.1|q1|NONE|ENTERQUEUE||0901234567|1\n"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    migrate(tmp_path / "foyer.db")
    return Store(tmp_path / "foyer.db")


def catch_up(store: Store, folder: Path) -> None:
    feed = Feed(store, folder / "cel.jsonl", folder / "queue_log")
    while feed.step():
        pass
    feed.close()


def test_what_is_logged_has_to_be_in_the_store(store: Store, tmp_path: Path) -> None:
    assert backlog.is_read(store, tmp_path), "nothing was ever logged"
    for name, line in (("cel.jsonl", LINE), ("queue_log", OTHER)):
        with (tmp_path / name).open("a") as log:
            log.write(line)
        assert not backlog.is_read(store, tmp_path, 0)
        catch_up(store, tmp_path)
        assert backlog.is_read(store, tmp_path, 0)
    with (tmp_path / "cel.jsonl").open("a") as log:
        # Asterisk died in the middle of a line.
        log.write(LINE[:-10])
    assert backlog.is_read(store, tmp_path, 0)


def test_old_files_count_until_they_are_read(store: Store, tmp_path: Path) -> None:
    log = tmp_path / "cel.jsonl"
    log.write_text(LINE)
    catch_up(store, tmp_path)
    log.write_text(LINE + LINE)
    log.rename(tmp_path / "cel.jsonl.1795302700")
    log.write_text("")
    assert not backlog.is_read(store, tmp_path, 0), "the end of the old file"
    log.write_text(LINE)
    assert not backlog.is_read(store, tmp_path, 0)
    with store.change() as change:
        feeds.advance(change, CEL, (tmp_path / "cel.jsonl.1795302700").stat().st_ino, 2 * len(LINE))
    assert not backlog.is_read(store, tmp_path, 0), "the new file"
    with store.change() as change:
        feeds.advance(change, CEL, log.stat().st_ino, len(LINE))
    assert backlog.is_read(store, tmp_path, 0)
    assert backlog._is_behind_us(Position(7, 7), {1: 0}), "an empty file of which nothing was read"


def test_a_busy_box_is_waited_for_but_not_for_ever(store: Store, tmp_path: Path) -> None:
    log = tmp_path / "cel.jsonl"
    log.write_text(LINE)

    def later() -> None:
        time.sleep(0.2)
        catch_up(store, tmp_path)
        with log.open("a") as file:
            file.write(LINE)

    thread = threading.Thread(target=later)
    thread.start()
    assert backlog.is_read(store, tmp_path, 60)
    thread.join()
    watch = Stopwatch()
    assert not backlog.is_read(store, tmp_path, 0.1)
    assert watch.seconds < 1
