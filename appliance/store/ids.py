"""Identifiers and times as the whole store uses them."""

from __future__ import annotations

import time

from ulid import ULID


def new_id() -> str:
    """A new ULID: 26 ASCII characters that sort by the millisecond they were made in."""
    return str(ULID())


def now_ms() -> int:
    """The time now, UTC, in milliseconds. For stamps only: durations come from the monotonic clock."""
    return time.time_ns() // 1_000_000
