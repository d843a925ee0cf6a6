"""foyer-apply killed at any moment leaves one whole rendering live, and the next one carries on."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from appliance.apply.folders import Folders, rendering
from appliance.store.sitemodel import Site
from tests.apply.box import Box, LiveAsterisk
from tests.apply.saving import (
    applying,
    assert_whole,
    calls_up,
    is_live,
    kills,
    recordings,
    saves,
    site,
    start,
    torn,
)
from tests.until import until


@pytest.mark.slow
@pytest.mark.asterisk
def test_killed_again_and_again_while_revisions_are_saved(box: Box, asterisk: LiveAsterisk) -> None:
    assert start(box, "--once").wait(timeout=120) == 0
    assert assert_whole(box).startswith("0-")
    asterisk.start()
    kills(box, 8, random.Random(7))
    number = box.save(business_name="Cuối cùng")
    with applying(box):
        until(lambda: is_live(box, number), 20, "the newest revision to be live")
    assert assert_whole(box).startswith(f"{number}-")
    assert "q1 has 0 calls" in asterisk.cli("queue show")


@pytest.mark.slow
@pytest.mark.asterisk
def test_saving_again_and_again_drops_no_call(box: Box, asterisk: LiveAsterisk, tmp_path: Path) -> None:
    """Two talk and are recorded, one waits, three listen to the menu."""
    box.save(**site(0, 2))
    assert start(box, "--once").wait(timeout=120) == 0
    asterisk.start()
    with applying(box), calls_up(box, asterisk, tmp_path, 6, 2) as calls:
        before, began = calls.names(), time.monotonic()
        saves(box, 8, 2)
        lasted_s = time.monotonic() - began
        assert calls.names() == before
    until(lambda: not calls.names(), 20, "the calls to end")
    assert len(recordings(box)) == 2 and torn(box, lasted_s) == []


def test_once_falls_back_to_the_last_good_one(box: Box) -> None:
    box.save(agents=[{"id": "a1", "name": "Hoa", "extension": "113"}], queues=[], numbers=[])
    assert start(box, "--once").wait(timeout=120) == 0
    assert assert_whole(box).startswith("0-")


def test_once_says_what_is_missing(box: Box) -> None:
    (box.settings.secrets / "ami-events").unlink()
    assert start(box, "--once").wait(timeout=120) == 1
    assert not (box.settings.config / "live").is_symlink()


def test_a_folder_left_half_written_is_never_live(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    made = rendering(3, Site(), {"queues.conf": "[general]\n", "pjsip.conf": ""})
    (tmp_path / f"{made.label}.tmp" / "asterisk").mkdir(parents=True)
    (tmp_path / f"{made.label}.tmp" / "asterisk" / "queues.conf").write_text("[gen", "utf-8")
    assert folders.live() is None
    folders.write(made)
    folders.make_live(made.label)
    assert folders.live() == made.label and folders.tree(made.label) == made.tree
    (tmp_path / "live").unlink()
    (tmp_path / "live").symlink_to("9-0000000000000000")
    assert folders.live() is None
