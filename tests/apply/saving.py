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

from appliance.apply import report
from appliance.apply.folders import rendering
from appliance.store.sitemodel import Site
from tests.apply.box import FIRST, Box, LiveAsterisk
from tests.bench.load import callers
from tests.until import until

SERVICE = (
    "import sys; from pathlib import Path; from appliance.apply.__main__ import main;"
    " sys.exit(main(sys.argv[2:], Path(sys.argv[1])))"
)
# Longer than anything here takes.
TALK_S = 900.0
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
        assert process.wait(timeout=20) == 0


def site(turn: int) -> dict[str, Any]:
    """The lists of the site that differ in the n-th turn: each touches another part of Asterisk."""
    said = [{"language": "vi", "text": f"Xin chào, lần thứ {turn // 4}."}]
    keys = [{"key": str(turn // 4 % 9 + 1), "next": "t2"}]
    menu = {"id": "t1", "kind": "menu", "texts": said, "keys": keys, "timeout_seconds": 30, "tries": 5}
    queue = {**FIRST["queues"][0], "max_wait_seconds": 7200, "ring_seconds": 10 + turn % 4 * 5}
    extra = [{"id": "a3", "name": "Mới", "extension": "103"}] if turn // 2 % 2 else []
    return {
        "agents": [*FIRST["agents"], *extra],
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


@dataclass(frozen=True)
class Calls:
    """The calls that are up in an Asterisk."""

    asterisk: LiveAsterisk

    def names(self) -> frozenset[str]:
        """Of the legs of the line."""
        shown = self.asterisk.cli("core show channels concise").splitlines()
        return frozenset(name for line in shown if (name := line.partition("!")[0]).startswith("PJSIP/l1-"))


@contextmanager
def calls_up(box: Box, asterisk: LiveAsterisk, folder: Path, count: int) -> Iterator[Calls]:
    """`count` callers on the line, of which half wait in the queue and half listen to the menu, which sends
    them on to the queue.
    """
    calls = Calls(asterisk)
    # Somebody on a break: into a queue without anybody no caller is let.
    asterisk.cli("queue add member Local/s@foyer-nobody/n to q1")
    asterisk.cli("queue pause member Local/s@foyer-nobody/n queue q1")
    server = ("127.0.0.1", box.settings.sip_port)
    common: dict[str, Any] = {"per_second": 5, "count": count // 2, "talk_s": TALK_S}
    with (
        callers(folder / "queue", "127.0.0.2", server, QUEUE_NUMBER, prefix="0901", **common),
        callers(folder / "menu", "127.0.0.2", server, MENU_NUMBER, prefix="0902", **common),
    ):
        until(lambda: len(calls.names()) == count // 2 * 2, 30, "all calls to be up", every_s=0.5)
        yield calls


def is_live(box: Box, number: int) -> bool:
    """Whether every part of the revision is live; AssertionError tells what failed."""
    states = box.states(number)
    failed = {part: told for part, told in states.items() if told[0] == "failed"}
    assert not failed, failed
    return len(states) == len(report.PARTS) and all(state == "live" for state, _ in states.values())


def saves(box: Box, turns: int) -> list[float]:
    """Milliseconds from saving until the page says live, for `turns` changes one after the other."""
    taken: list[float] = []
    for turn in range(1, turns + 1):
        began = time.perf_counter()
        number = box.save(**site(turn))
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


def kills(box: Box, turns: int, moments: random.Random) -> None:
    """Kills foyer-apply at a random moment after each of `turns` saves; what is live is whole each time."""
    for turn in range(1, turns + 1):
        box.save(**site(turn))
        process = start(box)
        time.sleep(moments.uniform(0.3, 1.2))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert_whole(box)
