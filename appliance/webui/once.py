"""A form sent twice is carried out once and answered as the first time.

Each form carries a random token. The change that carries the form out stores the token in the same
transaction, so that not even a power cut between the two can make it count twice. The answer itself is kept
in memory for a while: a double click gets the same page; after a restart it gets a sentence that says that it
was saved.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from bottle import HTTPResponse

_TOKEN = re.compile(r"[A-Za-z0-9_-]{12,64}")
_KEPT = 500
_KEPT_S = 900.0
_WAIT_S = 20.0


@dataclass
class _Turn:
    """Requests with one token pass one at a time."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0


class Once:
    """The tokens being carried out now, and the answers of the last few."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._turns: dict[str, _Turn] = {}
        self._answers: OrderedDict[str, tuple[float, HTTPResponse]] = OrderedDict()

    @contextlib.contextmanager
    def turn(self, token: str) -> Iterator[None]:
        """Waits while another request with the same token is being answered (at most 20 seconds)."""
        with self._guard:
            turn = self._turns.setdefault(token, _Turn())
            turn.users += 1
        held = turn.lock.acquire(timeout=_WAIT_S)
        try:
            yield
        finally:
            if held:
                turn.lock.release()
            with self._guard:
                turn.users -= 1
                if turn.users == 0:
                    self._turns.pop(token, None)

    def keep(self, token: str, answer: HTTPResponse) -> None:
        """Remembers the answer that a carried-out form got."""
        with self._guard:
            self._answers[token] = (time.monotonic(), copy_of(answer))
            while len(self._answers) > _KEPT or self._oldest_age_s() > _KEPT_S:
                self._answers.popitem(last=False)

    def answer(self, token: str) -> HTTPResponse | None:
        """The answer that this form got before, if it is still remembered."""
        with self._guard:
            found = self._answers.get(token)
        return copy_of(found[1]) if found else None

    def _oldest_age_s(self) -> float:
        return time.monotonic() - next(iter(self._answers.values()))[0]


def copy_of(answer: HTTPResponse) -> HTTPResponse:
    """The same answer as an object of its own; bottle's copy leaves the body out."""
    copied = HTTPResponse(body=answer.body, status=answer.status)
    for name, value in answer.headerlist:
        copied.add_header(name, value)
    return copied


def is_token(text: str) -> bool:
    """Whether this looks like one of our tokens; others are ignored."""
    return _TOKEN.fullmatch(text) is not None
