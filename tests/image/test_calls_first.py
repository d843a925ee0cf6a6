"""A box whose telephone service hangs in its start: everything else comes up, and says so."""

from collections.abc import Iterator

import pytest

from tests.box.client import trust
from tests.image.box import Box
from tests.image.conftest import PORTS
from tests.until import until

pytestmark = pytest.mark.box

OTHERS = ("caddy", "foyer-webui", "foyer-apply", "foyer-pbx")
DROP_IN = "/run/systemd/system/asterisk.service.d"
HANG = f"""
mkdir -p {DROP_IN}
printf '[Service]\\nExecStartPre=/usr/bin/sleep infinity\\n' >{DROP_IN}/90-hang.conf
systemctl daemon-reload
"""
GO_ON = f"""
rm -r {DROP_IN}
systemctl daemon-reload
systemctl restart asterisk
"""


@pytest.fixture
def hanging(box: Box) -> Iterator[Box]:
    """The box as in its start, which Asterisk's never ends; as before afterwards."""
    box.stop("asterisk", *OTHERS)
    box.run("sh", "-c", HANG)
    box.run("systemctl", "start", "--no-block", "foyer.target")
    yield box
    box.run("sh", "-c", GO_ON)


def test_a_telephone_service_that_hangs_in_its_start_keeps_no_pages_away(hanging: Box) -> None:
    until(lambda: all(hanging.is_active(unit) for unit in OTHERS), 60, "the others to be up", 0.5)
    assert hanging.run("systemctl", "is-active", "asterisk", check=False).strip() == "activating"
    # The front door serves.
    assert trust(PORTS["http_port"], hanging.address).get_ca_certs()
    until(lambda: "The telephone service is not running." in doctor(hanging), 30, "the doctor's word", 0.5)


def doctor(box: Box) -> str:
    """What `foyer doctor` says."""
    return box.run("foyer", "doctor", check=False)
