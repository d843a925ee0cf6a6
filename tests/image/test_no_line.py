"""A box that has no phone line yet: the built-in caller rings in all the same, by each of the ways that the
terminal names.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.asterisk import sound
from tests.asterisk.phone import Phone
from tests.box import wizard
from tests.box.client import WebClient, trust
from tests.image.box import Box
from tests.image.conftest import OTHER_PORTS

pytestmark = pytest.mark.box

REPOSITORY = Path(__file__).parents[2]
AGENT_HZ = 700
AGENT_PASSWORD = "seven slow buffaloes"


@dataclass(frozen=True)
class Office:
    """A box without a line: its owner, an agent, whose desk phone rings."""

    box: Box
    owner: WebClient
    agent: WebClient
    desk: Phone

    def hears_a_voice(self) -> None:
        """A call comes, in which somebody speaks; the agent ends it, and is free for the next at once."""
        ring = self.desk.wait_ring(30)
        ring.answer()
        ring.wait_heard(lambda heard: sound.loudest_dbfs(heard) > -35, 1.0, 15, "the test caller's voice")
        ring.hang_up()
        self.agent.post("/desk/state", {"state": "available"}, of="/desk")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with Box(tmp_path_factory.mktemp("no-line") / "state", **OTHER_PORTS) as box:
        tls = trust(box.http_port)
        with WebClient(box.https_port, tls) as owner, WebClient(box.https_port, tls) as agent:
            passwords = wizard.send(owner, box.otp, replace(wizard.CLINIC, line_kind="none"))
            agent.sign_in("ha", passwords["ha"])
            chosen = {"password": AGENT_PASSWORD, "password_again": AGENT_PASSWORD}
            agent.post("/account/password", {"password_now": passwords["ha"], **chosen})
            server = ("127.0.0.1", box.sip_port)
            with Phone(
                "a2d", agent.desk_password(), host="127.0.0.4", server=server, tone_hz=AGENT_HZ
            ) as desk:
                desk.wait_registered(30)
                agent.post("/desk/state", {"device": "desk"}, of="/desk")
                agent.post("/desk/state", {"state": "available"}, of="/desk")
                yield Office(box, owner, agent, desk)


def test_the_button_on_the_page_live_makes_a_caller_ring_in(office: Office) -> None:
    office.owner.post("/test-call", {}, of="/live")
    office.hears_a_voice()


def test_the_make_target_makes_a_caller_ring_in(office: Office) -> None:
    """As `make test-call STATE=...` does it, which the test root has no `make` for."""
    makefile = (REPOSITORY / "Makefile").read_text("utf-8")
    exported, recipe = (
        re.search(pattern, makefile, re.M)
        for pattern in (r"^export (.+)$", r"^test-call: prepare .*\n\t@(.+)$")
    )
    assert exported and recipe, makefile
    assert "STATE" in exported[1].split()
    done = subprocess.run(
        ["sh", "-c", recipe[1]],
        cwd=REPOSITORY,
        env={**os.environ, "STATE": str(office.box.state)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0 and "It is ringing." in done.stdout, done
    office.hears_a_voice()
