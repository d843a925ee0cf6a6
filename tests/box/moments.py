"""When something came about, as far as a test can know that only looks now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.until import until

# Of the page's own stamps: a leg of the call knows it a moment before or after another.
STAMP_S = 0.5


@dataclass(frozen=True)
class Moment:
    """It came between these two (monotonic seconds)."""

    after: float
    before: float


def doing(act: Callable[[], object]) -> Moment:
    """It comes about while this is done."""
    began = time.monotonic()
    act()
    return Moment(began, time.monotonic())


def seeing(predicate: Callable[[], object], timeout_s: float, what: str) -> Moment:
    """`until`; it came about between the last look in vain and the first one that saw it."""
    last = time.monotonic()

    def is_seen() -> bool:
        nonlocal last
        began = time.monotonic()
        if predicate():
            return True
        last = began
        return False

    until(is_seen, timeout_s, what)
    return Moment(last, time.monotonic())


def lasted(first: Moment, second: Moment) -> tuple[float, float]:
    """At least and at most how many seconds lay between them."""
    return second.after - first.before, second.before - first.after


def agrees(shown_s: float, first: Moment, second: Moment, whole_s: float = 1.0) -> bool:
    """Whether what the box says can be the time between two moments; it cuts off less than `whole_s`."""
    least, most = lasted(first, second)
    return least - whole_s - STAMP_S < shown_s < most + STAMP_S
