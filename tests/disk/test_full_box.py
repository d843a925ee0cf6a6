"""A booted box whose data disk, ext4 as on a machine of its own, runs full: calls go on, recording stops and
is said to have stopped, what people do is kept.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance import space
from tests.asterisk import sound
from tests.asterisk.phone import Phone
from tests.box import wizard
from tests.box.client import WebClient, trust
from tests.box.line import NUMBER, PROVIDER
from tests.image.box import Box
from tests.small_disk import SmallDisk, small_ext4
from tests.until import until

pytestmark = pytest.mark.box

DISK_MB = 600
CALLER_HZ, AGENT_HZ = 440, 700
AGENT_PASSWORD = "seven slow buffaloes"
ON_THE_PAGE = "New calls are not recorded: the disk is nearly full."
BY_THE_DOCTOR = "The disk is full: calls still work, but they are no longer recorded."


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_ext4(tmp_path / "disk", DISK_MB) as disk:
        yield disk


@dataclass(frozen=True)
class Office:
    """A box at work: its owner, an agent with a desk phone, the phone line."""

    box: Box
    owner: WebClient
    agent: WebClient
    desk: Phone
    line: Phone

    def talk(self) -> None:
        """A call that is answered; the two hear each other."""
        leg = self.line.call(NUMBER)
        ring = self.desk.wait_ring(30)
        ring.answer()
        leg.wait_answer()
        leg.wait_heard(lambda heard: not sound.tone_gaps(heard, AGENT_HZ), 1.0, 15, "the agent")
        ring.wait_heard(lambda heard: not sound.tone_gaps(heard, CALLER_HZ), 1.0, 15, "the caller")
        leg.hang_up()
        ring.wait_end()

    def call(self) -> None:
        """A call that stands in the history, too."""
        before = self.calls()
        self.talk()
        until(lambda: self.calls() == [*before, "answered"], 15, "the call in the history")
        # A break ends the agent's time for notes, which begins with that.
        self.choose("break:meal")
        self.choose("available")

    def choose(self, state: str) -> None:
        """What the agent presses on the desk."""
        self.agent.post("/desk/state", {"state": state}, of="/desk")

    def recordings(self) -> int:
        """How many calls were recorded."""
        return len(list((self.box.state / "asterisk/recordings").rglob("*.wav")))

    def calls(self) -> list[str]:
        """How each of the calls that are over ended."""
        return self._ask("SELECT outcome FROM conversation WHERE ended IS NOT NULL ORDER BY id")

    def state(self) -> list[str]:
        """What the agent does."""
        return self._ask("SELECT state FROM agent_state WHERE agent_id = 'a2' AND ended IS NULL")

    def _ask(self, query: str) -> list[str]:
        with sqlite3.connect(self.box.state / "foyer/foyer.db") as db:
            return [str(value) for (value,) in db.execute(query)]

    def look(self) -> None:
        """What the box's timer does next, without waiting for it."""
        assert self.box.is_active("foyer-disk.timer")
        self.box.begin("foyer-disk")

    def is_said(self) -> bool:
        """Whether the page that everybody looks at says that calls are not recorded."""
        return ON_THE_PAGE in self.owner.get("/live").text

    def doctor(self) -> str:
        """What the box says of itself."""
        return self.box.run("foyer", "doctor", check=False)


@pytest.fixture
def office(disk: SmallDisk) -> Iterator[Office]:
    with Box(disk.path / "state") as box:
        tls, server = trust(box.http_port), ("127.0.0.1", box.sip_port)
        with (
            WebClient(box.https_port, tls) as owner,
            WebClient(box.https_port, tls) as agent,
            Phone("provider", host=PROVIDER, server=server, tone_hz=CALLER_HZ) as line,
        ):
            passwords = wizard.send(owner, box.otp, wizard.CLINIC)
            agent.sign_in("ha", passwords["ha"])
            chosen = {"password": AGENT_PASSWORD, "password_again": AGENT_PASSWORD}
            agent.post("/account/password", {"password_now": passwords["ha"], **chosen})
            # It is made when the settings are put to use.
            password = agent.desk_password()
            with Phone("a2d", password, host="127.0.0.4", server=server, tone_hz=AGENT_HZ) as desk:
                desk.wait_registered(30)
                agent.post("/desk/state", {"device": "desk"}, of="/desk")
                agent.post("/desk/state", {"state": "available"}, of="/desk")
                yield Office(box, owner, agent, desk, line)


def test_calls_go_on_unrecorded_and_what_people_do_is_kept(disk: SmallDisk, office: Office) -> None:
    box = office.box
    assert box.run("findmnt", "--noheadings", "--output=FSTYPE", "/data").strip() == "ext4"
    office.call()
    assert office.recordings() == 1 and not office.is_said() and BY_THE_DOCTOR not in office.doctor()

    disk.fill(leave=space.stops_below(disk.size) - 1_000_000)
    office.look()
    until(office.is_said, 30, "the alarm on the page", 0.5)
    assert BY_THE_DOCTOR in office.doctor()
    office.call()

    kept = box.state / "foyer/foyer.reserve"
    assert kept.exists()
    # To the last block that is not root's.
    disk.fill(leave=0)
    office.call()
    assert not kept.exists()
    office.choose("break:meal")
    assert office.state() == ["break"]
    assert office.recordings() == 1
    assert office.owner.get("/calls").status == 200

    # What was kept back is used as well: little can be saved if anything, and yet no call is forgotten.
    office.choose("available")
    disk.fill(leave=0)
    office.talk()
    disk.clear()
    until(lambda: office.calls() == ["answered"] * 4, 15, "the call in the history")
    office.look()
    until(lambda: not office.is_said(), 30, "the end of the alarm", 0.5)
    assert BY_THE_DOCTOR not in office.doctor()
    office.choose("break:meal")
    office.choose("available")
    office.call()
    assert office.recordings() == 2
    assert box.run("systemctl", "--failed", "--no-legend") == ""
    with sqlite3.connect(box.state / "foyer/foyer.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
