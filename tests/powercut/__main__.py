"""`make powercut N=50`: a box's first day is recorded, then cut at random moments, each on its own disk.

A box boots from N of them; half of these cuts fall into the first boot, the others into the work after it.
Of twice as many at work, a box that is up looks at the data. What chance chose follows from the
recording and the seed that is printed. If anything was wrong, the exit code is 1, and the recording stays in
build/powercut with the disks: SEED=... repeats the same cuts.
"""

from __future__ import annotations

import os
import queue
import random
import shutil
import statistics
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from steps import BUILD

from tests.powercut import write_log
from tests.powercut.after import Verdict, boot
from tests.powercut.examine import Examiner
from tests.powercut.recording import PORTS, Recording, record
from tests.powercut.write_log import Cut

WORK_S = 60.0
REPORT_LINES = 60
# So many disks are only looked at, for each that a box boots from.
LOOKED_AT = 2


def choose(recording: Recording, count: int, chance: random.Random) -> list[Cut]:
    """Random cuts, the earliest first: every second in the first boot."""
    last = len(recording.entries)
    spans = [(1, recording.up) if number % 2 == 0 else (recording.up + 1, last) for number in range(count)]
    moments = sorted(write_log.moment(recording.entries, *span, chance) for span in spans)
    return [write_log.cut(recording.entries, done, chance) for done in moments]


def run(recording: Recording, cuts: list[Cut], folder: Path) -> list[Verdict]:
    """Boots all of them, some at a time; prints a line for each as it is known."""
    ports: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
    for pair in PORTS:
        ports.put(pair)

    def one(number: int, cut: Cut) -> Verdict:
        pair = ports.get()
        try:
            verdict = boot(recording, cut, folder / f"cut-{number}", *pair)
        finally:
            ports.put(pair)
        print(line(recording, number, verdict), flush=True)
        return verdict

    with ThreadPoolExecutor(len(PORTS)) as pool:
        return list(pool.map(partial(one), range(1, len(cuts) + 1), cuts))


def examine(recording: Recording, count: int, folder: Path, chance: random.Random) -> list[str]:
    """What is wrong with the data after this many cuts at work, a line for each cut where anything is."""
    entries, first, last = recording.entries, recording.up + 1, len(recording.entries)
    wrong = []
    with Examiner(folder, recording) as examiner:
        for number in range(1, count + 1):
            cut = write_log.cut(entries, write_log.moment(entries, first, last, chance), chance)
            if said := examiner.examine(cut, recording.told(cut.done), f"disk{number}"):
                wrong.append(f"disk {number}, cut after request {cut.done}: {'; '.join(said)}")
                print(wrong[-1], flush=True)
        # A disk from before the last promises: whoever finds nothing missing there does not look.
        early = write_log.cut(entries, (first + last) // 2, chance)
        if not examiner.examine(early, recording.told(last), "early"):
            wrong.append("the check itself: it missed nothing on a disk that is too old")
    return wrong


def line(recording: Recording, number: int, verdict: Verdict) -> str:
    """A cut in words."""
    cut = verdict.cut
    told = sum(len(values) for values in recording.told(cut.done).values())
    when = "first boot" if cut.done <= recording.up else "at work"
    waiting = cut.done - cut.flushed
    outcome = "; ".join(verdict.wrong) or "well"
    return (
        f"cut {number}: {when}, after request {cut.done}, {waiting} not flushed, {verdict.lost} blocks lost,"
        f" {told} things told; up in {verdict.ready_s:.0f} s: {outcome}"
    )


def summary(recording: Recording) -> str:
    """A recording in figures."""
    flushes = sum(1 for entry in recording.entries if entry.flags & write_log.Flag.FLUSH)
    return (
        f"{len(recording.entries)} requests ({recording.up} of the first boot), {flushes} flushes,"
        f" {recording.log.stat().st_size >> 20} MiB; {len(recording.acks)} things told"
    )


def recorded(folder: Path, *, is_repeated: bool) -> Recording:
    """A new recording, or the one that an earlier run with the same seed left behind."""
    if is_repeated and folder.exists():
        return Recording.load(folder)
    shutil.rmtree(folder.parent, ignore_errors=True)
    return record(folder, WORK_S)


def main(count: int, seed: int | None, folder: Path) -> int:
    """Returns the exit code."""
    recording = recorded(folder / "recording", is_repeated=seed is not None)
    seed = random.SystemRandom().randrange(1 << 32) if seed is None else seed
    print(f"{summary(recording)}; SEED={seed}", flush=True)
    chance = random.Random(seed)
    verdicts = run(recording, choose(recording, count, chance), folder)
    looked_at = count * LOOKED_AT
    damaged = examine(recording, looked_at, folder / "examiner", chance)
    wrong = [verdict for verdict in verdicts if verdict.wrong]
    ready = statistics.median(verdict.ready_s for verdict in verdicts)
    print(f"{len(verdicts)} cuts, {len(wrong)} of them wrong; up again in {ready:.0f} s (median)")
    print(f"{looked_at} more whose data was looked at, {len(damaged)} of them wrong")
    for verdict in wrong:
        print(f"WRONG after request {verdict.cut.done}: {'; '.join(verdict.wrong)}")
        print("\n".join(verdict.report.splitlines()[-REPORT_LINES:]))
    if not wrong and not damaged:
        shutil.rmtree(folder)
    return 1 if wrong or damaged else 0


if __name__ == "__main__":
    sys.exit(
        main(
            int(os.environ.get("N") or 50),
            int(os.environ["SEED"]) if os.environ.get("SEED") else None,
            BUILD / "powercut",
        )
    )
