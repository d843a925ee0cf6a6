"""The share of callers who left a number and were called exactly once, with processes killed at random."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from appliance.store import callbacks, now_ms
from tests.asterisk.phone import Phone
from tests.bench.result import Measure
from tests.pbx.box import Box
from tests.until import until

CALLBACKS = 200
KILLS = 24
AGENTS = 10
# Of a kill's hits, how many are Asterisk's; the others are foyer-pbx's.
ASTERISK_SHARE = 0.4
BUSY = 486
QUEUE = {"greeting_text": "", "callback": True, "callback_tries": 1}


class Restless:
    """foyer-pbx as a process of its own, and Asterisk: either may be killed, and is there again at once."""

    def __init__(self, box: Box, phones: list[Phone]) -> None:
        self._box, self._phones = box, phones
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        settings = self._box.settings
        environment = {
            **os.environ,
            "FOYER_DATA": str(settings.data),
            "FOYER_AMI_PORT": str(settings.ami_port),
            "FOYER_DISK_TOLD": str(settings.disk_told),
        }
        with (settings.data / "foyer-pbx.log").open("ab") as log:
            return subprocess.Popen([sys.executable, "-m", "appliance.pbx"], env=environment, stderr=log)

    def register(self) -> None:
        """The agents' phones."""
        for phone in self._phones:
            phone.register()

    def kill(self, *, is_asterisk: bool) -> None:
        """Ends one of the two as a crash does, and starts it anew."""
        if is_asterisk:
            self._box.asterisk.restart()
            for phone in self._phones:
                for leg in phone.legs:
                    leg.end()
            self.register()
        else:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(10)
            self._process = self._start()

    def stop(self) -> None:
        """Ends foyer-pbx in order."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(20)


@contextlib.contextmanager
def office(folder: Path) -> Iterator[tuple[Box, Phone, Restless]]:
    """A box whose agents answer whatever rings, and a world in which everybody is busy."""
    with Box(folder, agents=AGENTS, **QUEUE) as box, contextlib.ExitStack() as stack:
        phones = [stack.enter_context(box.desk(agent.id)) for agent in box.site.agents]
        for phone in phones:
            phone.answers = True
        world = stack.enter_context(box.outside())
        world.refuses = BUSY
        restless = Restless(box, phones)
        stack.callback(restless.stop)
        restless.register()
        for agent in box.site.agents:
            box.agent(agent.id, "available")
        yield box, world, restless


def share_called_once(folder: Path, count: int, kills: int, seed: int) -> float:
    """`count` numbers are left, and processes killed so often while they are called."""
    chance = random.Random(seed)
    numbers = [f"+8490{1_000_000 + number}" for number in range(count)]
    with office(folder) as (box, world, restless):
        with box.store.change() as change:
            for number in numbers:
                callbacks.leave(change, str(uuid4()), "q1", number, now_ms())
        for _ in range(kills):
            time.sleep(chance.uniform(0.5, 6))
            restless.kill(is_asterisk=chance.random() < ASTERISK_SHARE)

        def left() -> int:
            with box.store.read() as db:
                return len(callbacks.open_ones(db))

        until(lambda: left() == 0, 120 + 3 * count, "everybody to be called back", every_s=0.5)
    called = Counter(leg.invite.uri.partition(":")[2].partition("@")[0] for leg in world.legs if leg.invite)
    return sum(called["0" + number[3:]] == 1 for number in numbers) / count


def measure(folder: Path) -> Measure:
    """Each number may be tried once: whoever was not called, or twice, is missing in the share."""
    return Measure(
        "flows.callback_once",
        share_called_once(folder, CALLBACKS, KILLS, seed=time.time_ns()),
        "",
        1.0,
        "higher",
        f"{CALLBACKS} numbers left in a queue with {AGENTS} agents who answer, one try each, counted at the"
        f" far end of the line; foyer-pbx or Asterisk killed and started again {KILLS} times meanwhile,"
        " 0.5 to 6 s apart",
    )
