"""`until`: the one way a test waits.

A test never sleeps for a while and hopes: it says what it waits for and how long that may take.
"""

import time
from collections.abc import Callable


class NeverHappened(AssertionError):
    """What a test waited for did not come about in time."""


def until[T](predicate: Callable[[], T], timeout_s: float, what: str, every_s: float = 0.05) -> T:
    """Call `predicate` until it returns something true, and return that.

    `what` completes the sentence "waited in vain for ..."; `every_s` is the pause between two looks.
    An `AssertionError` of the predicate counts as "not yet" and is shown as the cause when time is up.
    Raises `NeverHappened` after `timeout_s` seconds with the last value seen.
    """
    deadline = time.monotonic() + timeout_s
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
        if time.monotonic() >= deadline:
            seen = f"{last!r}"[:2000]
            raise NeverHappened(f"waited {timeout_s:g} s in vain for {what}; last seen: {seen}") from cause
        time.sleep(min(every_s, max(0.0, deadline - time.monotonic())))
