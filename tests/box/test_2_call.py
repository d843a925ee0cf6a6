"""A call from the phone line to the agent's browser: what everybody hears, and what is kept of it."""

import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.asterisk import sound
from tests.asterisk.caller import SippCaller
from tests.asterisk.g711 import Samples
from tests.box.conftest import MICROPHONE_HZ
from tests.box.desk import Desk
from tests.box.exchange import Exchange
from tests.box.line import Line
from tests.box.moments import STAMP_S, Moment, agrees, doing, lasted, seeing
from tests.box.pictures import Area, area_of, difference
from tests.box.records import CallPage, download, open_call
from tests.box.wizard import CLINIC
from tests.browser.browser import Browser
from tests.image.box import Box
from tests.until import until

pytestmark = [pytest.mark.box, pytest.mark.browser]

CALLER = "0912345678"
CALLER_HZ = 440
# The README's, of the same desk at the same moment: in place of it comes what this test leaves in
# build/screens/minh/desk.png.
PICTURE = Path(__file__).with_name("desk.png")
PARTS = ("#controls", ".rail nav")
NOTE = "Wants an appointment on Tuesday; allergic to penicillin."


@dataclass
class Story:
    """The call that the tests of this file look at, with the test's own clock of it. `late_s` is how late the
    busiest machine let a frame of the caller's sound go out: so much may be missing of it.
    """

    moments: dict[str, Moment] = field(default_factory=dict)
    heard: dict[str, Samples] = field(default_factory=dict)
    late_s: float = 0.0
    picture: Path = PICTURE
    areas: dict[str, Area] = field(default_factory=dict)


@pytest.fixture(scope="module")
def story(minh: Desk, line: Line) -> Story:
    """The whole call, step by step; the tests below look at what is left of it."""
    told = Story()
    minh.go("available")
    with line.sipp(CALLER, CALLER_HZ) as caller:
        told.moments["greeted"] = seeing(caller.speaks, 10, "an answer")
        told.moments["rang"] = seeing(lambda: minh.view == "ringing", 20, "a ring at the desk")
        until(lambda: CALLER in minh.who and CLINIC.queue in minh.who, 3, f"who is calling: {minh.who}")
        told.moments["answered"] = doing(minh.answer)
        talk(told, caller, minh)
        minh.write(NOTE)
        told.picture = minh.browser.screenshot("desk")
        told.areas = {part: area_of(minh.browser, part) for part in PARTS}
        told.moments["ended"] = doing(lambda: hang_up(minh, caller))
        told.heard["all"], told.late_s = caller.heard(), caller.sound.late_s
    minh.wait_view("after", 5)
    minh.finish("solved")
    minh.go("offline")
    return told


def hang_up(minh: Desk, caller: SippCaller) -> None:
    """The agent ends the call, and the caller hears of it."""
    minh.press("hangup")
    assert caller.wait_end(5) == 0


def talk(told: Story, caller: SippCaller, minh: Desk) -> None:
    """Both speak; the agent puts the caller on hold, takes them back, mutes and unmutes."""
    hears_agent(told, caller, "first", 3.0)
    minh.wait_heard(lambda heard: sound.tone_seconds(heard, CALLER_HZ) > 0.6, 5, "the caller")
    held = told.moments["held"] = doing(lambda: press(minh, "hold", "The caller is on hold"))
    until(lambda: held.before + 3 < time.monotonic(), 5, "3 s of hold")
    told.heard["hold"] = caller.heard(time.monotonic() - 2)
    told.moments["taken back"] = doing(lambda: press(minh, "hold", "On the phone"))
    hears_agent(told, caller, "second", 3.0)
    muted = told.moments["muted"] = doing(lambda: press(minh, "mute", "You are muted"))
    until(lambda: not agent_seconds(caller.heard(time.monotonic() - 0.5)), 5, "silence from a muted agent")
    until(lambda: muted.before + 3 < time.monotonic(), 5, "3 s of silence")
    told.moments["unmuted"] = doing(lambda: press(minh, "mute", "On the phone"))
    hears_agent(told, caller, "third", 3.0)


def press(minh: Desk, button: str, phase: str) -> None:
    """Presses a button of the call; the desk says so."""
    minh.press(button)
    until(lambda: minh.phase == phase, 5, f"{phase!r} on the desk")


def hears_agent(told: Story, caller: SippCaller, name: str, last_s: float) -> None:
    """Wait until the caller has heard the agent, and nothing but the agent, for so long."""

    def is_heard() -> bool:
        now = time.monotonic()
        told.heard[name] = caller.heard(now - last_s, now)
        holes = hole(told.heard[name])
        assert not holes, f"not heard in {holes} of the last {last_s} s"
        return True

    until(is_heard, last_s + 8, f"the caller to hear the agent without a gap ({name} time)")


def hole(heard: Samples) -> list[sound.Gap]:
    """Where the agent was not heard for more than 200 ms."""
    return sound.silences(heard) + sound.tone_gaps(heard, MICROPHONE_HZ)


def agent_seconds(heard: Samples) -> float:
    """How long the agent's microphone was heard."""
    return sound.audible_tone_seconds(heard, MICROPHONE_HZ)


@pytest.fixture(scope="module")
def page(owner: Browser, story: Story) -> CallPage:
    """The call's page, found by the caller's number."""
    return open_call(owner, CALLER)


@pytest.fixture(scope="module")
def recording(owner: Browser, page: CallPage, screens: Path) -> Samples:
    """The recording, downloaded from the call's page."""
    return download(owner, page.recording, screens)


def test_the_caller_hears_the_greeting(box: Box, story: Story) -> None:
    spoken = [sound.read_wav(path) for path in (box.state / "sounds").glob("*.wav")]
    assert spoken, "no greeting was spoken"
    assert max(sound.likeness(story.heard["all"], each) for each in spoken) > 0.9


def test_nobody_hears_a_hole_while_talking(story: Story) -> None:
    for part in ("first", "second", "third"):
        assert hole(story.heard[part]) == [], part
    assert sound.clipped_share(story.heard["all"]) < 0.001


def test_the_caller_hears_music_on_hold(story: Story) -> None:
    # The music has moments of that tone as well; the agent would be in all of it.
    assert agent_seconds(story.heard["hold"]) < 0.3 * sound.seconds(story.heard["hold"])
    assert float(sound.level_dbfs(story.heard["hold"]).max()) > -40
    assert sound.silences(story.heard["hold"], 1500) == []


@pytest.mark.parametrize("part", PARTS)
def test_the_picture_of_the_readme_shows_this_desk(minh: Desk, story: Story, part: str) -> None:
    differs = difference(minh.browser, PICTURE, story.picture, story.areas[part])
    assert differs < 1, f"{part} looks otherwise: copy {story.picture} to {PICTURE}"


def test_the_page_tells_the_call_as_it_was(page: CallPage, story: Story) -> None:
    kinds = [what.partition(" (")[0] for what, _, _ in page.segments]
    assert kinds[:6] == ["Greeting", "Waiting", "Ringing", "Talking", "On hold", "Talking"]
    assert set(kinds[6:]) <= {"After the call"}
    order = ("greeted", "rang", "rang", "answered", "held", "taken back")
    ends = ("rang", "answered", "answered", "held", "taken back", "ended")
    for (what, _, shown_s), first, second in zip(page.segments, order, ends, strict=False):
        limits = story.moments[first], story.moments[second]
        assert agrees(shown_s, *limits), f"{what}: {shown_s} s on the page, here {lasted(*limits)}"
    agents = [who for what, who, _ in page.segments if what.startswith(("Talking", "On hold", "Ringing"))]
    assert set(agents) == {CLINIC.agents[0][0]}
    for words in ("Incoming call", "Answered", "Solved", NOTE, CLINIC.queue, CLINIC.number):
        assert words in page.text


def test_the_recording_holds_both_sides(recording: Samples, story: Story) -> None:
    answered, ended = story.moments["answered"], story.moments["ended"]
    assert agrees(sound.seconds(recording), answered, ended), lasted(answered, ended)
    assert sound.audible_tone_seconds(recording, CALLER_HZ) > sound.seconds(recording) - 0.3 - story.late_s
    assert sound.silences(recording, 200 + round(story.late_s * 1000)) == []


def between(recording: Samples, story: Story, first: str, second: str) -> Samples:
    """What was recorded from one moment to another, without what may have been before or after them."""
    answered, begin, end = (story.moments[name] for name in ("answered", first, second))
    begin_s, end_s = begin.before - answered.after + STAMP_S, end.after - answered.before - STAMP_S
    part = recording[round(begin_s * sound.RATE) : round(end_s * sound.RATE)]
    assert sound.seconds(part) > 0.3, f"{first} to {second}: {sound.seconds(part)} s left"
    return part


@pytest.mark.parametrize(
    ("first", "second"), [("answered", "held"), ("taken back", "muted"), ("unmuted", "ended")]
)
def test_the_recording_has_the_agent_without_a_hole(
    recording: Samples, story: Story, first: str, second: str
) -> None:
    heard = sound.tone_level_dbfs(between(recording, story, first, second), MICROPHONE_HZ)
    longest_ms = 200 + round(story.late_s * 1000)
    assert sound.gaps(heard > sound.SILENCE_DBFS, longer_than_ms=longest_ms) == []


@pytest.mark.parametrize(("first", "second"), [("held", "taken back"), ("muted", "unmuted")])
def test_the_recording_has_nothing_of_an_agent_whom_the_caller_does_not_hear(
    recording: Samples, story: Story, first: str, second: str
) -> None:
    # Music and clicks have moments of that tone as well; the agent would be in all of it.
    heard = between(recording, story, first, second)
    assert agent_seconds(heard) < 0.3 * sound.seconds(heard)


def test_the_recording_can_be_heard_on_the_page(owner: Browser, page: CallPage, recording: Samples) -> None:
    owner.open(page.path.removeprefix(owner.base))
    owner.find("#call audio")
    player = "const player = document.querySelector('#call audio');"
    owner.script(f"{player} player.muted = true; player.play();")
    until(lambda: owner.script(f"{player} return player.currentTime > 0.5;"), 5, "the recording to play")
    shown_s = owner.script(f"{player} return player.duration;")
    assert shown_s == pytest.approx(sound.seconds(recording), abs=0.1)
    # A jump is a request for a part of the file.
    owner.script(f"{player} player.currentTime = player.duration - 1;")
    until(lambda: owner.script(f"{player} return player.ended;"), 5, "the recording to end after a jump")


def test_the_person_has_the_call_in_the_timeline(owner: Browser, page: CallPage) -> None:
    owner.open(page.path.removeprefix(owner.base))
    owner.click("#call dd a[href^='/people/']")
    owner.sees("Contacts so far")
    owner.sees(NOTE, "#past")
    owner.sees("Solved", "#past")


def test_the_next_call_shows_what_was_before(minh: Desk, line: Line, exchange: Exchange) -> None:
    minh.go("available")
    with line.phones() as far:
        leg = far.call(line.number, caller=CALLER).wait_answer()
        minh.wait_view("ringing", 20)
        until(lambda: NOTE in minh.who, 3, "the note of the last call while it rings")
        leg.hang_up()
        minh.wait_view("idle", 3)
    minh.go("offline")
    until(lambda: exchange.calls == 0, 5, "the end of all legs")
