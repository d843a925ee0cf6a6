"""A box per test; `tests.apply.box` says what it is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apply.box import Box, LiveAsterisk, make_box


@pytest.fixture
def box() -> Iterator[Box]:
    # A longer path is refused, as the telephone service would cut it.
    with tempfile.TemporaryDirectory(prefix="apply-", dir="/tmp") as folder:
        made = make_box(Path(folder))
        yield made
        made.store.close()


@pytest.fixture
def asterisk(box: Box) -> Iterator[LiveAsterisk]:
    """Started by the test, once something is live; ended with the test."""
    made = LiveAsterisk(box.settings)
    yield made
    made.stop()
