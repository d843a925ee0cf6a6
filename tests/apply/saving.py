"""Changes of a site that are saved one after the other while calls are up: in the tests, in `make bench`, and
for longer in `make soak`.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from appliance.apply import objects, report
from appliance.apply.folders import rendering
from appliance.store import secrets
from appliance.store.sitemodel import Site
from tests.apply.box import FIRST, Box, LiveAsterisk
from tests.asterisk import sound
from tests.asterisk.instance import free_port
from tests.asterisk.phone import Phone
from tests.bench.load import callers, desks
from tests.until import until

SERVICE = (
    "import sys; from pathlib import Path; from appliance.apply.__main__ import main;"
    " sys.exit(main(sys.argv[2:], Path(sys.argv[1])))"
)
# Longer than anything here takes.
TALK_S = 900.0
# Where the desk phones are, and what they and the callers say.
DESKS, DESK_HZ, CALLER_HZ = "127.0.0.3", 600.0, 440.0
QUEUE_NUMBER, MENU_NUMBER = "02812345678", "02812345679"


def start(box: Box, *arguments: str) -> subprocess.Popen[bytes]:
    """foyer-apply as a process of its own."""
    command = [sys.executable, "-c", SERVICE, str(box.run), *arguments]
    return subprocess.Popen(command, env={**os.environ, **box.environment()}, stderr=subprocess.DEVNULL)


@contextmanager
def applying(box: Box) -> Iterator[None]:
    """foyer-apply runs."""
    process = start(box)
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(timeout=120) == 0


def site(turn: int, talkers: int = 0) -> dict[str, Any]:
    """The lists of the site that differ in the n-th turn: each touches another part of Asterisk. `talkers`:
    agents who are there in every turn, beside the first two and the one who comes and goes.
    """
    said = [{"language": "vi", "text": f"Xin chào, lần thứ {turn // 4}."}]
    keys = [{"key": str(turn // 4 % 9 + 1), "next": "t2"}]
    menu = {"id": "t1", "kind": "menu", "texts": said, "keys": keys, "timeout_seconds": 30, "tries": 5}
    queue = {**FIRST["queues"][0], "max_wait_seconds": 7200, "ring_seconds": 10 + turn % 4 * 5}
    extra = [{"id": "a3", "name": "Mới", "extension": "103"}] if turn // 2 % 2 else []
    staff = [{"id": f"a{n}", "name": f"Số {n}", "extension": f"{n}"} for n in talking(talkers)]
    return {
        "agents": [*FIRST["agents"], *extra, *staff],
        "queues": [queue],
        "flows": [
            {
                "id": "f1",
                "name": f"Số chính {turn}",
                "steps": [{**menu, "otherwise": "t2"}, {"id": "t2", "kind": "queue", "queue_id": "q1"}],
            }
        ],
        "numbers": [
            {**FIRST["numbers"][0], "number": QUEUE_NUMBER},
            {"id": "n2", "number": MENU_NUMBER, "line_id": "l1", "flow_id": "f1"},
        ],
    }


def talking(talkers: int) -> range:
    """The numbers of so many agents who talk."""
    return range(201, 201 + talkers)


@dataclass(frozen=True)
class Calls:
    """The calls that are up in an Asterisk."""

    asterisk: LiveAsterisk

    def names(self) -> frozenset[str]:
        """Of the legs that are up: those of the line, and those of the desk phones that talk."""
        shown = (line.split("!") for line in self.asterisk.cli("core show channels concise").splitlines())
        return frozenset(one[0] for one in shown if one[0].startswith("PJSIP/") and one[4] == "Up")


@contextmanager
def calls_up(box: Box, asterisk: LiveAsterisk, folder: Path, count: int, talkers: int = 0) -> Iterator[Calls]:
    """`count` callers on the line, of which half come to the queue and half listen to the menu, which sends
    them on to the queue. So many `talkers` (of the site) answer there; whom they talk with is recorded.
    """
    calls = Calls(asterisk)
    # Somebody on a break: into a queue without anybody no caller is let.
    asterisk.cli("queue add member Local/s@foyer-nobody/n to q1")
    asterisk.cli("queue pause member Local/s@foyer-nobody/n queue q1")
    server = ("127.0.0.1", box.settings.sip_port)
    common: dict[str, Any] = {"per_second": 5, "count": count // 2, "talk_s": TALK_S}
    with (
        desk_phones(box, asterisk, folder / "desks", talkers),
        callers(folder / "queue", "127.0.0.2", server, QUEUE_NUMBER, prefix="0901", **common),
        callers(folder / "menu", "127.0.0.2", server, MENU_NUMBER, prefix="0902", **common),
    ):
        wanted = count // 2 * 2 + talkers
        until(lambda: len(calls.names()) == wanted, 30, "all calls to be up", every_s=0.5)
        until(lambda: len(recordings(box)) == talkers, 10, "the recordings to begin")
        yield calls


@contextmanager
def desk_phones(box: Box, asterisk: LiveAsterisk, folder: Path, talkers: int) -> Iterator[None]:
    """The desk phones of the agents who talk: they answer each call of the queue at once."""
    if not talkers:
        yield
        return
    port = free_port(DESKS)
    for number in talking(talkers):
        name = f"a{number}d"
        with box.store.read() as db:
            password = secrets.get(db, f"sip:{name}")
        assert password
        server = ("127.0.0.1", box.settings.sip_port)
        # From the port at which SIPp answers then: Asterisk calls where a phone registered from.
        with Phone(name, password, host=DESKS, port=port, server=server) as phone:
            phone.register()
    with desks(folder, DESKS, port, DESK_HZ):
        for number in talking(talkers):
            asterisk.cli(f"queue add member PJSIP/a{number}d to q1")
        yield


def recordings(box: Box) -> list[Path]:
    """The files of recorded calls. Of a caller who still waits there is but the head of one."""
    return sorted(path for path in box.settings.recordings.rglob("*.wav") if path.stat().st_size > 44)


def torn(box: Box, least_s: float) -> list[str]:
    """What is wrong with the recordings of calls that are over, in words: one is shorter than this, or one of
    the two who talked is not heard in it for more than a second.
    """
    wrong: list[str] = []
    for path in recordings(box):
        heard = sound.read_wav(path)
        if sound.seconds(heard) < least_s:
            wrong.append(f"{path.name} has only {sound.seconds(heard):.0f} of {least_s:.0f} seconds")
        for hz in (DESK_HZ, CALLER_HZ):
            gaps = sound.tone_gaps(heard, hz, longer_than_ms=1000, least_share=0.2)
            wrong += [f"{path.name}: {hz:.0f} Hz is missing {gap}" for gap in gaps]
    return wrong


def is_live(box: Box, number: int) -> bool:
    """Whether every part of the revision is live; AssertionError tells what failed."""
    states = box.states(number)
    failed = {part: told for part, told in states.items() if told[0] == "failed"}
    assert not failed, failed
    return len(states) == len(report.PARTS) and all(state == "live" for state, _ in states.values())


def saves(box: Box, turns: int, talkers: int = 0) -> list[float]:
    """Milliseconds from saving until the page says live, for `turns` changes one after the other."""
    taken: list[float] = []
    for turn in range(1, turns + 1):
        began = time.perf_counter()
        number = box.save(**site(turn, talkers))
        until(partial(is_live, box, number), 20, f"revision {number} to be live", every_s=0.01)
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def assert_whole(box: Box) -> str:
    """The live link leads to a folder with every file; returns its label."""
    label = str((box.settings.config / "live").readlink())
    tree = {
        path.name: path.read_text("utf-8") for path in (box.settings.config / label / "asterisk").iterdir()
    }
    number = int(label.split("-")[0])
    assert rendering(number, Site(), tree).label == label
    assert (box.settings.config / label / "site.json").read_text("utf-8").endswith("}\n")
    return label


def assert_loaded(box: Box) -> None:
    """Asterisk has loaded what the live link leads to, all of it and nothing else."""
    label = str((box.settings.config / "live").readlink())
    folder = box.settings.config / label / "asterisk"
    tree = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    found = objects.differences(objects.expected(tree), box.console().loaded(), ())
    assert [one for one in found if not one.is_lookup] == []


def kills(box: Box, turns: int, moments: random.Random) -> None:
    """Kills foyer-apply at a random moment after each of `turns` saves: each time one whole revision is live
    in the folder; and in Asterisk once systemd has started foyer-apply again, since it may have been killed
    between one part of Asterisk and the next.
    """
    for turn in range(1, turns + 1):
        number = box.save(**site(turn))
        process = start(box)
        time.sleep(moments.uniform(0.3, 1.2))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert_whole(box)
        # It may have been done before it was killed.
        if not is_live(box, number):
            with applying(box):
                until(partial(is_live, box, number), 20, f"revision {number} to be live")
        assert assert_whole(box).startswith(f"{number}-")
        assert_loaded(box)
