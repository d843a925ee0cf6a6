"""Slows down guessing: each further failure makes the next attempt wait longer, by account and by network
address.

An account waits at most a minute, an address up to a quarter of an hour. A stranger who goes on guessing does
not keep the user out: a browser in which the account once signed in is counted by itself ("device cookies" of
OWASP's authentication cheat sheet). Accounts that do not exist are slowed down just the same, or the delay
would tell which ones do.
"""

from __future__ import annotations

from sqlite_utils import Database

from appliance.store.db import Change

_FORGOTTEN_MS = 60 * 60 * 1000
# (failures without any delay, longest delay in s): an office may share one address.
_ACCOUNT = (3, 60)
_ADDRESS = (20, 900)


def wait_s(db: Database, login: str, address: str, now: int, known: str = "") -> int:
    """For how many whole seconds from `now` (ms) this account or this address may not try; 0 if it may.

    `known` is the mark of a browser that the account has used before, "" for any other.
    """
    keys = (_account(login, known), f"address:{address}")
    row = db.execute("SELECT max(locked_until) FROM login_failure WHERE key IN (?, ?)", keys).fetchone()
    return max(0, -(-((row[0] or 0) - now) // 1000))


def failed(change: Change, login: str, address: str, known: str = "") -> None:
    """Counts a failure against both; an hour without one forgets them."""
    change.db.execute("DELETE FROM login_failure WHERE last < ?", (change.now - _FORGOTTEN_MS,))
    for key, limits in ((_account(login, known), _ACCOUNT), (f"address:{address}", _ADDRESS)):
        row = change.db.execute("SELECT failed FROM login_failure WHERE key = ?", (key,)).fetchone()
        count = (row[0] if row else 0) + 1
        change.db.execute(
            "INSERT INTO login_failure (key, failed, last, locked_until) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET"
            " failed = excluded.failed, last = excluded.last, locked_until = excluded.locked_until",
            (key, count, change.now, change.now + _delay_s(count, *limits) * 1000),
        )


def succeeded(change: Change, login: str, known: str = "") -> None:
    """Forgets the account's failures; the address keeps its own, or one good account would pay for guessing
    others.
    """
    change.db.execute("DELETE FROM login_failure WHERE key = ?", (_account(login, known),))


def _account(login: str, known: str) -> str:
    return f"known:{login}:{known}" if known else f"account:{login}"


def _delay_s(count: int, free: int, longest_s: int) -> int:
    return 0 if count <= free else min(longest_s, 1 << min(count - free - 1, 16))
