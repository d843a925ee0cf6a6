"""What goes wrong on the ports for digital lines, added up between two writes: how long each was in alarm,
and by how much the counters of its driver grew. Pure; clocks come from whoever calls.

Used by the thread `cards` of foyer-hw, which looks at the ports every second anyway. The disk is written to
once a minute while something goes wrong, once a quarter of an hour while all is well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from appliance.hw.dahdi import sysfs
from appliance.hw.finding import DIGITAL
from appliance.store.port_history import ALARMS, COUNTERS, QUARTER_MS, SEEN

FLUSH_S = 60.0
# Nobody knows how a port was while the machine slept.
_MOST_S = 10.0


@dataclass(frozen=True)
class Reading:
    """A port at one moment: its alarms, and the errors that its driver has counted since it was loaded."""

    alarms: tuple[str, ...]
    counters: Mapping[str, int]


@dataclass(frozen=True)
class Batch:
    """What to write down: the quarter of an hour (ms UTC), and for each port what to add to it."""

    quarter: int
    ports: Mapping[str, Mapping[str, int]]


def readings(parts: Iterable[sysfs.Device], spans: Iterable[sysfs.Span]) -> dict[str, Reading]:
    """The ports for digital lines that have the number of a span, by card and port."""
    by_number = {span.number: span for span in spans}
    found = {}
    for part in parts:
        for port, kind in part.types.items():
            span = by_number.get(part.numbers.get(port, 0))
            if kind in DIGITAL and span is not None:
                counters = dict(span.more.counters) if span.more else {}
                found[f"{part.key}:{port}"] = Reading(span.alarms, counters)
    return found


class PortTally:
    """Adds up reading after reading. `due` says what is to be written now, `written` that it was."""

    def __init__(self, flush_s: float = FLUSH_S) -> None:
        self._flush_s = flush_s
        self._last: Mapping[str, Reading] = {}
        self._seen_s: float | None = None
        self._ports: dict[str, Counter[str]] = {}
        self._quarter = 0
        self._since_s = 0.0

    def add(self, found: Mapping[str, Reading], now_s: float, now_ms: int) -> None:
        """`now_s` is of a clock that nobody sets, `now_ms` the time of day. The first reading of a port is
        what its later ones are compared with.
        """
        passed_s = 0.0 if self._seen_s is None else min(now_s - self._seen_s, _MOST_S)
        for key, reading in found.items():
            last = self._last.get(key)
            if last is not None:
                if not self._ports:
                    self._quarter, self._since_s = now_ms - now_ms % QUARTER_MS, now_s
                self._ports.setdefault(key, Counter()).update(_grown(last, reading, round(passed_s * 1000)))
        self._last, self._seen_s = dict(found), now_s

    def due(self, now_s: float, now_ms: int, *, is_end: bool = False) -> Batch | None:
        """What has to be written; None for nothing yet. `is_end`: nobody will ask again."""
        if not self._ports:
            return None
        is_over = now_ms - now_ms % QUARTER_MS != self._quarter
        is_wrong = any(set(counts) - {SEEN} for counts in self._ports.values())
        if is_end or is_over or (is_wrong and now_s - self._since_s >= self._flush_s):
            return Batch(self._quarter, {key: dict(counts) for key, counts in self._ports.items()})
        return None

    def written(self) -> None:
        """What was due is in the store."""
        self._ports = {}


def _grown(last: Reading, now: Reading, passed_ms: int) -> dict[str, int]:
    """What has to be added for the time between two readings; nothing that is 0."""
    grown = {SEEN: passed_ms}
    alarm = next((name for name in ALARMS if name in now.alarms), None)
    if alarm is not None:
        grown[alarm] = passed_ms
    for name in COUNTERS:
        count, before = now.counters.get(name, 0), last.counters.get(name, 0)
        # Whoever counts less than before has begun anew.
        grown[name] = count - before if count >= before else count
    return {name: value for name, value in grown.items() if value}
