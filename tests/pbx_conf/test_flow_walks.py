"""Random sites, rendered and loaded by a real Asterisk, with random callers (SIPp) who press random keys: the
way of each, as Asterisk's own records tell it, is the one that the trial predicts.

What is not the product's: the clock (a variable in the place of Asterisk's), shorter silences, and that a
call ends where its flow does (what follows has tests of its own, test_calls.py and test_flows.py).
"""

from __future__ import annotations

import datetime
import json
import tempfile
import time
import wave
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from appliance.apply import objects
from appliance.apply.asterisk import Console
from appliance.apply.check import check
from appliance.apply.sounds import wanted
from appliance.pbx.ami import Ami
from appliance.pbx.ami_parser import Message
from appliance.pbx.conf import extensions_conf
from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.tree import render_tree
from appliance.store import holidays
from appliance.store.flows import QueueStep
from appliance.store.flowwalk import STOPPED, Moment, Walk, walk
from appliance.store.sitemodel import Site
from tests.asterisk.caller import SippCaller
from tests.asterisk.instance import PrivateAsterisk, free_port
from tests.pbx_conf.exchange import PROVIDER
from tests.pbx_conf.flow_sites import (
    DAYS,
    HOLIDAY,
    LEAVES,
    Caller,
    Story,
    going_outside,
    queues_that_send_on,
    stories,
    what_is_said_and_closed,
)
from tests.pbx_conf.places import env_for, site
from tests.until import until

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

DIALPLAN = (extensions_conf.FILE, *extensions_conf.DIALPLAN)
ENDED = "TEST_END"
# How long a menu waits for a key. A busy machine takes a while to press one: where that was more than half of
# it, a way that is not as predicted says nothing, and the story is walked again.
SILENCE_S, WALKS = 1.6, 3
# Where a flow ends, its own words replaced: (file, as it is, what the end is called).
ENDS = (
    ("foyer-back.conf", "exten = s,1,Set(FOYER_GOES_BACK=no)", "callback^${FOYER_QUEUE}"),
    (
        "foyer-phones.conf",
        "follows a forward for somebody.\nexten = s,1,Gosub(foyer-reach,s,1(${ARG1},45))",
        "agent^${ARG1}",
    ),
    ("foyer-message.conf", 'exten = s,1,GotoIf($["${DB(foyer-disk/full)}"', "message^${ARG1}"),
    ("foyer-outside.conf", "Gosub(foyer-refuse,s,1(foyer/not-allowed,21))", "refused^${ARG3}"),
    ("foyer-outside.conf", "Gosub(foyer-refuse,s,1(${FOYER_WHY},21))", "refused^${ARG3}"),
    ("foyer-outside.conf", "Gosub(foyer-count-call,s,1(${ARG1}))", "outside^${ARG3}"),
)


# A queue keeps the caller, or does what the story says, once.
WAITS = "exten = s,1,MSet(__FOYER_QUEUE=${ARG1},"
LEFT = f"""exten = s,1,CELGenUserEvent({ENDED},queue^${{ARG1}})
 same = n,Set(__FOYER_QUEUE=${{ARG1}})
 same = n,GotoIf($["${{TEST_EXIT}}" = "none" | "${{TEST_LEFT}}" != ""]?stay)
 same = n,Set(TEST_LEFT=yes)
 same = n,Goto(foyer-${{TEST_EXIT}}-${{ARG1}},s,1)
 same = n(stay),Hangup()
 same = n,MSet("""


def shortened(tree: Mapping[str, str]) -> dict[str, str]:
    """The dialplan with the test's clock, its patience and its ends."""
    files = {name: tree[name] for name in DIALPLAN}
    flow = files["foyer-flow.conf"]
    for old, new in (
        ("${EPOCH}", "${TEST_NOW}"),
        (",1,,1,${ARG4})", f",1,,1,{SILENCE_S})"),
        (",,1,,1,2)", f",,1,,1,{SILENCE_S})"),
    ):
        assert old in flow
        flow = flow.replace(old, new)
    files["foyer-flow.conf"] = flow
    assert files["foyer-queue.conf"].count(WAITS) == 1
    files["foyer-queue.conf"] = files["foyer-queue.conf"].replace(WAITS, LEFT)
    for file, old, end in ENDS:
        assert files[file].count(old) == 1, old
        head, _, step = old.rpartition("exten = s,1,")
        first = "exten = s,1," if "exten" in old else ""
        ended = f"{first}CELGenUserEvent({ENDED},{end})\n same = n,Hangup()\n same = n,{step}"
        files[file] = files[file].replace(old, head + ended)
    return files


class Call:
    """A caller of SIPp's: presses keys as Asterisk listens for them. `name` is Asterisk's for the call."""

    def __init__(self, sipp: SippCaller, presses: tuple[str, ...]) -> None:
        self.sipp = sipp
        self.name = ""
        self._late_s = 0.0
        self._presses = deque(presses)
        self._rest = ""

    @property
    def is_late(self) -> bool:
        """Whether a key came so late that Asterisk may have given it up."""
        return self._late_s + self.sipp.sound.late_s > SILENCE_S / 2

    def listened_to(self, variable: str, since: float) -> None:
        """Asterisk reads a key into this variable, since then (seconds since 1970)."""
        until(self.sipp.speaks, 5, "the call to be up", every_s=0)
        self._late_s = max(self._late_s, time.time() - since)
        if variable == "FOYER_PRESSED" and not self._rest:
            self._rest = self._presses.popleft() if self._presses else ""
        self.sipp.sound.press(self._rest[:1])
        self._rest = self._rest[1:]


class Walker:
    """An Asterisk, and a manager session that sees every step and presses keys."""

    def __init__(self, folder: Path) -> None:
        self.env: Env = env_for(
            Site(), folder, sip_port=free_port(), ami_port=free_port(), http_port=free_port()
        )
        tree = render_tree(site(), self.env_of(site()))
        tester = "\n[tester]\nsecret = tester\nread = all\nwrite = all\n"
        # Of the box's own sessions, none wants to hear of each step.
        manager = tree["manager.conf"].replace("disabledevents = Newexten,", "disabledevents = ")
        assert manager != tree["manager.conf"]
        self.asterisk = PrivateAsterisk(folder, {**tree, "manager.conf": manager + tester})
        self.count = 0
        self.is_late = False

    def env_of(self, wanted_site: Site) -> Env:
        """The surroundings of a site in this Asterisk."""
        return env_for(
            wanted_site,
            self.env.etc.parent,
            sip_port=self.env.sip_port,
            ami_port=self.env.ami_port,
            http_port=self.env.http_port,
        )

    def load(self, story: Story) -> None:
        """Makes Asterisk run with the story's site, at its moment."""
        site_then = observed(story)
        tree = render_tree(site_then, self.env_of(site_then))
        check(site_then, tree)
        silence(self.env.sounds, [file for file, _ in wanted(story.site)])
        shown = {**tree, **shortened(tree)}
        self.asterisk.write({name: shown[name] for name in (*DIALPLAN, "pjsip.conf", "queues.conf")})
        place = self.asterisk.directory
        console = Console(
            self.asterisk.etc / "asterisk.conf", place / "run" / "asterisk.ctl", self.asterisk.log
        )
        found = console.load(shown.keys(), objects.expected(shown))
        assert found == [], (found, self.asterisk.log_tail(20))
        self.asterisk.cli(f"dialplan set global TEST_NOW {int(story.at.timestamp())}")
        self.asterisk.cli(f"dialplan set global TEST_EXIT {LEAVES.get(story.exit, 'none')}")
        self.asterisk.cli("database deltree foyer-closed")
        self.asterisk.cli("database deltree foyer-guard")
        if story.is_stopped:
            self.asterisk.cli(f"database put foyer-guard stopped {int(story.at.timestamp())}")
        for schedule, day in story.closed:
            self.asterisk.cli(f"database put foyer-closed {schedule} {day.replace('-', '')}")

    def ways(self, story: Story) -> list[list[str]]:
        """What the records tell of each caller, all of whom call at the same time; `is_late` then says
        whether a key was not pressed in time.
        """
        ami = Ami("tester")
        ami.connect("127.0.0.1", self.env.ami_port)
        ami.login("tester", "tester")
        with ExitStack() as ends:
            calls = {}
            for caller in story.callers:
                number, call = self._caller(story.site, caller)
                calls[number] = call
                ends.enter_context(call.sipp)

            def is_over() -> bool:
                for message in ami.take(0.02):
                    follow(message, calls)
                for call in calls.values():
                    call.sipp.speaks()
                return all(call.sipp.is_over for call in calls.values())

            until(is_over, 60, "all calls to end", every_s=0)
        ami.close()
        self.is_late = any(call.is_late for call in calls.values())
        return [self._told(call.name) for call in calls.values()]

    def _caller(self, where: Site, caller: Caller) -> tuple[str, Call]:
        """Somebody who calls, and from which number."""
        self.count += 1
        number = f"09{self.count:08}"
        sipp = SippCaller(
            self.asterisk.directory / number,
            where.numbers[caller.number].number,
            caller=number,
            host=PROVIDER,
            server=("127.0.0.1", self.env.sip_port),
            tone_hz=440,
        )
        return number, Call(sipp, caller.presses)

    def _told(self, name: str) -> list[str]:
        def rows() -> list[dict[str, str]]:
            text = (self.env.log / "cel.jsonl").read_text("utf-8")
            own = [row for row in map(json.loads, text.splitlines()) if row["uniqueid"] == name]
            return own if any(row["eventtype"] == "CHAN_END" for row in own) else []

        return [
            str(json.loads(row["eventextra"])["extra"])
            for row in until(rows, 5, "the call's records")
            if row["eventtype"] in ("FOYER_STEP", "FOYER_KEY", ENDED)
        ]


def follow(message: Message, calls: Mapping[str, Call]) -> None:
    """A step of a call: which one it is, and whether Asterisk listens now."""
    call = calls.get(message.get("CallerIDNum"))
    if call is None or message.event != "Newexten":
        return
    call.name = message.get("Uniqueid")
    if message.get("Application") == "Read":
        call.listened_to(message.get("AppData").partition(",")[0], float(message.get("Timestamp")))


def silence(folder: Path, files: list[str]) -> None:
    """Sounds of no length."""
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            with wave.open(str(path), "wb") as sound:
                sound.setparams((1, 2, 8000, 0, "NONE", ""))
                sound.writeframes(b"\0\0" * 80)


def predicted(found: Walk) -> list[str]:
    """What the records will tell of this way."""
    told = []
    for visit in found.visits:
        if isinstance(visit.step, QueueStep) and visit.choice:
            told.append(f"queue^{visit.step.queue_id}")
            continue
        told.append(f"{visit.flow_id}^{visit.step.id}^{visit.step.kind}")
        if visit.step.kind == "menu":
            told.append(f"{visit.flow_id}^{visit.step.id}^{visit.choice}")
    # A person who does not answer at the end of a flow leaves no trace of their own.
    last = found.visits[-1] if found.visits else None
    is_told = found.end.kind not in ("end", "sorry") and not (last and last.step.kind == "person")
    kind = "refused" if found.end.refused else found.end.kind
    return [*told, f"{kind}^{found.end.target}"] if is_told else told


@pytest.fixture(scope="module")
def walker() -> Iterator[Walker]:
    """Started once."""
    with tempfile.TemporaryDirectory() as folder:
        found = Walker(Path(folder))
        with found.asterisk:
            yield found


@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories())
def test_the_way_taken_is_the_way_predicted(walker: Walker, story: Story) -> None:
    assert_predicted(walker, story)


@pytest.mark.parametrize("is_stopped", [False, True])
def test_calls_to_the_outside_are_refused_as_predicted(walker: Walker, is_stopped: bool) -> None:
    story = going_outside(is_stopped)
    assert_predicted(walker, story)
    found = {expected(walker, story, one).end.refused for one in story.callers}
    assert found == {"", "premium", "satellite", "unknown", *([STOPPED] if is_stopped else [])}


@pytest.mark.parametrize(
    ("day", "ends"),
    [
        (DAYS[-1], {("message", "q1"), ("message", "a1"), ("queue", "q2"), ("queue", "q1"), ("end", "")}),
        # Then the queue with hours leads to the other flow, and the step of hours to the message.
        (HOLIDAY, {("message", "q1"), ("message", "a1"), ("end", "")}),
    ],
)
def test_messages_prompts_and_holidays(
    walker: Walker, day: datetime.date, ends: set[tuple[str, str]]
) -> None:
    story = what_is_said_and_closed(day)
    assert_predicted(walker, story)
    assert {
        (found.end.kind, found.end.target)
        for found in (expected(walker, story, one) for one in story.callers)
    } == ends


@pytest.mark.parametrize("left", LEAVES)
def test_a_queue_that_does_not_keep_a_caller_sends_on_as_predicted(walker: Walker, left: str) -> None:
    story = queues_that_send_on(left)
    assert_predicted(walker, story)
    ends = [expected(walker, story, one).end for one in story.callers]
    assert [(end.kind, end.target) for end in ends] == [
        ("message", "q1"),
        ("queue", "q1"),
        ("callback", "q3"),
        ("sorry", ""),
    ]


def observed(story: Story) -> Site:
    """The story's site as foyer-apply and the trial have it then, with its holidays."""
    return holidays.observed(story.site, story.at.date())


def expected(walker: Walker, story: Story, caller: Caller) -> Walk:
    """The way that the trial tells."""
    shown, number = observed(story), story.site.numbers[caller.number]
    return walk(shown, walker.env.country, number, moment(story), caller.presses)


def moment(story: Story) -> Moment:
    """When its callers call."""
    return Moment(story.at, dict(story.closed), story.is_stopped, story.exit)


def assert_predicted(walker: Walker, story: Story) -> None:
    """Each of the story's callers goes the way that the trial tells."""
    wanted_ways = [predicted(expected(walker, story, caller)) for caller in story.callers]
    for _ in range(WALKS):
        walker.load(story)
        ways = walker.ways(story)
        if ways == wanted_ways or not walker.is_late:
            break
    for caller, way, wanted_way in zip(story.callers, ways, wanted_ways, strict=True):
        assert way == wanted_way, (caller, story.at, walker.asterisk.log_tail(30))


def test_nothing_was_complained_of(walker: Walker) -> None:
    log = walker.asterisk.log.read_text("utf-8", "replace").splitlines()
    found = [line for line in log if " WARNING[" in line or " ERROR[" in line]
    known = ("getaddrinfo", "Unable to lookup", "Attempt to", "not-there", "No response received from")
    assert [line for line in found if not any(word in line for word in known)] == []
