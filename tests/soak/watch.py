"""What is looked at: memory and open files of the box's processes, and its record of the calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from appliance.store import Store, phone
from tests.image.box import Box

UNITS = ("asterisk", "caddy", "foyer-apply", "foyer-pbx", "foyer-webui")
COUNTRY = "VN"
# Growth of one process, between two moments without a call, that is no leak yet.
MEMORY_MB, MEMORY_SHARE, FILES = 4.0, 0.05, 4


@dataclass(frozen=True)
class Size:
    """A process at a moment: its number, its own memory (anonymous pages, MB), its open files."""

    pid: int
    memory_mb: float
    files: int


def sizes(box: Box) -> dict[str, Size]:
    """Every process that always runs, by its unit."""
    found = {}
    for unit in UNITS:
        pid = box.main_pid(unit)
        script = f"grep RssAnon /proc/{pid}/status && ls /proc/{pid}/fd | wc -l"
        words = box.run("sh", "-c", script).split()
        found[unit] = Size(pid, int(words[1]) / 1024, int(words[3]))
    return found


def growth(first: Mapping[str, Size], last: Mapping[str, Size]) -> list[str]:
    """What grew from the first to the last look more than it may, in words."""
    wrong = []
    for unit, before in first.items():
        after = last[unit]
        if before.pid != after.pid:
            wrong.append(f"{unit} ended by itself and was started again")
        if after.memory_mb - before.memory_mb > MEMORY_MB + MEMORY_SHARE * before.memory_mb:
            wrong.append(f"{unit} grew from {before.memory_mb:.1f} to {after.memory_mb:.1f} MB")
        if after.files - before.files > FILES:
            wrong.append(f"{unit} has {after.files} files open, before {before.files}")
    return wrong


@dataclass(frozen=True)
class Kept:
    """The store's record of some calls: how often which outcome, who is missing, twice there, not closed."""

    outcomes: Counter[str]
    missing: frozenset[str]
    twice: frozenset[str]
    unfinished: frozenset[str]


def kept(store: Store, numbers: frozenset[str]) -> Kept:
    """The record of the calls of these callers, who called once each."""
    wanted = {phone.e164(number, COUNTRY) or number: number for number in numbers}
    with store.read() as db:
        rows = db.execute(
            "SELECT address, ended, outcome FROM conversation WHERE channel = 'voice'"
        ).fetchall()
    ours = [(wanted[address], ended, outcome) for address, ended, outcome in rows if address in wanted]
    counted = Counter(number for number, _, _ in ours)
    return Kept(
        Counter(outcome or "none" for _, _, outcome in ours),
        numbers - set(counted),
        frozenset(number for number, count in counted.items() if count > 1),
        frozenset(number for number, ended, _ in ours if ended is None),
    )
