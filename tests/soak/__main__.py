"""`make soak SOAK_MINUTES=30`: many changes of the settings (changes.py), then calls in shifts; in the
first half of them processes are killed at random.

After each shift every call must stand in the store once, closed. Over the peaceful half no process may have
grown, nor have more files open. Prints what happened; the exit code is 1 if anything was wrong.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from appliance.store import Store
from tests.asterisk.phone import Phone
from tests.bench.load import callers
from tests.box.exchange import Exchange
from tests.box.line import NUMBER, PROVIDER
from tests.image.box import Box
from tests.soak import changes
from tests.soak.office import Office, desk_phones
from tests.soak.watch import Kept, Size, growth, kept, sizes
from tests.until import NeverHappened, until

SHIFT_S = 120.0
CALLS_PER_S = 0.4
# From the answer on, greeting and waiting included: six of eight agents are busy, and a slow machine may lag.
STAYS_S = 15.0
# Calls that are still up when the last one has begun.
ENDING_S = 40.0
KILLED_EVERY_S = (5.0, 20.0)
# Asterisk last: it takes the calls with it, the others must take none.
VICTIMS = ("foyer-pbx", "foyer-webui", "foyer-apply", "caddy")
# A call whose INVITE came so shortly before Asterisk was killed may have left no trace at all.
TRACELESS_S = 1.0


@dataclass
class Killer:
    """Kills processes until stopped, each as often as the others; Asterisk once, in the middle."""

    box: Box
    phones: list[Phone]
    killed: Counter[str] = field(default_factory=Counter)
    asterisk_at: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        chance = random.Random()
        asterisk_due = time.monotonic() + SHIFT_S / 2
        while not self.stop.wait(chance.uniform(*KILLED_EVERY_S)):
            victim = min(chance.sample(VICTIMS, len(VICTIMS)), key=lambda unit: self.killed[unit])
            if not self.asterisk_at and time.monotonic() > asterisk_due:
                victim = "asterisk"
                self.asterisk_at = time.time()
            self.box.kill(victim)
            self.killed[victim] += 1
            if victim == "asterisk":
                for phone in self.phones:
                    for leg in phone.legs:
                        leg.end()


@dataclass(frozen=True)
class Shift:
    """What came of one: `killed` by unit, the store's record, who may rightly be missing, sizes after it."""

    killed: Counter[str]
    kept: Kept
    excused: frozenset[str]
    sizes: dict[str, Size]

    def wrong(self) -> list[str]:
        """What must not be, in words."""
        lost = self.kept.missing - self.excused
        found = {
            "not in the store": lost,
            "in the store twice": self.kept.twice,
            "open": self.kept.unfinished,
        }
        return [
            f"{len(calls)} calls are {what}: {sorted(calls)[:5]}" for what, calls in found.items() if calls
        ]


def work(box: Box, office: Office, store: Store, folder: Path, number: int, *, in_trouble: bool) -> Shift:
    """One shift: calls come in, are answered, end; then the box is looked at while nobody calls."""
    server = ("127.0.0.1", box.sip_port)
    count = round(SHIFT_S * CALLS_PER_S)
    exchange = Exchange(box)
    with desk_phones(office.agents, server) as phones:
        killer = Killer(box, phones)
        thread = threading.Thread(target=killer.run, name="killer")
        if in_trouble:
            thread.start()
        with callers(
            folder, PROVIDER, server, NUMBER,
            prefix=f"09{number:03d}", per_second=CALLS_PER_S, count=count, talk_s=STAYS_S,
        ) as load:  # fmt: skip
            try:
                load.wait(SHIFT_S + ENDING_S)
            except subprocess.TimeoutExpired:
                assert in_trouble, "calls do not end"  # one that was cut before its answer waits forever
        killer.stop.set()
        if in_trouble:
            thread.join()
        until(lambda: exchange.is_up and exchange.calls == 0, 60, "the end of all calls", every_s=0.5)
    invites = load.invites()
    numbers = frozenset(invites)
    excused = frozenset(
        caller for caller, at in invites.items() if 0 <= killer.asterisk_at - at < TRACELESS_S
    )
    until(partial(is_told, store, numbers, excused), 30, "every call in the store", every_s=0.5)
    until(lambda: not exchange_callers(store), 10, "an empty live view")
    return Shift(killer.killed, kept(store, numbers), excused, sizes(box))


def is_told(store: Store, numbers: frozenset[str], excused: frozenset[str]) -> bool:
    """Whether the store has all of these calls, closed."""
    now = kept(store, numbers)
    return not now.unfinished and not now.missing - excused


def exchange_callers(store: Store) -> int:
    """How many callers the live view still shows."""
    with store.read() as db:
        return int(db.execute("SELECT count(*) FROM live WHERE kind = 'caller'").fetchone()[0])


def main(minutes: float) -> int:
    """Returns the exit code."""
    wrong = changes.main()
    shifts_wanted = max(4, round(minutes * 60 / SHIFT_S))
    shifts: list[Shift] = []
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        with Box(folder / "state") as box:
            office = Office(box, folder)
            store = Store.open(box.state / "foyer/foyer.db")
            for number in range(shifts_wanted):
                in_trouble = number < shifts_wanted // 2
                began = time.monotonic()
                try:
                    shift = work(
                        box, office, store, folder / f"shift-{number}", number, in_trouble=in_trouble
                    )
                except NeverHappened:
                    print(box.log_tail())
                    raise
                shifts.append(shift)
                tell(number, shift, time.monotonic() - began)
            failed = box.run("systemctl", "--failed", "--no-legend").strip()
            store.close()
    wrong += [line for shift in shifts for line in shift.wrong()]
    wrong += [f"failed: {failed}"] if failed else []
    peaceful = shifts[shifts_wanted // 2 :]
    # The first peaceful shift warms up what the trouble made anew.
    wrong += growth(peaceful[0].sizes, peaceful[-1].sizes)
    report(shifts, peaceful)
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


def tell(number: int, shift: Shift, took_s: float) -> None:
    """A line for each shift."""
    killed = ", ".join(f"{unit} {count}" for unit, count in shift.killed.items()) or "nothing"
    outcomes = ", ".join(f"{count} {name}" for name, count in shift.kept.outcomes.most_common())
    print(f"shift {number + 1}: {took_s:.0f} s; calls: {outcomes}; killed: {killed}", flush=True)


def report(shifts: list[Shift], peaceful: list[Shift]) -> None:
    """The figures of all shifts."""
    calls = sum((shift.kept.outcomes for shift in shifts), Counter[str]())
    killed = sum((shift.killed for shift in shifts), Counter[str]())
    print(f"{calls.total()} calls, each once in the store: {dict(calls)}; killed: {dict(killed)}")
    print(f"without a call, after the first and after the last of {len(peaceful)} peaceful shifts:")
    for unit, first in peaceful[0].sizes.items():
        last = peaceful[-1].sizes[unit]
        memory = f"{first.memory_mb:6.1f} -> {last.memory_mb:6.1f} MB"
        print(f"  {unit:<12} {memory}   {first.files:3} -> {last.files:3} files open")


if __name__ == "__main__":
    sys.exit(main(float(os.environ.get("SOAK_MINUTES") or 30)))
