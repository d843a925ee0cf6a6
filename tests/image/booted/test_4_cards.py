"""The booted image's drivers of telephone cards, on spans without a card: digital and analog lines, as they
are set up on the pages.
"""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from appliance.hw.dahdi import pri_spans
from tests.asterisk import sound
from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone
from tests.box.client import WebClient
from tests.image.company import Company
from tests.image.vm import VirtualBox
from tests.until import until

pytestmark = [pytest.mark.vm, pytest.mark.xdist_group("old")]

# The profile's E1 (provisioning/profiles/loopback): the office's end, which has no number until it is set up.
PROFILE = "/usr/lib/foyer/provisioning/profiles/loopback"
OFFICE_END = "DYN/loc/1:1:1"
COMPANY_END, COMPANY, COMPANY_CHANNELS = "DYN/loc/1:0", 17, (513, 543)
CARD_NUMBER, CARD_LINE = "02838251234", "/settings/lines/l2/now"
# Its T1, whose other end rings: the first of the office's analog ports, and the first channel of span 2.
ANALOG_PORT, ANALOG_CHANNEL = "DYN/loc/2:1:1:1", 33
ANALOG_NUMBER, ANALOG_LINE = "02838255678", "/settings/lines/l3/now"
TRIES = 8
TOLD = "/run/foyer-cards/system.conf"


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
    agent = call_in(old, f"DAHDI/g{COMPANY}/{CARD_NUMBER}", desk_phone)
    until(lambda: "1 call" in owner.get(CARD_LINE).text, 30, "the call on the page", 1)
    # Both ends, that of the settings and that of the profile.
    legs = re.findall(r"^DAHDI/[^!]+", old.asterisk("core show channels concise"), re.MULTILINE)
    shown = [old.asterisk(f"core show channel {leg}") for leg in legs]
    assert len(shown) == 2 and all("CONNECTED_LINE_SEND_SUB=foyer-other-end" in one for one in shown), shown
    hear_and_end(old, agent)


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


@pytest.fixture(scope="module")
def company(old: VirtualBox) -> Company:
    """The one behind the analog line; it starts while the line is set up."""
    return Company(old)


def test_an_analog_line_is_set_up_on_the_pages(old: VirtualBox, company: Company, owner: WebClient) -> None:
    started = old.run("systemctl show --property=MainPID asterisk")
    new = f"/settings/ports/new?socket={quote(ANALOG_PORT)}"
    until(lambda: new in owner.get("/system/cards/now").text, 60, "the port", 1)
    # A hang-up is told as is usual in the office's country: by the busy tone, and always by the current.
    owner.save(new, name="Wires")
    owner.save("/settings/lines/new?kind=card&port=x1", name="Wires", number=ANALOG_NUMBER)
    until(lambda: "Works" in owner.get(ANALOG_LINE).text, 120, "the line", 1)
    until(lambda: "'foyer-in-l3'" in old.asterisk("dialplan show foyer-in-l3"), 60, "the line's numbers", 1)
    company.wait_ready()
    assert old.run("systemctl show --property=MainPID asterisk") == started


def test_what_the_drivers_are_told_is_checked_with_their_own_tool(old: VirtualBox) -> None:
    check = "dahdi_cfg -t -C 1 -c"
    assert f"fxsks={ANALOG_CHANNEL}" in old.run(f"cat {TOLD}")
    old.run(f"{check} {TOLD}")
    refused = old.run(f"sed s/fxsks/fxskz/ {TOLD} >/run/wrong.conf; {check} /run/wrong.conf", check=False)
    assert "Unknown keyword 'fxskz'" in refused


def test_a_call_over_an_analog_line_reaches_the_queue(
    old: VirtualBox, company: Company, desk_phone: Phone
) -> None:
    """With its caller's number; the company tells by the current that he has hung up."""
    agent = analog_call_in(old, company, desk_phone, "0912345678")
    until(lambda: sound.loudest_dbfs(agent.heard()) > -35, 60, "the caller's voice")
    company.hangs_up()
    agent.wait_end(30)
    is_idle(old)


def test_an_agent_hangs_up_a_call_over_an_analog_line(
    old: VirtualBox, company: Company, desk_phone: Phone
) -> None:
    agent = analog_call_in(old, company, desk_phone, "0912345677")
    agent.hang_up()
    is_idle(old)
    until(lambda: not company.legs(), 30, "the company's end", 1)


def analog_call_in(box: VirtualBox, company: Company, desk_phone: Phone, caller: str) -> Leg:
    """Returns when the agent, who sees the caller's number, has answered. The number comes as sound, some of
    which an emulated machine loses where it waits for a processor itself: then the caller tries again.
    """
    for _ in range(TRIES):
        known = len(desk_phone.legs)
        company.calls(caller)
        agent = answered(desk_phone, known)
        if agent.caller == caller:
            return agent
        agent.hang_up()
        is_idle(box)
        until(lambda: not company.legs(), 30, "the company's end", 1)
    raise AssertionError(f"{caller} was not shown in {TRIES} calls")


def call_in(box: VirtualBox, dialled: str, desk_phone: Phone) -> Leg:
    """Has the telephone company's end call; returns when the agent has answered. The company's end says what
    a test call says.
    """
    known = len(desk_phone.legs)
    box.asterisk("module load res_clioriginate.so")
    box.asterisk(f"channel originate {dialled} extension s@foyer-sim-caller")
    return answered(desk_phone, known)


def answered(desk_phone: Phone, known: int) -> Leg:
    """The agent's call, besides those that were known, once the phone has answered it."""
    agent = until(lambda: next((leg for leg in desk_phone.legs[known:] if leg.is_up), None), 90, "the call")
    assert agent
    return agent


def hear_and_end(box: VirtualBox, agent: Leg) -> None:
    """The agent hears the caller, and hangs up; so do the lines."""
    until(lambda: sound.loudest_dbfs(agent.heard()) > -35, 60, "the caller's voice")
    agent.hang_up()
    is_idle(box)


def is_idle(box: VirtualBox) -> None:
    """Waits until no card has a call."""
    until(lambda: "DAHDI/" not in box.asterisk("core show channels concise"), 30, "the end of the call", 1)


def line_channels(box: VirtualBox) -> int:
    """How many channels Asterisk has that bring in calls of the line."""
    return box.asterisk("dahdi show channels").count("foyer-in-l2")
