"""Boxes of these tests' own, on ports that no other box of the same test run has."""

from collections.abc import Iterator
from typing import TypedDict

import pytest

from tests.image.box import Box


class Ports(TypedDict):
    """Where a box listens."""

    https_port: int
    http_port: int
    sip_port: int


PORTS: Ports = {"https_port": 10443, "http_port": 10080, "sip_port": 15060}
OTHER_PORTS: Ports = {"https_port": 11443, "http_port": 11080, "sip_port": 16060}


@pytest.fixture(scope="package")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Booted on an empty state folder; shut down after the last test of this folder."""
    with Box(tmp_path_factory.mktemp("box") / "state", **PORTS) as box:
        yield box
