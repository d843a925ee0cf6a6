"""Which of an agent's open pages has the phone."""

from __future__ import annotations

import pytest

from appliance.errors import ConflictError
from appliance.webui.holders import LATE_S, Holders, Wish


def test_a_page_that_was_left_does_not_take_the_phone_late() -> None:
    holders = Holders()
    opened = holders.take("a1", Wish("opened", "this", 2000))
    with pytest.raises(ConflictError):
        holders.take("a1", Wish("left", "this", 1000))
    assert holders.get("a1") == opened
    # Of another computer, the clock says nothing.
    assert holders.take("a1", Wish("left", "other", 1000)).page == "left"
    assert holders.get("a1").turn > opened.turn


def test_a_clock_that_was_set_back_keeps_nobody_from_the_phone() -> None:
    now = [100.0]
    holders = Holders(lambda: now[0])
    holders.take("a1", Wish("before", "this", 2000))
    now[0] += LATE_S
    assert holders.take("a1", Wish("after", "this", 1000)).page == "after"


def test_a_page_that_only_connects_again_keeps_its_place() -> None:
    holders = Holders()
    assert holders.take("a1", Wish("one", "this")).page == "one"
    holders.take("a1", Wish("two", "this", 2000))
    with pytest.raises(ConflictError):
        holders.take("a1", Wish("one", "this"))
    assert holders.take("a1", Wish("one", "this", 3000)).page == "one"
    assert holders.take("a2", Wish("three", "this")).page == "three"
