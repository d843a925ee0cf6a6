"""What counts as a broken promise, of boxes that were not booted for it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.powercut.after import locked, lost

KEPT: dict[str, Any] = {
    "integrity": {"/data/foyer/foyer.db": "ok"},
    "events": [1, 2, 3],
    "notes": {"p1": "called at noon", "p2": ""},
    "logins": ["lan"],
    "otp": "",
    "saved": 3,
    "wanted": 3,
    "live": 3,
    "states": ["live"],
}
NEW: dict[str, Any] = {
    **KEPT,
    "logins": [],
    "otp": "abcd-efgh",
    "saved": 0,
    "live": 0,
    "events": [],
    "notes": {},
}


def broken(found: dict[str, Any], told: dict[str, list[str]]) -> list[str]:
    return lost(found, told) + locked(found, told)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"event": ["1", "3"], "note": ["p1"], "login": ["lan"], "saved": ["1", "3"], "live": ["1", "2"]},
    ],
)
def test_promises_that_were_kept(told: dict[str, list[str]]) -> None:
    assert broken(KEPT, told) == []


def test_a_new_box_keeps_its_one_time_password() -> None:
    assert broken(NEW, {}) == []
    assert broken(NEW, {"otp": ["abcd-efgh"]}) == []
    assert broken(NEW, {"otp": ["other"]}) == ["it has another one-time password"]
    # Used just before the cut: whether the account or the password is there is decided by one commit.
    assert broken(KEPT, {"otp": ["abcd-efgh"]}) == []


@pytest.mark.parametrize(
    ("found", "told", "word"),
    [
        (KEPT, {"event": ["2", "4"]}, "lost events: [4]"),
        (KEPT, {"note": ["p2", "p3"]}, "lost notes: ['p2', 'p3']"),
        (KEPT, {"login": ["minh"]}, "lost accounts"),
        (KEPT, {"saved": ["4"]}, "lost settings saved"),
        (KEPT, {"live": ["4"]}, "lost settings in use"),
        ({**KEPT, "integrity": {"/data/x.db": "malformed"}}, {}, "/data/x.db: malformed"),
        ({**KEPT, "otp": "abcd"}, {}, "outlived"),
        ({**KEPT, "logins": []}, {}, "nobody can sign in"),
    ],
)
def test_promises_that_were_broken(found: dict[str, Any], told: dict[str, list[str]], word: str) -> None:
    wrong = broken(found, told)
    assert len(wrong) == 1 and word in wrong[0]
