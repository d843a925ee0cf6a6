"""A box whose data cannot be made ready says so, goes on trying, and takes it back once that went well."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.image.box import Box
from tests.until import until

pytestmark = pytest.mark.box

ALL = ("asterisk", "caddy", "foyer-webui", "foyer-apply", "foyer-pbx")
FAULT, PAGE, WELL = "/run/foyer-data-fault", "/run/foyer-fault/index.html", "/run/test-all-is-well"
DROP_IN = "/run/systemd/system/foyer-setup.service.d"
SPOIL = f"""
mkdir -p {DROP_IN}
printf '[Service]\\nExecStartPre=/usr/bin/test -e {WELL}\\n' >{DROP_IN}/90-spoil.conf
systemctl daemon-reload
"""
MEND = f"""
rm -r {DROP_IN}
systemctl daemon-reload
"""


@pytest.fixture
def unready(box: Box) -> Iterator[Box]:
    """The box as in its start, with a foyer-setup that fails until WELL is there."""
    box.stop(*ALL, "foyer-setup")
    box.run("sh", "-c", SPOIL)
    box.run("systemctl", "start", "--no-block", "foyer.target")
    yield box
    box.run("touch", WELL)
    try:
        until(lambda: all(box.is_active(unit) for unit in ALL), 60, "the box to be up", 0.5)
    finally:
        box.run("sh", "-c", MEND)
        box.run("rm", WELL)


def test_it_says_so_and_takes_it_back(unready: Box) -> None:
    until(lambda: unready.run("cat", FAULT, check=False) == "unready\n", 60, "the fault", 0.5)
    assert "could not be made ready" in unready.run("foyer", "doctor", check=False)
    # What the front door shows on a machine of its own (image/tree/etc/caddy/fault.Caddyfile).
    assert "could not be made ready" in unready.run("cat", PAGE)
    assert not unready.is_active("caddy") and not unready.is_active("asterisk")
    unready.run("touch", WELL)
    until(lambda: all(unready.is_active(unit) for unit in ALL), 60, "the box to be up", 0.5)
    assert unready.run("cat", FAULT, PAGE, check=False) == ""
    assert "could not be made ready" not in unready.run("foyer", "doctor", check=False)
