"""The power of the box is cut at random moments: once in its first boot, once at work."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.image.vm import VirtualBox
from tests.powercut import __main__ as powercut
from tests.powercut.recording import Recording

pytestmark = [pytest.mark.vm, pytest.mark.xdist_group("old")]


def test_it_comes_up_and_keeps_its_word(old: VirtualBox, tmp_path: Path) -> None:
    old.power_cut()
    recording = Recording.load(old.folder)
    seed = random.SystemRandom().randrange(1 << 32)
    cuts = powercut.choose(recording, 2, random.Random(seed))
    for verdict in powercut.run(recording, cuts, tmp_path):
        assert not verdict.wrong, f"SEED={seed}: {verdict.wrong}\n{verdict.report}"
