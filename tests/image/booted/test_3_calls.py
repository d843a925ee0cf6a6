"""The booted image at work: the wizard, a call, a network for the phones."""

from __future__ import annotations

import html
import re
from functools import partial
from pathlib import Path

import pytest

from tests.asterisk import sound
from tests.asterisk.caller import SippCaller
from tests.asterisk.phone import Phone
from tests.box.client import WebClient
from tests.image.booted.conftest import AGENT_HZ
from tests.image.vm import HOST, VirtualBox
from tests.powercut.recording import Office
from tests.until import until

pytestmark = [pytest.mark.vm, pytest.mark.xdist_group("old")]

NUMBER = "02438251234"
CALLER_HZ = 440
# A tone of -15 dBFS, as both sides say it, loses less than 1 dB by a law of G.711.
LOUD_DBFS = -17.0
PHONES_VLAN = 7
WORK_S = 10
PATIENCE_S = 120
# Tags, and what keeps inserted words apart (Unicode's isolates).
MARKS = re.compile("<[^>]+>|[\u2068\u2069]")


def test_the_wizard_sets_it_up_through_the_forwarded_port(passwords: dict[str, str]) -> None:
    assert set(passwords) == {"minh", "ha"}


def test_its_page_shows_this_machine(old: VirtualBox, owner: WebClient) -> None:
    """As foyer-health sees it out of its sandbox: the slot, the disks and how worn they are, the network."""
    old.run("systemctl start foyer-wear.service")
    # The page does not wait as long for foyer-health as an emulated machine takes to start it.
    page = until(partial(system_page, owner), PATIENCE_S, "the box's report on the page", 2)
    assert "There is a second disk with Foyer's system in the box: QEMU NVMe Ctrl." in page
    assert "0 % of its life used" in page
    assert "10.0.2.15/24" in page


def system_page(owner: WebClient) -> str:
    """The page's words, once it shows the machine."""
    words = html.unescape(MARKS.sub("", owner.get("/system").text))
    assert "slot a" in words.casefold(), " ".join(words.split())
    return words


def test_a_call_is_answered_and_recorded(old: VirtualBox, desk_phone: Phone, tmp_path: Path) -> None:
    with SippCaller(
        tmp_path, NUMBER, caller="0912345678", host=HOST, server=(HOST, old.sip_port),
        tone_hz=CALLER_HZ, follows=True,
    ) as caller:  # fmt: skip
        caller.wait_answer(60)
        until(lambda: sound.loudest_dbfs(caller.heard()) > -35, 60, "the greeting")
        agent = desk_phone.wait_call(90)
        assert agent.caller == "0912345678"
        until(lambda: sound.tone_seconds(caller.heard(), AGENT_HZ) > 5, 60, "the agent's voice")
        until(lambda: sound.tone_seconds(agent.heard(), CALLER_HZ) > 5, 60, "the caller's voice")
        caller.hang_up()
    agent.wait_end(30)
    until(partial(is_recorded, old, tmp_path / "recording.wav"), 60, "both voices in the recording", 2)


def test_settings_and_notes_are_saved_while_others_write(owner: WebClient, office: Office) -> None:
    """What test_6_power_cuts cuts; behind a call, since it changes the agents' time for notes."""
    office.work(owner, WORK_S)
    office.keep()


def is_recorded(box: VirtualBox, copy: Path) -> bool:
    """Whether the one recording has both sides, loud enough, for four seconds; `copy` gets it."""
    (name,) = box.run("find /data/asterisk/recordings -name '*.wav'").splitlines()
    copy.write_bytes(box.read(name))
    heard = sound.read_wav(copy)
    levels = {hz: sound.tone_level_dbfs(heard, hz) for hz in (CALLER_HZ, AGENT_HZ)}
    loud_s = {hz: (level > LOUD_DBFS).sum() * sound.WINDOW_MS / 1000 for hz, level in levels.items()}
    assert min(loud_s.values()) > 4, (loud_s, {hz: level.max(initial=-120) for hz, level in levels.items()})
    return True


def test_the_phones_get_a_network_of_their_own(old: VirtualBox, owner: WebClient) -> None:
    """On the page, and confirmed at the address of the box's own by which Caddy says that a browser came."""
    card = old.run("ls -d /sys/class/net/*/device").split("/")[4]
    confirm = until(partial(begin_trial, owner, card), PATIENCE_S, "the trial", 2)
    until(lambda: has_phones_network(old), 60, "the phones' network", 1)
    # Until the box has changed its network there is no such button.
    kept = until(lambda: owner.post(confirm, {}), PATIENCE_S, "the button", 2)
    assert "The new network stays" in kept.text
    assert f'"phones_vlan": {PHONES_VLAN}' in old.run("cat /data/network/plan.json")


def test_the_phones_network_is_there_again_after_a_start(old: VirtualBox) -> None:
    """What a start of the box begins with: no such network in the kernel, nothing in memory."""
    assert has_phones_network(old)
    old.run("rm /run/systemd/network/10-foyer* && ip link delete phones")
    assert not has_phones_network(old)
    old.run("systemctl start foyer-network@start.service && systemctl restart systemd-networkd.service")
    until(lambda: has_phones_network(old), 60, "the phones' network", 1)


def begin_trial(owner: WebClient, card: str) -> str:
    """Where the trial is to be confirmed. AssertionError while foyer-health is not up."""
    typed = {"card": card, "mode": "router", "phones_vlan": str(PHONES_VLAN),
             "phones_address": "10.7.0.1", "phones_prefix": "16"}  # fmt: skip
    shown = owner.post("/system/network", typed).text
    found = re.search(r'href="https://foyer\.local(/system/network/confirm/[^"]+)"', shown)
    assert found, shown
    return found[1]


def has_phones_network(box: VirtualBox) -> bool:
    shown = box.run("ip -details address show dev phones", check=False)
    return f"vlan protocol 802.1Q id {PHONES_VLAN}" in shown and "10.7.0.1/16" in shown
