"""The booted image at work: the wizard, calls over the internet and over a card, a network for the phones."""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.asterisk import sound
from tests.asterisk.caller import SippCaller
from tests.asterisk.g711 import Samples
from tests.asterisk.phone import Phone
from tests.box.client import WebClient, trust
from tests.image.booted.conftest import PAGE_S
from tests.image.test_network_trial import TRY
from tests.image.vm import HOST, VirtualBox
from tests.until import until

pytestmark = pytest.mark.vm

NUMBER = "02438251234"
CALLER_HZ, AGENT_HZ = 440, 700
AGENT_PASSWORD = "seven slow buffaloes"
# A tone of -15 dBFS, as both sides say it, loses less than 1 dB by a law of G.711.
LOUD_DBFS = -17.0
PHONES_VLAN = 7


@pytest.fixture(scope="module")
def desk_phone(old: VirtualBox, passwords: dict[str, str]) -> Iterator[Phone]:
    """The desk phone of an agent who is available; it answers and speaks."""
    with WebClient(old.https_port, trust(old.http_port, "localhost"), "localhost", PAGE_S) as agent:
        agent.sign_in("ha", passwords["ha"])
        chosen = {"password": AGENT_PASSWORD, "password_again": AGENT_PASSWORD}
        agent.post("/account/password", {"password_now": passwords["ha"], **chosen})
        shown = agent.post("/account/desk-phone", {}, of="/account").text
        password = re.search(r'id="desk-password">([^<]+)<', shown)
        assert password, shown
        with Phone(
            "a2d", password[1], host=HOST, server=(HOST, old.sip_port),
            tone_hz=AGENT_HZ, answers=True, follows=True,
        ) as phone:  # fmt: skip
            # Asterisk learns the new password a moment later.
            until(partial(is_known, phone), 60, "the desk phone to be known", 1)
            agent.post("/desk/state", {"device": "desk"}, of="/desk")
            agent.post("/desk/state", {"state": "available"}, of="/desk")
            until(lambda: "PJSIP/a2d" in old.asterisk("queue show q1"), 30, "the desk phone in the queue", 1)
            yield phone


def is_known(phone: Phone) -> bool:
    """Whether the phone may register; an AssertionError if it may not."""
    phone.register()
    return True


def test_the_wizard_sets_it_up_through_the_forwarded_port(passwords: dict[str, str]) -> None:
    assert set(passwords) == {"minh", "ha"}


def test_a_call_is_answered_and_recorded(old: VirtualBox, desk_phone: Phone, tmp_path: Path) -> None:
    with SippCaller(
        tmp_path, NUMBER, caller="0912345678", host=HOST, server=(HOST, old.sip_port),
        tone_hz=CALLER_HZ, follows=True,
    ) as caller:  # fmt: skip
        caller.wait_answer(60)
        until(lambda: loudest(caller.heard()) > -35, 60, "the greeting")
        agent = desk_phone.wait_call(90)
        assert agent.caller == "0912345678"
        until(lambda: sound.tone_seconds(caller.heard(), AGENT_HZ) > 5, 60, "the agent's voice")
        until(lambda: sound.tone_seconds(agent.heard(), CALLER_HZ) > 5, 60, "the caller's voice")
        caller.hang_up()
    agent.wait_end(30)
    until(partial(is_recorded, old, tmp_path / "recording.wav"), 60, "both voices in the recording", 2)


def test_a_call_over_a_primary_rate_line_reaches_the_queue(old: VirtualBox, desk_phone: Phone) -> None:
    spans = old.asterisk("pri show spans")
    assert spans.count("Up, Active") == 2, spans
    known = len(desk_phone.legs)
    # The telephone company's end is in the same Asterisk, and says there what a test call says.
    old.asterisk("module load res_clioriginate.so")
    old.asterisk(f"channel originate DAHDI/g1/{NUMBER} extension s@foyer-sim-caller")
    agent = until(lambda: next((leg for leg in desk_phone.legs[known:] if leg.is_up), None), 90, "the call")
    assert agent
    assert re.search(r"DAHDI/i2/\S+", old.asterisk("core show channels concise"))
    until(lambda: loudest(agent.heard()) > -35, 60, "the caller's voice")
    agent.hang_up()
    until(lambda: "DAHDI/" not in old.asterisk("core show channels concise"), 30, "the end of the call", 1)


def is_recorded(box: VirtualBox, copy: Path) -> bool:
    """Whether the one recording has both sides, loud enough, for four seconds; `copy` gets it."""
    (name,) = box.run("find /data/asterisk/recordings -name '*.wav'").splitlines()
    copy.write_bytes(base64.b64decode(box.run(f"base64 -w0 {name}")))
    heard = sound.read_wav(copy)
    levels = {hz: sound.tone_level_dbfs(heard, hz) for hz in (CALLER_HZ, AGENT_HZ)}
    loud_s = {hz: (level > LOUD_DBFS).sum() * sound.WINDOW_MS / 1000 for hz, level in levels.items()}
    assert min(loud_s.values()) > 4, (loud_s, {hz: level.max(initial=-120) for hz, level in levels.items()})
    return True


def loudest(heard: Samples) -> float:
    return float(sound.level_dbfs(heard).max(initial=-120))


def test_the_phones_get_a_network_of_their_own(old: VirtualBox) -> None:
    card = old.run("ls -d /sys/class/net/*/device").split("/")[4]
    plan = {"card": card, "address": "", "gateway": "", "dns": [], "phones_vlan": PHONES_VLAN,
            "phones_address": "10.7.0.1/16"}  # fmt: skip
    ask(old, "try", json.dumps(plan), "a" * 24)
    until(lambda: has_phones_network(old), 60, "the phones' network", 1)
    ask(old, "confirm", "a" * 24)


def ask(box: VirtualBox, *arguments: str) -> None:
    """Asks root for a change of the network, as the pages do, by their account."""
    account = ("setpriv", "--reuid=foyer-webui", "--regid=foyer", "--init-groups")
    box.run(shlex.join([*account, "python3", "-P", "-c", TRY, *arguments]))


def has_phones_network(box: VirtualBox) -> bool:
    shown = box.run("ip -details address show dev phones", check=False)
    return f"vlan protocol 802.1Q id {PHONES_VLAN}" in shown and "10.7.0.1/16" in shown
