"""What a call costs Asterisk with Foyer's dialplan, beside the least that does the same."""

from __future__ import annotations

import os
import statistics
from contextlib import ExitStack
from pathlib import Path

from tests.asterisk import sound
from tests.asterisk.instance import PrivateAsterisk, free_port
from tests.bench import minimal
from tests.bench.exchange import GREETED, PROVIDER, Exchange, busy_site, register
from tests.bench.load import callers, desks
from tests.bench.result import Measure

PAIRS = 5
CALLS = 40
PER_SECOND = 10.0
TALK_S = 3.0
DESKS = "127.0.1.1"
AGENTS = [f"a{number}" for number in range(1, CALLS + 1)]
QUIET = "[general]\n[logfiles]\nmessages => notice,warning,error\n"


def cpu_s(asterisk: PrivateAsterisk) -> float:
    """Processor time of this Asterisk and of the children that it has waited for."""
    assert asterisk.process is not None
    # proc(5): fields 14 to 17; the second field is in brackets and may have spaces in it.
    fields = Path(f"/proc/{asterisk.process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def per_call(folder: Path, asterisk: PrivateAsterisk, port: int, recordings: Path, up_s: float) -> float:
    """Processor seconds of each of `CALLS` calls; all must be recorded."""
    before, known = cpu_s(asterisk), len(list(recordings.rglob("*.wav")))
    with callers(
        folder,
        PROVIDER,
        ("127.0.0.1", port),
        GREETED,
        prefix="09",
        per_second=PER_SECOND,
        count=CALLS,
        talk_s=up_s,
    ) as load:
        code = load.wait(up_s + 60)
    assert code == 0, f"not every call went well: {code}; see {folder}\n{asterisk.log_tail()}"
    made = len(list(recordings.rglob("*.wav"))) - known
    assert made == CALLS, f"{made} of {CALLS} calls were recorded"
    return (cpu_s(asterisk) - before) / CALLS


def pair(folder: Path, is_first: bool) -> tuple[float, float]:
    """Processor seconds of a call, Foyer's and the yardstick's: of two Asterisks that were started for this.
    How one happens to lie in memory stays with it, and makes more of a difference than a dialplan.
    """
    folder.mkdir()
    desk_port, plain_port, kept = free_port(), free_port(), folder / "recordings"
    kept.mkdir()
    rendered = Exchange(folder / "foyer", busy_site(AGENTS))
    passwords = {f"{agent}d": rendered.env.secrets.phones[f"{agent}d"] for agent in AGENTS}
    files = minimal.files(plain_port, PROVIDER, rendered.greeting, kept, passwords)
    up_s = sound.seconds(sound.read_wav(rendered.greeting)) + TALK_S
    with (
        rendered,
        PrivateAsterisk(folder / "minimal", {**files, "logger.conf": QUIET}) as plain,
        rendered.heard(),
        ExitStack() as stack,
    ):
        for user, password in passwords.items():
            register(user, password, rendered.server, DESKS, desk_port)
            register(user, password, ("127.0.0.1", plain_port), DESKS, desk_port)
            rendered.put_in(user.removesuffix("d"), user, "q1")
        stack.enter_context(desks(folder / "desks", DESKS, desk_port))
        ours = (rendered, rendered.env.sip_port, rendered.env.recordings)
        costs: list[float] = []
        for turn in ("warm-up", "calls"):
            costs = [
                per_call(folder / f"{turn}-{asterisk.directory.name}", asterisk, port, recordings, up_s)
                for asterisk, port, recordings in (
                    (ours, (plain, plain_port, kept)) if is_first else ((plain, plain_port, kept), ours)
                )
            ]
        return (costs[0], costs[1]) if is_first else (costs[1], costs[0])


def measure(folder: Path) -> Measure:
    """Both Asterisks of a pair stand side by side, and take turns in who is called first."""
    pairs: list[tuple[float, float]] = []
    for number in range(PAIRS):
        one, other = pair(folder / str(number), is_first=number % 2 == 0)
        print(f"  pair {number}: {one * 1000:.1f} ms and {other * 1000:.1f} ms a call", flush=True)
        pairs.append((one, other))
    ratio = statistics.median(one / other for one, other in pairs)
    costs = [statistics.median(each) * 1000 for each in zip(*pairs, strict=True)]
    return Measure(
        "first_call.cpu_ratio",
        round(ratio, 3),
        "ratio",
        1.15,
        "lower",
        f"median of {PAIRS} pairs, each started anew and called before, of {CALLS} calls with {TALK_S:g} s"
        f" of talk: {costs[0]:.1f} ms of Asterisk's time a call, with a listener connected, beside"
        f" {costs[1]:.1f} ms",
    )
