"""The power of a box in QEMU is cut at random moments: once in its first boot, once at work."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.powercut import __main__ as powercut
from tests.powercut.recording import record

# Three start-ups; where the machine is busy, each takes minutes.
pytestmark = [pytest.mark.vm, pytest.mark.timeout(1800)]

WORK_S = 10.0


def test_it_comes_up_and_keeps_its_word(tmp_path: Path) -> None:
    recording = record(tmp_path / "recording", WORK_S)
    seed = random.SystemRandom().randrange(1 << 32)
    cuts = powercut.choose(recording, 2, random.Random(seed))
    for verdict in powercut.run(recording, cuts, tmp_path):
        assert not verdict.wrong, f"SEED={seed}: {verdict.wrong}\n{verdict.report}"
