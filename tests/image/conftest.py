"""A fresh box for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.image.box import Box


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Booted on an empty state folder; shut down after the module's last test."""
    with Box(tmp_path_factory.mktemp("box") / "state") as box:
        yield box
