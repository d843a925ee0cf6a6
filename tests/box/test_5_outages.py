"""Every Python process is killed, Asterisk is killed: what callers and agents notice, what is right again."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.store.site_queues import Queue
from tests.asterisk import sound
from tests.asterisk.g711 import Samples
from tests.asterisk.leg import Leg
from tests.asterisk.phone import Phone
from tests.box.client import WebClient
from tests.box.conftest import DESK_PHONE_HZ, MICROPHONE_HZ
from tests.box.desk import Desk
from tests.box.exchange import Exchange
from tests.box.line import Line
from tests.box.moments import STAMP_S, Moment, agrees, doing, lasted, seeing
from tests.box.records import CallPage, call_text, download, open_call, rows
from tests.box.trouble import python_dead
from tests.browser.browser import Browser
from tests.image.box import Box
from tests.until import Stopwatch, until, within

pytestmark = [pytest.mark.box, pytest.mark.browser]

FIRST, SECOND, THIRD = "0922000001", "0922000002", "0922000005"
CUT, AFTER = "0922000003", "0922000004"
CALLER_HZ = 440
GONE = "The telephone service is not running."
# What the issue allows for the page to say so, and after Asterisk is back for everything to be right.
SAID_S, RIGHT_S = 5.0, 10.0
SOUNDS = Path("/usr/share/asterisk/sounds/en")


@pytest.fixture(autouse=True)
def in_peace(minh: Desk, ha: WebClient) -> Iterator[None]:
    """Each test ends with both agents offline, also one that failed."""
    yield
    ha.post("/desk/state", {"state": "offline"}, of="/desk")
    minh.rest()


def test_calls_do_not_need_python(
    box: Box,
    line: Line,
    exchange: Exchange,
    ha: WebClient,
    desk_phone: Phone,
    owner: Browser,
    screens: Path,
) -> None:
    ha.post("/desk/state", {"device": "desk"}, of="/desk")
    ha.post("/desk/state", {"state": "break:meal"}, of="/desk")
    until(lambda: any("paused" in member for member in exchange.members()), 5, "a2 in the queue, on a break")
    moments: dict[str, Moment] = {}
    with line.phones(CALLER_HZ) as far:
        first = far.call(line.number, caller=FIRST)
        moments["greeted"] = seeing(lambda: first.is_up, 10, "an answer")
        moments["queued"] = seeing(lambda: exchange.waiting() == 1, 30, "the first caller in the queue")
        second = far.call(line.number, caller=SECOND).wait_answer()
        until(lambda: exchange.waiting() == 2, 30, "the second caller in the queue")
        with python_dead(box):
            assert "appliance" not in box.run("ps", "-eo", "args")
            third = far.call(line.number, caller=THIRD).wait_answer()
            hears_music_and_places(first, (second, third))
            assert exchange.waiting() == 3 and first.is_up and second.is_up and third.is_up
            # Back from the break, without any of our processes.
            desk_phone.call("*91").wait_answer().wait_end(15)
            ringing = desk_phone.wait_ring(15)
            assert ringing.caller == FIRST and ringing.rang_at
            # The call of the key may not be over by then.
            moments["rang"] = Moment(ringing.rang_at, ringing.rang_at)
            talk(moments, first, ringing, (second, third))
        until(lambda: "Answered" in call_text(owner, FIRST), 15, "the first call in the list, closed")
    page = open_call(owner, FIRST)
    is_told_as_it_was(page, moments)
    late_s = max(first.sound.late_s, ringing.sound.late_s)
    holds_both_sides(download(owner, page.recording, screens), moments, late_s)
    for number in (SECOND, THIRD):
        assert "Caller gave up" in call_text(owner, number)
    assert [rows(owner, number) for number in (FIRST, SECOND, THIRD)] == [1, 1, 1]
    owner.open("/live")
    # The key on the phone was heard, although nobody was there to hear it.
    owner.sees("Available", ".agents", 5)
    ha.post("/desk/state", {"state": "offline"}, of="/desk")
    until(lambda: not exchange.members(), 5, "nobody in the queue")


def hears_music_and_places(first: Leg, others: tuple[Leg, ...]) -> None:
    """Wait until those who are not next are told their places, from now on; who is next hears music."""
    begin = time.monotonic()
    prompt = sound.read_wav(SOUNDS / "queue-thereare.wav")
    until(
        lambda: all(sound.likeness(leg.heard(begin), prompt) > 0.8 for leg in others),
        Queue.announce_every_seconds + 15,
        "the places of those who wait to be told",
        every_s=1,
    )
    begin = time.monotonic()
    until(lambda: time.monotonic() > begin + 2, 3, "two seconds of music")
    assert sound.silences(first.heard(begin), 1500) == []
    assert float(sound.level_dbfs(first.heard(begin)).max()) > -40


def talk(moments: dict[str, Moment], first: Leg, ringing: Leg, others: tuple[Leg, ...]) -> None:
    """The agent answers, and both speak for a while; the others give up meanwhile."""
    answered = moments["answered"] = doing(ringing.answer)
    first.wait_heard(lambda heard: not sound.tone_gaps(heard, DESK_PHONE_HZ), 1.0, 8, "the agent")
    ringing.wait_heard(lambda heard: not sound.tone_gaps(heard, CALLER_HZ), 1.0, 8, "the caller")
    until(lambda: answered.before + 4 < time.monotonic(), 5, "4 s of talk")
    for leg in others:
        leg.hang_up()

    def end() -> None:
        ringing.hang_up()
        first.wait_end(5)

    moments["ended"] = doing(end)


def is_told_as_it_was(page: CallPage, moments: dict[str, Moment]) -> None:
    """The page of the call says what happened, who was there and how long each part took."""
    kinds = [what.partition(" (")[0] for what, _, _ in page.segments]
    assert kinds[:4] == ["Greeting", "Waiting", "Ringing", "Talking"], page.segments
    begins, ends = ("greeted", "queued", "rang", "answered"), ("queued", "answered", "answered", "ended")
    for (what, _, shown_s), begin, end in zip(page.segments, begins, ends, strict=False):
        limits = moments[begin], moments[end]
        assert agrees(shown_s, *limits), f"{what}: {shown_s} s on the page, here {lasted(*limits)}"
    assert "Lê Thu Hà" in page.text


def holds_both_sides(recording: Samples, moments: dict[str, Moment], late_s: float) -> None:
    """It is as long as the talk, and each of the two is in all of it; a phone may have said so much late."""
    limits = moments["answered"], moments["ended"]
    assert agrees(sound.seconds(recording), *limits), (sound.seconds(recording), lasted(*limits))
    # One of them begins and ends a moment before the other.
    edge = round(STAMP_S * sound.RATE)
    for hertz in (CALLER_HZ, DESK_PHONE_HZ):
        heard = sound.tone_level_dbfs(recording[edge:-edge], hertz) > sound.SILENCE_DBFS
        assert sound.gaps(heard, longer_than_ms=200 + round(late_s * 1000)) == [], f"{hertz} Hz"


def test_asterisk_is_killed_in_a_call(
    box: Box, line: Line, exchange: Exchange, ha: WebClient, desk_phone: Phone, minh: Desk, owner: Browser
) -> None:
    ha.post("/desk/state", {"state": "break:meal"}, of="/desk")
    minh.go("available")
    owner.open("/live")
    with line.phones(CALLER_HZ) as far:
        leg = far.call(line.number, caller=CUT).wait_answer()
        minh.wait_view("ringing", 20)
        minh.answer()
        leg.wait_heard(lambda heard: not sound.tone_gaps(heard, MICROPHONE_HZ, 200), 1.0, 8, "the agent")
        owner.sees("On a call", ".agents", 5)
        box.kill("asterisk")
        within(lambda: GONE in owner.text(), SAID_S, "the page to say so")
        until(lambda: exchange.is_up, 30, "Asterisk to be back")
        back = Stopwatch()
        within(lambda: right_again(exchange), RIGHT_S, "members and breaks as they were", back)
        within(lambda: "1 of 2 free" in owner.text(), RIGHT_S, "the live page to be right", back)
        within(lambda: GONE not in owner.text(), RIGHT_S, "the page to take it back", back)
        within(lambda: minh.link == "The phone is ready.", RIGHT_S, "the phone of the page", back)
        owner.sees("Meal", ".agents", 1)
    until(lambda: "Cut off" in call_text(owner, CUT), 10, "the cut call to be closed with its reason")
    assert rows(owner, CUT) == 1
    next_call(line, minh)
    ha.post("/desk/state", {"state": "offline"}, of="/desk")
    desk_phone.register()


def right_again(exchange: Exchange) -> bool:
    """a1 is there and free, a2 is there and on the break that she took."""
    members = exchange.members()
    free = [member for member in members if "(PJSIP/a1)" in member and "paused" not in member]
    away = [member for member in members if "(PJSIP/a2d)" in member and "(paused:meal" in member]
    return len(members) == 2 and len(free) == 1 and len(away) == 1


def next_call(line: Line, minh: Desk) -> None:
    """The next call comes in and is answered as if nothing had been."""
    if minh.view == "after":
        minh.finish("")
    with line.phones(CALLER_HZ) as far:
        leg = far.call(line.number, caller=AFTER).wait_answer()
        minh.wait_view("ringing", 20)
        minh.answer()
        leg.wait_heard(lambda heard: not sound.tone_gaps(heard, MICROPHONE_HZ, 200), 1.0, 8, "the agent")
        leg.hang_up()
    minh.wait_view("after", 5)
    minh.finish("")
    minh.go("offline")
