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
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
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
            self._process.wait(60)
            self._process = self._start()

    def stop(self) -> None:
        """Ends foyer-pbx in order."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)


@contextlib.contextmanager
def office(
    folder: Path, agents: int = AGENTS, refuses: int = BUSY, **queue: Any
) -> Iterator[tuple[Box, Phone, Restless]]:
    """A box whose agents answer whatever rings, and a world that turns every call down with this status
    (0: its phones ring).
    """
    with Box(folder, agents=agents, **QUEUE, **queue) as box, contextlib.ExitStack() as stack:
        phones = [stack.enter_context(box.desk(agent.id)) for agent in box.site.agents]
        for phone in phones:
            phone.answers = True
        world = stack.enter_context(box.outside())
        world.refuses = refuses
        restless = Restless(box, phones)
        stack.callback(restless.stop)
        restless.register()
        for agent in box.site.agents:
            box.agent(agent.id, "available")
        yield box, world, restless


def share_called_once(folder: Path, count: int, kills: int, seed: int, agents: int = AGENTS) -> float:
    """`count` numbers are left, and processes killed so often while they are called."""
    chance = random.Random(seed)
    numbers = [f"+8490{1_000_000 + number}" for number in range(count)]
    with office(folder, agents) as (box, world, restless):
        leave(box, numbers)
        for _ in range(kills):
            time.sleep(chance.uniform(0.5, 6))
            assert left(box) > 0, "nobody is left whom a kill could harm"
            restless.kill(is_asterisk=chance.random() < ASTERISK_SHARE)
        until(lambda: left(box) == 0, 120 + 3 * count, "everybody to be called back", every_s=0.5)
    called = times_called(world)
    return sum(called[number] == 1 for number in numbers) / count


def leave(box: Box, numbers: Iterable[str]) -> None:
    """Somebody leaves each of these numbers, and tries once more to be sure."""
    with box.store.change() as change:
        for number in numbers:
            for _ in range(2):
                callbacks.leave(change, str(uuid4()), "q1", number, now_ms())


def left(box: Box) -> int:
    """How many are still to be called."""
    with box.store.read() as db:
        return len(callbacks.open_ones(db))


def times_called(world: Phone) -> Counter[str]:
    """How often each number was called, in full, as the far end of the line has it."""
    invites = (leg.invite for leg in world.legs if leg.invite)
    return Counter("+84" + invite.uri.partition(":")[2].partition("@")[0][1:] for invite in invites)


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
