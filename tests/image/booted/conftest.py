"""One machine with a BIOS for this folder's tests, in the order of their files: new, used, damaged, new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from vm import Forward

from tests.box import wizard
from tests.browser.browser import Browser
from tests.image.vm import HOST, VirtualBox

# Where a program that has no business there is asked from, and where it listens in the box.
STRANGER_PORT, STRANGER_BOX_PORT = 12999, 9999
OFFICE = replace(wizard.CLINIC, provider=HOST)
# An emulated processor is many times slower, and makes certificates when it is first asked for a page.
PAGE_S = 60


@pytest.fixture(scope="package")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBox]:
    """Switched on for the first time."""
    folder = tmp_path_factory.mktemp("old")
    stranger = Forward("tcp", "127.0.0.1", STRANGER_PORT, STRANGER_BOX_PORT)
    with VirtualBox(folder, sip_port=12060, profile="loopback", forwards=(stranger,)) as box:
        yield box


@pytest.fixture(scope="package")
def passwords(old: VirtualBox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The wizard was gone through in a browser; the agents' one-time passwords by user name."""
    with Browser(old.https_url, tmp_path_factory.mktemp("owner"), wait_s=PAGE_S) as browser:
        return wizard.run(browser, old.otp, OFFICE)
