"""A small run of the measure of calling back."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.bench.flows.callback_once import share_called_once

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]


def test_everybody_is_called_once_whoever_is_killed() -> None:
    # A socket's path is short.
    with tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as folder:
        assert share_called_once(Path(folder), 12, 4, seed=7) == 1.0
