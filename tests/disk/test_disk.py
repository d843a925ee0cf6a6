"""When recording stops for want of space, and when it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import space
from appliance.disk.__main__ import look, tell_asterisk
from appliance.errors import SetupError, TransientError
from appliance.settings import Settings
from tests.small_disk import SmallDisk, small_disk

GB = 10**9


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "data", 100) as disk:
        yield disk


@pytest.fixture
def settings(disk: SmallDisk, tmp_path: Path) -> Settings:
    return Settings(data=disk.path, disk_told=tmp_path / "told")


@pytest.mark.parametrize(("size", "stops"), [(1000 * GB, GB), (20 * GB, GB), (10 * GB, GB // 2)])
def test_the_limits(size: int, stops: int) -> None:
    assert not space.is_full(size, stops, was_full=False)
    assert space.is_full(size, stops - 1, was_full=False)
    assert space.is_full(size, 2 * stops, was_full=True)
    assert not space.is_full(size, 2 * stops + 1, was_full=True)


def test_news_is_told_once_and_a_full_disk_every_time(disk: SmallDisk, settings: Settings) -> None:
    said: list[bool] = []

    def told() -> space.Told | None:
        return look(settings, said.append)

    first = told()
    assert first is not None
    assert not first.is_full
    assert told() is None
    disk.fill(leave=4_000_000)
    full = told()
    assert full is not None
    assert full.is_full
    assert full == space.told(settings.disk_told)
    disk.fill(leave=8_000_000)
    assert told() is None, "it would flap"
    assert said == [False, True, True], "Asterisk may have lost it"
    assert space.told(settings.disk_told) == full, "the pages say since when"
    disk.fill(leave=12_000_000)
    told()
    assert told() is None
    assert said == [False, True, True, False]


def test_what_could_not_be_told_is_told_the_next_time(settings: Settings) -> None:
    def nobody(_: bool) -> None:
        raise TransientError("Asterisk is not there.")

    with pytest.raises(TransientError):
        look(settings, nobody)
    assert space.told(settings.disk_told) is None
    assert look(settings, lambda _: None) is not None


def test_no_disk_and_no_asterisk(tmp_path: Path) -> None:
    with pytest.raises(SetupError):
        look(Settings(data=tmp_path / "none", disk_told=tmp_path / "told"), lambda _: None)
    with pytest.raises(TransientError):
        tell_asterisk(tmp_path / "asterisk.conf", True)


def test_a_file_of_nonsense_is_no_news(tmp_path: Path) -> None:
    (tmp_path / "told").write_text("full")
    assert space.told(tmp_path / "told") is None
