"""The booted image at work: the wizard, calls over the internet and over a card, a network for the phones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest

from appliance.hw.dahdi import pri_spans
from tests.asterisk import sound
from tests.asterisk.caller import SippCaller
from tests.asterisk.g711 import Samples
from tests.asterisk.phone import Phone
from tests.box.client import WebClient, trust
from tests.image.booted.conftest import OFFICE, PAGE_S
from tests.image.vm import HOST, VirtualBox
from tests.powercut.recording import Office
from tests.until import until

pytestmark = [pytest.mark.vm, pytest.mark.xdist_group("old")]

NUMBER = "02438251234"
CALLER_HZ, AGENT_HZ = 440, 700
AGENT_PASSWORD = "seven slow buffaloes"
# A tone of -15 dBFS, as both sides say it, loses less than 1 dB by a law of G.711.
LOUD_DBFS = -17.0
PHONES_VLAN = 7
WORK_S = 10
PATIENCE_S = 120
# Tags, and what keeps inserted words apart (Unicode's isolates).
MARKS = re.compile("<[^>]+>|[\u2068\u2069]")
# The profile's E1 (provisioning/profiles/loopback): the office's end, which has no number until it is set up.
PROFILE = "/usr/lib/foyer/provisioning/profiles/loopback"
OFFICE_END = "DYN/loc/1:1:1"
COMPANY_END, COMPANY, COMPANY_CHANNELS = "DYN/loc/1:0", 17, (513, 543)
CARD_NUMBER, CARD_LINE = "02838251234", "/settings/lines/l2/now"


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
            phone.wait_registered(60)
            agent.post("/desk/state", {"device": "desk"}, of="/desk")
            agent.post("/desk/state", {"state": "available"}, of="/desk")
            until(lambda: "PJSIP/a2d" in old.asterisk("queue show q1"), 30, "the desk phone in the queue", 1)
            yield phone


def test_the_wizard_sets_it_up_through_the_forwarded_port(passwords: dict[str, str]) -> None:
    assert set(passwords) == {"minh", "ha"}


def test_its_page_shows_this_machine(old: VirtualBox, passwords: dict[str, str]) -> None:
    """As foyer-health sees it out of its sandbox: the slot, the disks and how worn they are, the network."""
    old.run("systemctl start foyer-wear.service")
    assert passwords
    with WebClient(old.https_port, trust(old.http_port, "localhost"), "localhost", PAGE_S) as owner:
        owner.sign_in(OFFICE.admin_login, OFFICE.admin_password)
        # The page does not wait as long for foyer-health as an emulated machine takes to start it.
        page = until(partial(system_page, owner), PATIENCE_S, "the box's report on the page", 2)
    assert "QEMU NVMe Ctrl" in page and "0 % of its life used" in page
    assert "10.0.2.15/24" in page


def system_page(owner: WebClient) -> str:
    """The page's words, once it shows the machine."""
    words = MARKS.sub("", owner.get("/system").text)
    assert "slot a" in words.casefold(), " ".join(words.split())
    return words


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


@pytest.fixture(scope="module")
def owner(old: VirtualBox, passwords: dict[str, str]) -> Iterator[WebClient]:
    """The administrator, signed in."""
    assert passwords
    with WebClient(old.https_port, trust(old.http_port, "localhost"), "localhost", PAGE_S) as client:
        client.sign_in(OFFICE.admin_login, OFFICE.admin_password)
        yield client


def test_settings_and_notes_are_saved_while_others_write(owner: WebClient, office: Office) -> None:
    """What test_5_power_cuts cuts; behind a call, since it changes the agents' time for notes."""
    office.work(owner, WORK_S)
    office.keep()


def test_a_primary_rate_line_is_set_up_on_the_pages(old: VirtualBox, owner: WebClient) -> None:
    """The box's own end of the loopback pair; the profile has the telephone company's, in the same
    Asterisk.
    """
    started = old.run("systemctl show --property=MainPID asterisk")
    new = f"/settings/spans/new?socket={quote(OFFICE_END)}"
    until(lambda: new in owner.get("/system/cards/now").text, 60, "the port", 1)
    owner.save(new, name="Company", calls="10")
    owner.save("/settings/lines/new?kind=card&span=d1", name="Company", spans="d1", number=CARD_NUMBER)
    # It works with the port's settings alone; calls for the line come with those of the second page.
    until(lambda: line_channels(old) == 10, 120, "the line's channels", 1)
    until(lambda: "'foyer-in-l2'" in old.asterisk("dialplan show foyer-in-l2"), 60, "the line's numbers", 1)
    until(lambda: "Works" in owner.get(CARD_LINE).text, 120, "the line", 1)
    assert {one.span for one in pri_spans.parse(old.asterisk("pri show spans")) if one.is_up} == {1, COMPANY}
    assert old.run("systemctl show --property=MainPID asterisk") == started


def test_a_call_over_a_primary_rate_line_reaches_the_queue(
    old: VirtualBox, owner: WebClient, desk_phone: Phone
) -> None:
    known = len(desk_phone.legs)
    # The telephone company's end says there what a test call says.
    old.asterisk("module load res_clioriginate.so")
    old.asterisk(f"channel originate DAHDI/g{COMPANY}/{CARD_NUMBER} extension s@foyer-sim-caller")
    agent = until(lambda: next((leg for leg in desk_phone.legs[known:] if leg.is_up), None), 90, "the call")
    assert agent
    until(lambda: "1 call" in owner.get(CARD_LINE).text, 30, "the call on the page", 1)
    until(lambda: loudest(agent.heard()) > -35, 60, "the caller's voice")
    agent.hang_up()
    until(lambda: "DAHDI/" not in old.asterisk("core show channels concise"), 30, "the end of the call", 1)


def test_the_page_tells_when_the_company_is_gone(old: VirtualBox, owner: WebClient) -> None:
    """All is back by itself when it is; a change of the port's settings needs no new start of Asterisk."""
    started = old.run("systemctl show --property=MainPID asterisk")
    find = f"dirname $(grep -lx {COMPANY_END} /sys/bus/dahdi_devices/devices/*/hardware_id)"
    old.run(f"echo 1 >$({find})/unassign_span")
    until(lambda: "alarm: they do not hear us" in owner.get(CARD_LINE).text, 60, "the alarm on the page", 1)
    owner.save("/settings/spans/d1", calls="20")
    until(lambda: line_channels(old) == 20, 120, "the line's channels", 1)
    old.run(f"echo 1:{COMPANY}:{COMPANY_CHANNELS[0]} >$({find})/assign_span")
    first, last = COMPANY_CHANNELS
    old.run(f"dahdi_cfg -c {PROFILE}/system.conf -S {COMPANY} -C {first}-{last}")
    old.asterisk(f"dahdi create channels {first} {last}")
    until(lambda: "Works" in owner.get(CARD_LINE).text, 120, "the line again", 1)
    assert old.run("systemctl show --property=MainPID asterisk") == started


def line_channels(box: VirtualBox) -> int:
    """How many channels Asterisk has that bring in calls of the line."""
    return box.asterisk("dahdi show channels").count("foyer-in-l2")


def is_recorded(box: VirtualBox, copy: Path) -> bool:
    """Whether the one recording has both sides, loud enough, for four seconds; `copy` gets it."""
    (name,) = box.run("find /data/asterisk/recordings -name '*.wav'").splitlines()
    copy.write_bytes(box.read(name))
    heard = sound.read_wav(copy)
    levels = {hz: sound.tone_level_dbfs(heard, hz) for hz in (CALLER_HZ, AGENT_HZ)}
    loud_s = {hz: (level > LOUD_DBFS).sum() * sound.WINDOW_MS / 1000 for hz, level in levels.items()}
    assert min(loud_s.values()) > 4, (loud_s, {hz: level.max(initial=-120) for hz, level in levels.items()})
    return True


def loudest(heard: Samples) -> float:
    return float(sound.level_dbfs(heard).max(initial=-120))


def test_the_phones_get_a_network_of_their_own(old: VirtualBox, owner: WebClient) -> None:
    """On the page, and confirmed at the address of the box's own by which Caddy says that a browser came."""
    card = old.run("ls -d /sys/class/net/*/device").split("/")[4]
    confirm = until(partial(begin_trial, owner, card), PATIENCE_S, "the trial", 2)
    until(lambda: has_phones_network(old), 60, "the phones' network", 1)
    # Until the box has changed its network there is no such button.
    kept = until(lambda: owner.post(confirm, {}), PATIENCE_S, "the button", 2)
    assert "The new network stays" in kept.text
    assert f'"phones_vlan": {PHONES_VLAN}' in old.run("cat /data/network/plan.json")


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
