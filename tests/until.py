"""`until`: the one way a test waits. `within`: the one way to prove what is promised in seconds.

A test never sleeps for a while and hopes: it says what it waits for and how long that may take. How long it
takes says as much of the machine as of the product: beside another test and a compiler, everything takes many
times as long. So a limit is what a machine at rest needs at most, and a busy one gets more (`PATIENCE`).
Where the product's own promise is at stake, the limit stays, and the time in which work had to wait for a
processor, a disk or memory does not count. Who waited may have been the product itself: so what took longer
by the clock than promised is told as a warning, with both times.
"""

import re
import time
import warnings
from collections.abc import Callable
from pathlib import Path

# A busy machine may take so many times as long, but at most so many seconds more.
PATIENCE, MORE_S = 5, 120.0
PRESSURE = Path("/proc/pressure")


class NeverHappened(AssertionError):
    """What a test waited for did not come about in time."""


class LateByTheClock(UserWarning):
    """A promise was kept only because the time in which work had to wait does not count."""


class Stopwatch:
    """Counts from its making on."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._waits = waits()
        self._waited_s = 0.0

    @property
    def wall_s(self) -> float:
        """Seconds by the clock."""
        return time.monotonic() - self._began

    @property
    def seconds(self) -> float:
        """Seconds in which no work of this machine had to wait for a processor, a disk or memory. Between two
        looks, waits for more than one of them may have been the same time: only the longest is left out.
        """
        before, self._waits = self._waits, waits()
        self._waited_s += max(now - then for now, then in zip(self._waits, before, strict=True))
        return max(0.0, self.wall_s - self._waited_s)

    def __repr__(self) -> str:
        """Both, for the report of a failed test."""
        return f"<{self.seconds:.1f} s, {self.wall_s:.1f} s by the clock>"


def waits() -> tuple[float, ...]:
    """Seconds since the machine's start in which at least one task waited for a processor, for a disk, for
    memory (Documentation/accounting/psi.rst); 0 where the kernel does not count them.
    """
    return tuple(_pressure_s(name) for name in ("cpu", "io", "memory"))


def _pressure_s(name: str) -> float:
    try:
        told = (PRESSURE / name).read_text("ascii")
    except OSError:
        return 0.0
    found = re.match(r"some .* total=(\d+)", told)
    return int(found[1]) / 1e6 if found else 0.0


def until[T](predicate: Callable[[], T], timeout_s: float, what: str, every_s: float = 0.05) -> T:
    """Call `predicate` until it returns something true, and return that.

    `timeout_s` is what a machine at rest needs at most. `what` completes the sentence "waited in vain for
    ..."; `every_s` is the pause between two looks. An `AssertionError` of the predicate counts as "not yet"
    and is shown as the cause when time is up. Raises `NeverHappened` with the last value seen.
    """
    watch = Stopwatch()
    longest_s = min(PATIENCE * timeout_s, timeout_s + MORE_S)
    return _wait(predicate, lambda: watch.wall_s - longest_s, what, every_s, watch)


def within[T](predicate: Callable[[], T], promised_s: float, what: str, watch: Stopwatch | None = None) -> T:
    """`until`, for what must come about in the seconds that the product promises, counted by `watch` (by
    default from now on). After `MORE_S` more the machine is no excuse any longer. Warns (`LateByTheClock`) if
    it took longer than promised by the clock.
    """
    counted = watch or Stopwatch()

    def over_s() -> float:
        return max(counted.seconds - promised_s, counted.wall_s - promised_s - MORE_S)

    value = _wait(predicate, over_s, what, 0.05, counted)
    if counted.wall_s > promised_s:
        said = f"{what}: promised in {promised_s:g} s, seen after {counted!r}"
        warnings.warn(said[:500], LateByTheClock, stacklevel=2)
    return value


def _wait[T](
    predicate: Callable[[], T], over_s: Callable[[], float], what: str, every_s: float, watch: Stopwatch
) -> T:
    """`over_s`: how many seconds too late it is, by `watch`; negative while there is time."""
    cause: AssertionError | None = None
    last: object = None
    while True:
        try:
            value = predicate()
        except AssertionError as error:
            cause, last = error, error
        else:
            if value:
                return value
            cause, last = None, value
        left_s = -over_s()
        if left_s <= 0:
            said = f"waited {watch.wall_s:.1f} s in vain for {what}; last seen: {last!r}"
            raise NeverHappened(said[:2000]) from cause
        time.sleep(min(every_s, left_s))
