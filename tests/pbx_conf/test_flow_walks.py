"""Random sites, rendered and loaded by a real Asterisk, with random callers who press random keys: the way of
each, as Asterisk's own records tell it, is the one that the trial predicts.

What is not the product's: the clock (a variable in the place of Asterisk's), shorter silences, and that a
call ends where its flow does (what follows has tests of its own, test_calls.py and test_flows.py).
"""

from __future__ import annotations

import json
import tempfile
import wave
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from appliance.apply import objects
from appliance.apply.asterisk import Console
from appliance.apply.check import check
from appliance.apply.sounds import wanted
from appliance.pbx.ami import Ami
from appliance.pbx.ami_parser import Message
from appliance.pbx.conf import extensions_conf, modules_conf
from appliance.pbx.conf.inputs import Env
from appliance.pbx.conf.tree import render_tree
from appliance.store.flowwalk import STOPPED, Moment, Walk, walk
from appliance.store.sitemodel import Site
from tests.asterisk.instance import PrivateAsterisk, free_port
from tests.pbx_conf.flow_sites import Caller, Story, going_outside, stories
from tests.pbx_conf.places import env_for, site
from tests.until import until

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

DIALPLAN = (extensions_conf.FILE, *extensions_conf.DIALPLAN)
ENDED = "TEST_END"
# Where a flow ends, its own words replaced: (file, as it is, what the end is called).
ENDS = (
    ("foyer-queue.conf", "exten = s,1,Set(__FOYER_QUEUE=${ARG1})", "queue^${ARG1}"),
    (
        "foyer-phones.conf",
        "[foyer-ring]\n; Gosub(foyer-ring,s,1(agent)): rings an agent, and ends the call.\nexten = s,1,"
        "Gosub(foyer-reach,s,1(${ARG1},45))",
        "agent^${ARG1}",
    ),
    ("foyer-message.conf", 'exten = s,1,GotoIf($["${DB(foyer-disk/full)}"', "message^${ARG1}"),
    ("foyer-outside.conf", "Playback(foyer/not-allowed,noanswer)", "refused^${ARG3}"),
    ("foyer-outside.conf", "Playback(${FOYER_WHY},noanswer)", "refused^${ARG3}"),
    ("foyer-outside.conf", "Gosub(foyer-count-call,s,1(${ARG1}))", "outside^${ARG3}"),
)


def shortened(tree: Mapping[str, str]) -> dict[str, str]:
    """The dialplan with the test's clock, its patience and its ends."""
    files = {name: tree[name] for name in DIALPLAN}
    flow = files["foyer-flow.conf"]
    for old, new in (
        ("${EPOCH}", "${TEST_NOW}"),
        (",1,,1,${ARG4})", ",1,,1,0.3)"),
        (",,1,,1,2)", ",,1,,1,0.3)"),
    ):
        assert old in flow
        flow = flow.replace(old, new)
    files["foyer-flow.conf"] = flow
    for file, old, end in ENDS:
        assert files[file].count(old) == 1, old
        head, _, step = old.rpartition("exten = s,1,")
        first = "exten = s,1," if "exten" in old else ""
        ended = f"{first}CELGenUserEvent({ENDED},{end})\n same = n,Hangup()\n same = n,{step}"
        files[file] = files[file].replace(old, head + ended)
    return files


@dataclass
class Call:
    """One caller's keys: pressed as Asterisk listens for them."""

    presses: deque[str]
    rest: str = ""
    heard: list[str] = field(default_factory=list)

    def listen(self, variable: str) -> str:
        """The key for a Read of this variable, "" for none."""
        if variable == "FOYER_PRESSED" and not self.rest:
            self.rest = self.presses.popleft() if self.presses else ""
        key, self.rest = self.rest[:1], self.rest[1:]
        return key


class Walker:
    """An Asterisk, and a manager session that sees every step and presses keys."""

    def __init__(self, folder: Path) -> None:
        self.env: Env = env_for(
            Site(), folder, sip_port=free_port(), ami_port=free_port(), http_port=free_port()
        )
        tree = render_tree(site(), self.env_of(site()))
        tester = "\n[tester]\nsecret = tester\nread = all\nwrite = all\n"
        dtmf = "load = app_senddtmf.so\n"
        files = {
            **tree,
            "manager.conf": tree["manager.conf"] + tester,
            modules_conf.FILE: tree[modules_conf.FILE] + dtmf,
        }
        self.asterisk = PrivateAsterisk(folder, files)
        self.count = 0

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
        tree = render_tree(story.site, self.env_of(story.site))
        check(story.site, tree)
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
        self.asterisk.cli("database deltree foyer-closed")
        self.asterisk.cli("database deltree foyer-guard")
        if story.is_stopped:
            self.asterisk.cli(f"database put foyer-guard stopped {int(story.at.timestamp())}")
        for schedule, day in story.closed:
            self.asterisk.cli(f"database put foyer-closed {schedule} {day.replace('-', '')}")

    def ways(self, story: Story) -> list[list[str]]:
        """What the records tell of each caller, all of whom call at the same time."""
        ami = Ami("tester")
        ami.connect("127.0.0.1", self.env.ami_port)
        ami.login("tester", "tester")
        calls: dict[str, Call] = {}
        for caller in story.callers:
            calls[self._dial(ami, story.site, caller)] = Call(deque(caller.presses))
        open_calls = set(calls)

        def is_over() -> bool:
            for message in ami.take(0.05):
                self._follow(ami, message, calls, open_calls)
            return not open_calls

        until(is_over, 60, "all calls to end")
        ami.close()
        return [self._told(call) for call in calls]

    def _dial(self, ami: Ami, where: Site, caller: Caller) -> str:
        self.count += 1
        name = f"walk-{self.count}"
        number = where.numbers[caller.number].number
        ami.ask(
            "Originate",
            {
                "Channel": f"Local/{number}@foyer-in-l1/n",
                "Application": "Echo",
                "ChannelId": name,
                "Async": "true",
            },
        )
        # The side that comes in; the other one is the caller's.
        return f"{name};2"

    @staticmethod
    def _follow(ami: Ami, message: Message, calls: dict[str, Call], open_calls: set[str]) -> None:
        name = message.get("Uniqueid")
        if name not in calls:
            return
        if message.event == "Hangup":
            open_calls.discard(name)
        elif message.event == "Newexten" and message.get("Application") == "Read":
            key = calls[name].listen(message.get("AppData").partition(",")[0])
            if key:
                fields = {"Channel": message.get("Channel"), "Digit": key, "Duration": "100", "Receive": "1"}
                ami.ask("PlayDTMF", fields)

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
        told.append(f"{visit.flow_id}^{visit.step.id}^{visit.step.kind}")
        if visit.step.kind == "menu":
            told.append(f"{visit.flow_id}^{visit.step.id}^{visit.choice}")
    # A person who does not answer at the end of a flow leaves no trace of their own.
    last = found.visits[-1] if found.visits else None
    is_told = found.end.kind != "end" and not (last and last.step.kind == "person")
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
    found = {
        walk(story.site, walker.env.country, story.site.numbers[0], moment(story), one.presses).end.refused
        for one in story.callers
    }
    assert found == {"", "premium", "satellite", "unknown", *([STOPPED] if is_stopped else [])}


def moment(story: Story) -> Moment:
    """When its callers call."""
    return Moment(story.at, dict(story.closed), story.is_stopped)


def assert_predicted(walker: Walker, story: Story) -> None:
    """Each of the story's callers goes the way that the trial tells."""
    walker.load(story)
    ways = walker.ways(story)
    for caller, way in zip(story.callers, ways, strict=True):
        number = story.site.numbers[caller.number]
        expected = walk(story.site, walker.env.country, number, moment(story), caller.presses)
        assert way == predicted(expected), (caller, story.at, walker.asterisk.log_tail(30))


def test_nothing_was_complained_of(walker: Walker) -> None:
    log = walker.asterisk.log.read_text("utf-8", "replace").splitlines()
    found = [line for line in log if " WARNING[" in line or " ERROR[" in line]
    known = ("getaddrinfo", "Unable to lookup", "Attempt to", "not-there", "No response received from")
    assert [line for line in found if not any(word in line for word in known)] == []
